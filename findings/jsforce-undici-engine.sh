#!/usr/bin/env bash
# jsforce 3.10.26 declares `engines.node` ">=22" and depends on an undici 8 that declares ">=22.19.0".
# On Node 22.14 to 22.18 `require("jsforce")` throws before any of its code runs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --force jsforce@3.10.26 undici@8.13.1

declared() { node -p "require('./node_modules/$1/package.json').engines.node"; }
echo "jsforce 3.10.26: \"$(declared jsforce)\", undici 8.13.1: \"$(declared undici)\""
said=$(npx --yes --package node@22.14.0 --call 'node -e "require(\"jsforce\")"' 2>&1 || true)
error=$(printf '%s\n' "$said" | grep -m 1 '^TypeError' || true)
echo "Node 22.14.0: $error"
[ "$(declared jsforce)" = ">=22" ] && [ "$(declared undici)" = ">=22.19.0" ]
[ "$error" = "TypeError: Cannot read properties of undefined (reading 'bind')" ]
