// A cold process that defines assets, opens their store and works out the order and every status. Prints JSON; CPU and
// memory are those of the whole process. Usage: node bench/support/statuses-process.mjs SHAPE COUNT FOLDER
import { importEngine } from "./engine.mjs";
import { openRun } from "./open-run.mjs";
import { noOpAssets, shapes } from "./shapes.mjs";

const [shape, count, folder] = process.argv.slice(2);
const engine = await importEngine();
const { graph, store, lakehouse } = openRun(engine, {
  folder,
  assets: noOpAssets(engine.defineAsset, shapes[shape](Number(count))),
});
const lake = new engine.LakeTables(lakehouse);
await lake.refresh(graph.keys);
const observations = engine.observe({ graph, reader: store, lake, now: new Date(), asked: false });
const statuses = engine.computeStatuses(graph, observations);
store.close();

let [edges, fresh] = [0, 0];
for (const [key, { status }] of statuses) {
  edges += graph.upstreams(key).length;
  if (status === "fresh") fresh += 1;
}
if (fresh !== Number(count)) throw new Error(`expected ${count} fresh assets, got ${fresh}`);
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    edges,
    cpuSeconds: (user + system) / 1e6,
    rssMb: process.resourceUsage().maxRSS / 1024,
  }),
);
