/** Starts a server that prints its process id, passes that on, and goes on until it is killed: `owner-process`. */
import { startServer } from "./stack/server-process.ts";

await startServer({
  name: "server",
  command: process.execPath,
  args: ["-e", "console.log(process.pid); setInterval(() => {}, 1000)"],
  isReady: (line) => process.stdout.write(`${line}\n`),
});
setInterval(() => {}, 1000);
