#!/bin/sh
# Runs once before Signalbox and Envoy: makes the token of the operator's
# endpoint and renders what Envoy starts with. Both stay in the volume.
set -eu
umask 077
state=${1:-/state}
mkdir -p "$state/envoy"
if [ ! -s "$state/admin.token" ]; then
  head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$state/admin.token"
fi
signalbox check
signalbox render > "$state/envoy/bootstrap.json.new"
mv "$state/envoy/bootstrap.json.new" "$state/envoy/bootstrap.json"
