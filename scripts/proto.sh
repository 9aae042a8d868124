#!/bin/sh
# Regenerates the Go code of our protos. Tools are pinned and kept under
# .cache, so that everybody gets the same output. PROTOC and PROTOC_GEN_GO name
# tools that are there already.
set -eu
cd "$(dirname "$0")/.."

grpcio_tools=1.85.1
cache=$PWD/.cache/proto

if [ -z "${PROTOC:-}" ]; then
	venv=$cache/venv-$grpcio_tools
	if [ ! -x "$venv/bin/python" ]; then
		python3 -m venv "$venv"
		"$venv/bin/pip" install --quiet --disable-pip-version-check "grpcio-tools==$grpcio_tools"
	fi
	PROTOC="$venv/bin/python -m grpc_tools.protoc"
fi

# protoc-gen-go comes from the protobuf module that go.mod pins.
if [ -z "${PROTOC_GEN_GO:-}" ]; then
	PROTOC_GEN_GO=$cache/protoc-gen-go
	go build -o "$PROTOC_GEN_GO" google.golang.org/protobuf/cmd/protoc-gen-go
fi

cd proto
# shellcheck disable=SC2086 # PROTOC may be a command with arguments
$PROTOC -I . --plugin=protoc-gen-go="$PROTOC_GEN_GO" \
	--go_out=.. --go_opt=module=github.com/signalbox-dev/signalbox \
	signalbox/v1/*.proto
