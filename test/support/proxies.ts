import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, request, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./rig.ts";

/** Listens on a free port of loopback until the test ends. */
export async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Serves HTTPS under a name, with a certificate that this process trusts until the test ends. */
export async function serveTls(name: string, listener: RequestListener): Promise<number> {
  const directory = temporaryDirectory();
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const made = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...made, ...subject], { stdio: "ignore" });
  const trusted = getCACertificates();
  setDefaultCACertificates([...trusted, readFileSync(cert, "utf8")]);
  onTestFinished(() => setDefaultCACertificates(trusted));
  return listenOn(createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener) as Server);
}

/** A proxy that takes every host for one port of this machine. */
export interface Proxy {
  readonly url: string;
  /** `CONNECT org.example:443` or `GET http://org.example/path`, with the credentials sent, oldest first. */
  readonly seen: readonly string[];
}

/** Serves a proxy that tunnels and forwards until the test ends. */
export async function serveProxy(target: number): Promise<Proxy> {
  const seen: string[] = [];
  const server = createServer((message, answer) => {
    const { method = "", url = "", headers } = message;
    seen.push(`${method} ${url} ${headers["proxy-authorization"] ?? ""}`.trim());
    const { pathname, search } = new URL(url);
    const options = { host: "127.0.0.1", port: target, path: pathname + search, method, headers };
    message.pipe(request(options, (got) => got.pipe(answer)));
  });
  server.on("connect", ({ url = "", headers }, socket) => {
    seen.push(`CONNECT ${url} ${headers["proxy-authorization"] ?? ""}`.trim());
    const tunnel = connect(target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      tunnel.pipe(socket).pipe(tunnel);
    });
    tunnel.on("error", () => socket.destroy());
    socket.on("error", () => tunnel.destroy());
    onTestFinished(() => void tunnel.destroy());
  });
  return { url: `http://127.0.0.1:${await listenOn(server)}`, seen };
}
