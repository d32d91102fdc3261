#!/usr/bin/env bash
# DuckDB 1.5.5 takes HTTP_PROXY whole as its setting http_proxy. With a user and a password in it, as curl, pip and other
# clients allow, every request fails before it is sent, for https: addresses as well, and the message repeats the password.
# In lower case (http_proxy) the same value works: then curl, inside the extension httpfs, reads it.
# Installs DuckDB from PyPI into a temporary folder. Needs python3 with pip. Fails when DuckDB behaves otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
  duckdb==1.5.5 duckdb-extension-httpfs==1.5.5

cat >"$folder/try.py" <<'PY'
import glob, http.server, os, sys, threading

class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.command + " " + self.path)
        self.send_response(200)
        self.send_header("content-length", "5")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(b"id\n1\n")
    do_HEAD = do_GET
    def log_message(self, *_):
        pass

asked = []
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ[sys.argv[1]] = f"http://me:secret@127.0.0.1:{server.server_port}"

import duckdb
print("DuckDB", duckdb.__version__, "with", sys.argv[1])
[extension] = glob.glob(os.path.join(sys.argv[2], "duckdb_extension_httpfs/extensions/*/httpfs.duckdb_extension"))
connection = duckdb.connect()
connection.execute(f"LOAD '{extension}'")
try:
    print("rows", connection.execute("FROM read_csv('http://files.example/a.csv')").fetchall())
except duckdb.Error as error:
    print("error", str(error).splitlines()[0])
print("requests that the proxy saw:", len(asked))
PY

try() { env -u http_proxy -u HTTP_PROXY -u no_proxy -u NO_PROXY PYTHONPATH="$folder/packages" python3 "$folder/try.py" "$1" "$folder/packages"; }
upper=$(try HTTP_PROXY)
lower=$(try http_proxy)
printf '%s\n\n%s\n' "$upper" "$lower"
grep -q "error .*Failed to parse http_proxy 'http://me:secret@127.0.0.1" <<<"$upper"
grep -q "saw: 0" <<<"$upper"
grep -q "rows \[(1,)\]" <<<"$lower"
