import { join } from "node:path";
import type { Resources } from "../../definition/context.ts";
import type { LoadContext } from "../../definition/asset-source.ts";
import type { Lakehouse } from "../../lakehouse/lakehouse.ts";
import type { SecretProvider } from "../../secrets/secret-provider.ts";
import { openStore, openStoreReader } from "../../store/open-store.ts";
import type { Store, StoreReader } from "../../store/store.ts";
import { createRedactor, type Redactor } from "../../util/redact.ts";
import type { GlobalOptions } from "../options.ts";
import { findProject } from "./find-project.ts";
import { type LoadedProject, loadProject } from "./load-project.ts";
import { openLakehouse } from "./open-lakehouse.ts";
import { openSecrets } from "./open-secrets.ts";

/** A project joined with its store, lake and secrets; each is opened when first asked for. */
export interface OpenProject extends LoadedProject {
  readonly store: Store;
  readonly lakehouse: Lakehouse;
  readonly secrets: SecretProvider;
  readonly redactor: Redactor;
  storePath(): string;
  /** A second connection that only reads. */
  openReader(): StoreReader;
  /** Moraine's own resources and those of the config. */
  resources(): Resources;
  close(): Promise<void>;
}

/** What opening a project may report. */
export type ProjectProgress = LoadContext["progress"];

/** Loads and joins a project; the caller closes it. */
export async function openProject(
  options: GlobalOptions,
  context: { readonly progress: ProjectProgress; readonly signal: AbortSignal },
): Promise<OpenProject> {
  const loaded = await loadProject(findProject(options.project), options.target, context);
  return joined(loaded, context);
}

function joined(
  loaded: LoadedProject,
  context: { readonly progress: ProjectProgress; readonly signal: AbortSignal },
): OpenProject {
  const { projectDir, config, targetName: target } = loaded;
  const redactor = createRedactor();
  const closers: (() => Promise<void> | void)[] = [];
  const storePath = () => join(projectDir, config.store?.path ?? ".moraine/moraine.db");
  const store = once(() => {
    const opened = openStore({ path: storePath(), target });
    closers.push(() => opened.close());
    return opened;
  });
  const lakehouse = once(() => {
    const opened = openLakehouse(loaded, context);
    closers.unshift(() => opened.close());
    return opened;
  });
  const secrets = once(() => {
    const opened = openSecrets(loaded, redactor);
    closers.unshift(() => opened.close());
    return opened.provider;
  });
  return {
    ...loaded,
    get store() {
      return store();
    },
    get lakehouse() {
      return lakehouse();
    },
    get secrets() {
      return secrets();
    },
    redactor,
    storePath,
    openReader: () => openStoreReader({ path: storePath(), target }),
    resources: () => ({
      ...Object.fromEntries(
        Object.entries(config.resources ?? {}).map(([name, make]) => [name, make({ ...loaded, target })]),
      ),
      secrets: secrets(),
    }),
    async close() {
      for (const key of loaded.graph.keys) {
        const { source } = loaded.graph.asset(key);
        if (source.type === "batch") closers.unshift(() => source.batch.close());
      }
      for (const close of new Set(closers.splice(0))) await close();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
