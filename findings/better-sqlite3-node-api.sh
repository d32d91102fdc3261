#!/usr/bin/env bash
# better-sqlite3 13.2.0 declares `engines.node` ">=22", and its prebuilt binaries are made for Node-API 10.
# Node 22.13 and older have Node-API 9: there the first `new Database()` ends the process by a segmentation fault, with no
# message. Node 22.14 is the first of the 22 line with Node-API 10. This script compares what both sides declare; it
# does not load the binary.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --force better-sqlite3@13.2.0

engines=$(sed -n '/"engines"/,/}/s/.*"node": "\(.*\)".*/\1/p' node_modules/better-sqlite3/package.json)
built_for=$(sed -n "s/.*NAPI_VERSION=\([0-9]*\).*/\1/p" node_modules/better-sqlite3/binding.gyp)
napi() { npx --yes --package "node@$1" --call 'node -p process.versions.napi' 2>/dev/null; }
old=$(napi 22.13.1)
new=$(napi 22.14.0)

echo "engines.node \"$engines\", built for Node-API $built_for"
echo "Node 22.13.1 has Node-API $old, Node 22.14.0 has Node-API $new"
[ "$engines" = ">=22" ] && [ "$built_for" = 10 ] && [ "$old" = 9 ] && [ "$new" = 10 ]
