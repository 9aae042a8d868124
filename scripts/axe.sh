#!/usr/bin/env bash
# Prints the path of axe.min.js, which finds what keeps people from using a
# page: $AXE, else the one in .cache of the checkout, which it fetches there
# once from the npm registry. Messages go to standard error.
set -euo pipefail

package='axe-core@4.14.1'
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cached="$root/.cache/axe/$package/axe.min.js"

if [[ -n "${AXE:-}" ]]; then
  echo "$AXE"
  exit
fi
if [[ ! -s "$cached" ]]; then
  command -v npm >/dev/null || {
    echo "axe.sh: no npm to fetch $package with; set AXE to the path of an axe.min.js." >&2
    exit 1
  }
  mkdir -p "$root/.cache/axe"
  tmp="$(mktemp -d "$root/.cache/axe/new.XXXXXX")"
  trap 'rm -rf "$tmp"' EXIT
  echo "axe.sh: fetching $package from the npm registry (once)" >&2
  (cd "$tmp" && npm pack --silent "$package" >&2 && tar -xzf ./*.tgz package/axe.min.js)
  mkdir -p "$(dirname "$cached")"
  mv -f "$tmp/package/axe.min.js" "$cached"
fi
echo "$cached"
