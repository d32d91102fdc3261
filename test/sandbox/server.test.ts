import { spawnSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect as connectSocket } from "node:net";
import { networkInterfaces } from "node:os";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { readCredentials } from "../../framework/sandbox/credentials.ts";
import { openDatabase } from "../../framework/sandbox/database.ts";
import { openSandboxData } from "../../framework/sandbox/sandbox.ts";
import { connect, control, serve, temporaryFile } from "./rig.ts";

test("a restart keeps users, clock, credentials, sessions and faults", async () => {
  const dbPath = temporaryFile();
  const first = await serve({ dbPath, users: 20, seed: 9 });
  first.advance(2);
  await control(first, "POST", "faults", { kind: "429" });
  const { url: _first, ...credentials } = first.credentials();
  const client = await connect(first);
  const before = (await control(first, "GET", "")).json;
  await first.close();

  const second = await serve({ dbPath, users: 5 });
  const { url, ...same } = second.credentials();
  expect([same, url]).toEqual([credentials, second.url]);
  const after = (await control(second, "GET", "")).json;
  expect({ ...after, url: "" }).toEqual({ ...before, url: "" });
  const limits = `${second.url}/services/data/v60.0/limits`;
  const statuses: number[] = [];
  for (let call = 0; call < 2; call += 1) {
    statuses.push((await fetch(limits, { headers: { Authorization: `Bearer ${client.token}` } })).status);
  }
  expect(statuses).toEqual([429, 200]);
});

test("the file is for its owner alone", async () => {
  const dbPath = temporaryFile();
  await serve({ dbPath });
  for (const suffix of ["", "-wal", "-shm"]) expect(statSync(dbPath + suffix).mode & 0o777).toBe(0o600);
});

test("a second server and the command line work on the same org at once", async () => {
  const dbPath = temporaryFile();
  const [one, two] = [await serve({ dbPath, users: 20 }), await serve({ dbPath })];
  const data = await openSandboxData(dbPath);
  onTestFinished(() => data.close());
  const client = await connect(one);
  const other = {
    ...client,
    call: (path: string) => fetch(two.url + path, { headers: { Authorization: `Bearer ${client.token}` } }),
  };
  data.armFault({ kind: "503" });
  expect((await other.call("/services/data/v60.0/limits")).status).toBe(503);
  expect((await client.call("/services/data/v60.0/limits")).status).toBe(200);
  const { hires } = data.advance(1);
  expect((await client.query("SELECT COUNT() FROM User")).json.totalSize).toBe(20 + hires);
  expect([data.userCount, data.now]).toEqual([20 + hires, "2026-01-06T18:00:00.000Z"]);
  expect([data.credentials().url, two.credentials().privateKey]).toEqual([
    two.url,
    one.credentials().privateKey,
  ]);
});

test("without a server, credentials name the default address", async () => {
  const data = await openSandboxData(temporaryFile());
  onTestFinished(() => data.close());
  expect([data.isSeeded, data.credentials().url]).toEqual([false, "http://127.0.0.1:7440"]);
  expect(data.credentials()).toEqual(data.credentials());
});

test("a server that was killed is not named in credentials", async () => {
  const dbPath = temporaryFile();
  const db = openDatabase(dbPath);
  const { pid } = spawnSync(process.execPath, ["--version"]);
  db.prepare("INSERT INTO server VALUES ('http://127.0.0.1:1', ?, 1)").run(pid);
  expect(readCredentials(db).url).toBe("http://127.0.0.1:7440");
  await serve({ dbPath });
  expect(db.prepare("SELECT count(*) FROM server").pluck().get()).toBe(1);
  db.close();
});

test("a file of another schema is refused", async () => {
  const dbPath = temporaryFile();
  const db = openDatabase(dbPath);
  db.pragma("user_version = 99");
  db.close();
  await expect(serve({ dbPath })).rejects.toMatchObject({
    failure: { reason: "lake-unreadable", got: "a file of schema 99", where: dbPath },
  });
});

test("a taken port fails with port-taken and says what to do", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  onTestFinished(() => void blocker.close());
  const { port } = blocker.address() as AddressInfo;
  await expect(serve({ port })).rejects.toMatchObject({
    failure: {
      reason: "port-taken",
      message: `Port ${port} is taken by another program`,
      retryable: false,
      next: expect.stringContaining("--port") as string,
    },
  });
});

test("nothing but loopback is served", async () => {
  const { port } = await serve();
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = addresses.filter((each) => !each.internal && each.family === "IPv4");
  for (const { address } of outside) {
    const [error] = (await once(connectSocket(port, address), "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  }
});

test("a page that reaches loopback under another name is turned away", async () => {
  const { port } = await serve();
  const sent = request({
    port,
    host: "127.0.0.1",
    path: "/sandbox/credentials",
    headers: { Host: "evil.example" },
  }).end();
  const [response] = (await once(sent, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(421);
});

test("a page that sends what a browser sends unasked changes nothing", async () => {
  const { url } = await serve();
  const answer = await fetch(`${url}/sandbox/seed`, {
    method: "POST",
    body: '{"users": 1}',
    headers: { Origin: "https://evil.example", "Content-Type": "text/plain" },
  });
  expect(answer.status).toBe(403);
});

test("an aborted signal closes the server, and closing twice is no error", async () => {
  const controller = new AbortController();
  const sandbox = await serve({ signal: controller.signal });
  controller.abort();
  await sandbox.close();
  await expect(fetch(sandbox.url)).rejects.toThrow("fetch failed");
});

test("a file that is no sandbox is refused and left as it is", async () => {
  const dbPath = temporaryFile();
  writeFileSync(dbPath, "not a database".repeat(100));
  await expect(serve({ dbPath })).rejects.toMatchObject({
    failure: { reason: "lake-unreadable", where: dbPath },
  });
});

test("the control API gives the credentials that the server gives", async () => {
  const sandbox = await serve();
  expect((await control(sandbox, "GET", "credentials")).json).toEqual(sandbox.credentials());
  expect(Object.keys(sandbox.credentials()).toSorted()).toEqual([
    "clientId",
    "clientSecret",
    "password",
    "privateKey",
    "securityToken",
    "url",
    "username",
  ]);
});
