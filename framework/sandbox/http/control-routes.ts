import { Hono } from "hono";
import * as z from "zod";

import { clearCalls, listCalls, setUsage } from "../calls.ts";
import { faultSchema } from "../faults.ts";
import { ControlError } from "../control-error.ts";
import { deleteRecord, upsertRecords } from "../records.ts";
import { sandboxDataOf } from "../sandbox-data.ts";
import type { Org, SandboxApp, SandboxEnv } from "./context.ts";

const instant = z.iso.datetime({ offset: true });
const bodies = {
  records: z.strictObject({ records: z.array(z.record(z.string(), z.unknown())) }),
  clock: z.strictObject({ now: instant }),
  seed: z.strictObject({
    users: z.int().optional(),
    seed: z.int().optional(),
    now: instant.optional(),
  }),
  advance: z.strictObject({ days: z.int().default(1) }),
  limits: z.strictObject({ calls: z.int().min(0).optional(), max: z.int().min(1).optional() }),
};

/** `/sandbox`: what a test does to the org. */
export function controlRoutes(org: Org): SandboxApp {
  const app: SandboxApp = new Hono<SandboxEnv>();
  const data = sandboxDataOf(org.db);
  const read = async <T>(request: Request, schema: z.ZodType<T>): Promise<T> => {
    const text = await request.text();
    return schema.parse(text === "" ? {} : JSON.parse(text));
  };
  app.onError((error, context) => {
    if (error instanceof z.ZodError) return context.json({ error: z.prettifyError(error) }, 400);
    if (error instanceof SyntaxError)
      return context.json({ error: `expected a JSON body: ${error.message}` }, 400);
    if (error instanceof ControlError) return context.json({ error: error.message }, 400);
    return context.json({ error: error.message }, 500);
  });

  app.get("/", (context) =>
    context.json({ url: org.url(), now: data.now, users: data.userCount, faults: data.faults() }),
  );
  app.get("/credentials", (context) => context.json({ ...data.credentials(), url: org.url() }));
  app.post("/records", async (context) => {
    const { records } = await read(context.req.raw, bodies.records);
    return context.json({ ids: upsertRecords(org.db, records) });
  });
  app.delete("/records/:id", (context) =>
    deleteRecord(org.db, context.req.param("id"))
      ? context.json({ deleted: context.req.param("id") })
      : context.json({ error: `no user has the id ${context.req.param("id")}` }, 404),
  );
  app.get("/clock", (context) => context.json({ now: data.now }));
  app.post("/clock", async (context) => {
    data.setClock((await read(context.req.raw, bodies.clock)).now);
    return context.json({ now: data.now });
  });
  app.post("/seed", async (context) => {
    const { users, seed, now } = await read(context.req.raw, bodies.seed);
    const filled = data.seed({
      ...(users === undefined ? {} : { users }),
      ...(seed === undefined ? {} : { seed }),
      ...(now === undefined ? {} : { now }),
    });
    return context.json({ ...filled, now: data.now });
  });
  app.post("/advance", async (context) =>
    context.json(data.advance((await read(context.req.raw, bodies.advance)).days)),
  );
  app.post("/limits", async (context) =>
    context.json(setUsage(org.db, await read(context.req.raw, bodies.limits))),
  );

  app.get("/faults", (context) => context.json(data.faults()));
  app.post("/faults", async (context) =>
    context.json(data.armFault(await read(context.req.raw, faultSchema))),
  );
  app.delete("/faults", (context) => context.json({ cleared: data.clearFaults() }));
  app.delete("/faults/:id", (context) =>
    context.json({ cleared: data.clearFaults(Number(context.req.param("id"))) }),
  );

  app.get("/calls", (context) => context.json(listCalls(org.db)));
  app.delete("/calls", (context) => {
    clearCalls(org.db);
    return context.json({});
  });
  app.all("*", (context) =>
    context.json({ error: `no such control address: ${context.req.method} ${context.req.path}` }, 404),
  );
  return app;
}
