import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Asset, AssetSource, Definitions } from "moraine";
import { dbtProject, type DbtProjectOptions } from "../../framework/dbt/dbt-project.ts";
import { DbtWorker } from "../../framework/dbt/dbt-worker.ts";
import { MemoryLakehouse } from "../support/memory-lakehouse.ts";
import { testPythonEnvironment } from "../support/python-environment.ts";
import { temporaryDirectory } from "../support/rig.ts";

const fixture = join(import.meta.dirname, "fixtures/shop");

/** A copy of the dbt project in fixtures/shop, which writes to a DuckDB file of its own. */
export class Shop {
  readonly directory = temporaryDirectory();
  readonly dir = join(this.directory, "shop");
  readonly stateDir = join(this.directory, ".moraine");
  readonly environment = { SHOP_DATABASE: join(this.directory, "shop.duckdb") };

  constructor() {
    mkdirSync(this.dir, { recursive: true });
    cpSync(fixture, this.dir, { recursive: true });
  }

  edit(path: string, change: (text: string) => string): void {
    const file = join(this.dir, path);
    writeFileSync(file, change(readFileSync(file, "utf8")));
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.dir, path), text);
  }

  /** A worker on this project, ended with the test. */
  async worker(): Promise<DbtWorker> {
    const { python } = await testPythonEnvironment();
    const worker = new DbtWorker(python, {
      projectDir: this.dir,
      profilesDir: this.dir,
      target: "local",
      targetPath: join(this.stateDir, "target"),
      logPath: join(this.stateDir, "logs"),
    });
    onTestFinished(() => worker.close());
    return worker;
  }

  /** The project as a source. `python` defaults to the environment that all tests share. */
  async source(options: Partial<DbtProjectOptions> = {}): Promise<AssetSource> {
    const { python } = await testPythonEnvironment();
    return dbtProject({ dir: "shop", python, ...options });
  }

  /** Reads the definitions as a command does; what that started ends with the test. */
  async load(source?: AssetSource): Promise<Definitions> {
    const definitions = await (source ?? (await this.source())).load({
      projectDir: this.directory,
      stateDir: this.stateDir,
      target: "local",
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    const [first] = definitions.assets;
    if (first?.source.type === "batch") onTestFinished(first.source.batch.close.bind(first.source.batch));
    return definitions;
  }

  /** A lake that tells dbt where the shop's DuckDB file is. */
  lakehouse(): MemoryLakehouse {
    const { environment } = this;
    return new (class extends MemoryLakehouse {
      override async connectionEnvironment() {
        return environment;
      }
    })();
  }
}

/** The asset of a key. */
export function find(definitions: Definitions, key: string): Asset {
  const asset = definitions.assets.find((candidate) => candidate.key === key);
  if (asset === undefined)
    throw new Error(
      `expected ${key} among ${definitions.assets.map((candidate) => candidate.key).join(", ")}`,
    );
  return asset;
}

/** Code versions by key. */
export function versionsOf(definitions: Definitions): Readonly<Record<string, string>> {
  return Object.fromEntries(definitions.assets.map((asset) => [asset.key, asset.codeVersion()]));
}
