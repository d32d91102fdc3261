import { expect, it } from "vitest";
import { assetKey, defineSource } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { noNeeds, noData, readData } from "../../framework/tui/ui/data.ts";
import { materializeDialog } from "../../framework/tui/ui/plan-dialog.ts";
import { Rig } from "../support/rig.ts";
import { observationsFrom } from "./fixture-project.ts";
import { UiDriver } from "./ui-state.ts";

it("the dialog counts a source whose last look failed, as `moraine plan` does", async () => {
  const rig = new Rig();
  const answers = ["1"];
  const raw = defineSource({
    key: "raw/users",
    codeVersion: "1",
    observe: () => ({ dataVersion: answers.shift() ?? "" }),
  });
  await rig.run([raw]);
  expect(await rig.run([raw])).toMatchObject({ outcomes: { "raw/users": "failed" } });
  const graph = buildGraph({ assets: [raw], checks: [], problems: [] });
  const now = {
    graph,
    observe: () => observationsFrom(graph, rig.store),
    freshness: () => new Map(),
    schedules: () => [],
    daemon: () => undefined,
  };
  const data = readData(rig.store, now, noNeeds, noData);
  const state = { ...new UiDriver().state, graph, data };
  expect(materializeDialog(state, [assetKey("raw/users")], false).lines[0]).toBe(
    "1 asset of 1 to run, usually ~0s",
  );
});
