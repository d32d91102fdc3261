#!/usr/bin/env bash
# jsforce 3.10.26: `bulk2.query` and `bulk2.loadAndWaitForResults` mean to keep a job whose polling timed out, so that its
# result can be fetched later by the id in the error. They delete it: lib/api/bulk2.js names the error "JobPollingTimeout"
# and looks for "JobPollingTimeoutError". This script lets a query job outlast its `pollTimeout`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --force jsforce@3.10.26 node@22.19.0

cat >poll.cjs <<'END'
const { createServer } = require("node:http");
const jsforce = require("jsforce");
const server = createServer(({ method, url }, answer) => {
  if (url.endsWith("/jobs/query/750")) console.log(method);
  answer.writeHead(method === "DELETE" ? 204 : 200, { "content-type": "application/json" });
  answer.end(method === "DELETE" ? "" : JSON.stringify({ id: "750", state: "InProgress" }));
});
server.listen(0, "127.0.0.1", async () => {
  const instanceUrl = `http://127.0.0.1:${server.address().port}`;
  const connection = new jsforce.Connection({ instanceUrl, accessToken: "token", version: "64.0" });
  const options = { pollInterval: 100, pollTimeout: 50 };
  await connection.bulk2.query("SELECT Id FROM User", options).catch((error) => console.log(error.name));
  server.on("request", () => setImmediate(() => process.exit()));
  setTimeout(() => process.exit(), 2_000);
});
END
said=$(env -u http_proxy -u https_proxy -u HTTP_PROXY -u HTTPS_PROXY npx node poll.cjs | tr '\n' ' ')
echo "asked for the job, threw, asked again: $said"
[ "$said" = "GET JobPollingTimeout DELETE " ]
