// CPU and wall time of cold processes: `node -e 0` as the floor, then `moraine --version` and `moraine list`, in turn,
// so that drift of the machine's speed falls on all of them. Usage: node bench/cli-start.mjs [runs]
import { inTurn, median, printTable, timedNode } from "./support/measure.mjs";
import { moraine, root } from "./support/places.mjs";

const runs = Number(process.argv[2] ?? 15);
const commands = {
  "node -e 0": ["-e", "0"],
  "moraine --version": [moraine, "--version"],
  "moraine --help": [moraine, "--help"],
  "moraine list --json": [moraine, "list", "--json"],
};

const works = Object.fromEntries(
  Object.entries(commands).map(([name, args]) => [name, () => timedNode(args, { cwd: root })]),
);
await inTurn(1, works);
const measured = Object.entries(await inTurn(runs, works)).map(([name, times]) => ({
  name,
  wall: median(times.map(({ wall }) => wall)) * 1000,
  cpu: median(times.map(({ cpu }) => cpu)) * 1000,
}));
const [floor] = measured;
printTable(
  `Starting the command line; median of ${runs}`,
  ["command", "wall ms", "CPU ms", "times `node -e 0`"],
  measured.map(({ name, wall, cpu }) => [
    `\`${name}\``,
    wall.toFixed(0),
    cpu.toFixed(0),
    (wall / floor.wall).toFixed(1),
  ]),
);
