import { createServer } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { ensurePythonEnvironment } from "../../framework/dbt/python-environment.ts";
import { temporaryFolder, writeSmallLock } from "../dbt/lock-files.ts";
import { listenOn } from "../support/proxies.ts";

afterEach(() => void vi.unstubAllEnvs());

it("pip and uv fetch Python's packages through the proxy", async () => {
  const seen: string[] = [];
  const tunnels = createServer();
  tunnels.on("connect", ({ url = "" }, socket) => {
    const [host = "", port = ""] = url.split(":");
    seen.push(url);
    const tunnel = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      tunnel.pipe(socket).pipe(tunnel);
    });
    tunnel.on("error", () => socket.destroy());
    socket.on("error", () => tunnel.destroy());
  });
  vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${await listenOn(tunnels)}`);
  vi.stubEnv("PIP_NO_CACHE_DIR", "1");
  vi.stubEnv("UV_NO_CACHE", "1");
  const stateDir = temporaryFolder();
  const byPip: string[] = [];
  await ensurePythonEnvironment({
    stateDir,
    requirementsFile: writeSmallLock(stateDir),
    onProgress: ({ message }) => {
      if (message.startsWith("installing")) byPip.push(...seen);
    },
  });
  expect(byPip).not.toEqual([]);
  expect(seen.length).toBeGreaterThan(byPip.length);
});
