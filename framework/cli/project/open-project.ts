import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../definition/config.ts";
import type { Resources } from "../../definition/context.ts";
import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import type { CompleteTarget } from "../../definition/targets.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { Lakehouse, SnapshotsInUse } from "../../lakehouse/lakehouse.ts";
import type { SecretProvider } from "../../secrets/secret-provider.ts";
import { openStore, openStoreReader } from "../../store/open-store.ts";
import { removeBlankStore } from "../../store/remove-blank-store.ts";
import type { Store, StoreReader } from "../../store/store.ts";
import { createRedactor } from "../../util/redact.ts";
import type { GlobalOptions } from "../options.ts";
import { findProject } from "./find-project.ts";
import type { ScheduledDefinitions } from "./join-definitions.ts";
import { type LoadedConfig, loadConfig, loadGraph, loadScheduled, type OpenContext } from "./load-project.ts";
import { loadLakehouse } from "./open-lakehouse.ts";
import { openSecrets, secretsInEnvironment } from "./open-secrets.ts";
import type { ClosableSecrets } from "./sandbox-secrets.ts";
import { undoAfterWrongUsage } from "./undo-wrong-usage.ts";

/** Opens the target's lakehouse; what it needs of its project it asks for when it needs it. */
type OpenLakehouse = (project: OpenConfig) => Lakehouse;

/** A project's config joined with its store, lake and secrets; each is opened when first asked for. */
export class OpenConfig implements LoadedConfig {
  readonly projectDir: string;
  readonly stateDir: string;
  readonly configFile: string;
  readonly config: Config;
  readonly targetName: string;
  readonly target: CompleteTarget;
  readonly redactor = createRedactor();
  readonly #openLakehouse: OpenLakehouse;
  #store: Store | undefined;
  #lakehouse: Lakehouse | undefined;
  #secrets: ClosableSecrets | undefined;

  constructor(loaded: LoadedConfig, openLakehouse: OpenLakehouse) {
    this.projectDir = loaded.projectDir;
    this.stateDir = loaded.stateDir;
    this.configFile = loaded.configFile;
    this.config = loaded.config;
    this.targetName = loaded.targetName;
    this.target = loaded.target;
    this.#openLakehouse = openLakehouse;
    // Whoever reads these past us may put them into an error's text.
    this.redactor.add(...secretsInEnvironment(process.env));
  }

  get storePath(): string {
    return join(this.projectDir, this.config.store?.path ?? ".moraine/moraine.db");
  }

  get store(): Store {
    this.#store ??= this.openStore();
    return this.#store;
  }

  /** Another connection to the store, for a run beside another one; the caller closes it. */
  openStore(): Store {
    const path = this.storePath;
    if (!existsSync(path)) undoAfterWrongUsage(() => removeBlankStore(path));
    return openStore({ path, target: this.targetName });
  }

  get lakehouse(): Lakehouse {
    this.#lakehouse ??= this.#openLakehouse(this);
    return this.#lakehouse;
  }

  /** Snapshots of a table that attempts under way may go back to. */
  readonly snapshotsInUse: SnapshotsInUse = (key) => this.store.snapshotsInUse(key);

  get secrets(): SecretProvider {
    this.#secrets ??= openSecrets(this, this.redactor);
    return this.#secrets.provider;
  }

  /** A second connection to the store, which only reads. */
  openReader(): StoreReader {
    return openStoreReader({ path: this.storePath, target: this.targetName });
  }

  /** Moraine's own resources and those of the config. */
  resources(): Resources {
    const { projectDir, stateDir, targetName: target } = this;
    const own = Object.entries(this.config.resources ?? {}).map(([name, make]) => [
      name,
      make({ projectDir, stateDir, target }),
    ]);
    return { ...Object.fromEntries(own), secrets: this.secrets };
  }

  async close(): Promise<void> {
    await this.#lakehouse?.close();
    await this.#secrets?.close();
    this.#store?.close();
  }
}

/** An {@link OpenConfig} with its assets. */
export class OpenProject extends OpenConfig {
  readonly graph: AssetGraph;

  constructor(loaded: LoadedConfig, openLakehouse: OpenLakehouse, graph: AssetGraph) {
    super(loaded, openLakehouse);
    this.graph = graph;
  }

  override async close(): Promise<void> {
    const sources = this.graph.keys.map((key) => this.graph.asset(key).source);
    const batches = new Set(sources.flatMap((source) => (source.type === "batch" ? [source.batch] : [])));
    await Promise.all([...batches].map((batch) => batch.close()));
    await super.close();
  }
}

/** An {@link OpenProject} with its schedules. */
export class ScheduledProject extends OpenProject implements ScheduledDefinitions {
  readonly schedules: readonly (Schedule | Sensor)[];

  constructor(loaded: LoadedConfig, openLakehouse: OpenLakehouse, definitions: ScheduledDefinitions) {
    super(loaded, openLakehouse, definitions.graph);
    this.schedules = definitions.schedules;
  }
}

/** Reads a project's config and joins it; the caller closes it. */
export async function openConfig(options: GlobalOptions, context: OpenContext): Promise<OpenConfig> {
  const loaded = await loadConfig(findProject(options.project), options.target);
  const openLakehouse = await loadLakehouse(loaded);
  return new OpenConfig(loaded, (opened) => openLakehouse(context, opened));
}

/** Reads a project with its assets; the caller closes it. */
export async function openProject(options: GlobalOptions, context: OpenContext): Promise<OpenProject> {
  const loaded = await loadConfig(findProject(options.project), options.target);
  const openLakehouse = await loadLakehouse(loaded);
  const graph = await loadGraph(loaded, context);
  return new OpenProject(loaded, (opened) => openLakehouse(context, opened), graph);
}

/** Reads a project whole; the caller closes it. */
export async function openScheduled(options: GlobalOptions, context: OpenContext): Promise<ScheduledProject> {
  const loaded = await loadConfig(findProject(options.project), options.target);
  const openLakehouse = await loadLakehouse(loaded);
  const definitions = await loadScheduled(loaded, context);
  return new ScheduledProject(loaded, (opened) => openLakehouse(context, opened), definitions);
}
