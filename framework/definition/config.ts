import type { AlertsConfig } from "./alerts.ts";
import type { LogLevel } from "../event/event.ts";
import type { Asset } from "./asset.ts";
import type { AssetSource } from "./asset-source.ts";
import type { Check } from "./check.ts";
import type { WorkContext } from "./context.ts";
import type { OpenLineageConfig } from "./open-lineage.ts";
import type { Schedule } from "./schedule.ts";
import type { Sensor } from "./sensor.ts";

/** Iceberg tables as plain files on this machine, DuckDB in process. */
export interface EmbeddedLakehouse {
  readonly type: "embedded";
  /** Relative to the project. @default ".moraine/lake" */
  readonly dir?: string;
}

/**
 * Iceberg tables in S3, known to Glue, read and written by Athena. Region, credentials and endpoints that are not given
 * here come from where the AWS SDK finds them.
 */
export interface AthenaLakehouse {
  readonly type: "athena";
  /** `s3://bucket/prefix`; the table `sf_raw/sf_user` is in `<location>/sf_raw/sf_user/`. */
  readonly location: string;
  /** Work group. @default "primary" */
  readonly workgroup?: string;
  /** Where results go, `s3://...`; a work group that enforces its own overrides it. @default what the work group says */
  readonly results?: string;
  /** Where rows wait to be loaded, `s3://...` and nothing else below it. @default `<location>/_staging` */
  readonly staging?: string;
  /** Glue database of what waits. @default "moraine_staging" */
  readonly stagingDatabase?: string;
  /** Glue's catalog in Athena's words. @default "awsdatacatalog" */
  readonly catalog?: string;
  readonly region?: string;
  /** Of `~/.aws/config`; may assume a role. */
  readonly profile?: string;
  /** A statement that could scan more than is left of this in one process is refused, with exit code 6. @default no limit */
  readonly maxBytesPerRun?: number;
  /** What Athena charges for 10^12 bytes scanned, US dollars. @default 5 */
  readonly pricePerTerabyte?: number;
}

/** Iceberg tables of a catalog that speaks the Iceberg REST protocol, their files in S3 or on this machine; DuckDB in process. */
export interface RestLakehouse {
  readonly type: "rest";
  /** What precedes `/v1`, e.g. `https://catalog.example.com/api/catalog`. */
  readonly uri: string;
  /** Which of the catalog's warehouses. @default the one it takes when none is named */
  readonly warehouse?: string;
  /**
   * Name of a secret with `token`, or with `clientId` and `clientSecret` for OAuth; beside them `accessKeyId` and
   * `secretAccessKey` (`sessionToken`) of S3, unless the catalog vends them or the AWS SDK finds them.
   *
   * @default no authorization
   */
  readonly secret?: string;
  /** Where and for what tokens are asked. @default `<uri>/v1/oauth/tokens`, without a scope */
  readonly oauth?: { readonly uri?: string; readonly scope?: string };
  /** Over what the catalog says of its files. `pathStyle`: the bucket is part of the path, not of the host. */
  readonly s3?: { readonly endpoint?: string; readonly region?: string; readonly pathStyle?: boolean };
}

/** How a target keeps its tables. */
export type LakehouseConfig = EmbeddedLakehouse | AthenaLakehouse | RestLakehouse;

/** How a target finds its credentials. */
export type SecretsConfig =
  /** The local Salesforce org, which registers its own; everything else comes from the environment. */
  | { readonly type: "sandbox" }
  /** `MORAINE_SECRET_<NAME>`, a JSON object; NAME in capitals, everything but letters and digits as `_`. */
  | { readonly type: "environment" }
  /** A JSON file of secrets by name, readable by its owner alone. */
  | { readonly type: "file"; readonly path: string }
  /** Each a `SecretString`, a JSON object. Region, endpoint and credentials are found as the AWS SDK finds them. */
  | {
      readonly type: "aws-secrets-manager";
      readonly region?: string;
      readonly endpoint?: string;
      /** Of `~/.aws/config`; may assume a role. */
      readonly profile?: string;
      /** Staging label of the version to read: `AWSPENDING` before a rotation ends, `AWSPREVIOUS` after it. @default "AWSCURRENT" */
      readonly versionStage?: string;
      /** Pins secrets, by name, to one version, over `versionStage`; no rotation moves it. */
      readonly versionIds?: Readonly<Record<string, string>>;
    };

/** One place to run against. */
export interface Target {
  /** @default `{ type: "embedded" }` */
  readonly lakehouse?: LakehouseConfig;
  /** @default `{ type: "environment" }` */
  readonly secrets?: SecretsConfig;
  /** How many runs at once per pool, over what the project says. */
  readonly pools?: Readonly<Record<string, number>>;
}

/** What a config's `assets` may hold: values, arrays, module namespaces, sources, and globs of files whose exports are collected. */
export type AssetEntry =
  | Asset
  | Check
  | AssetSource
  | string
  | readonly AssetEntry[]
  | { readonly [name: string]: unknown };

/** What a config's `schedules` may hold: values, arrays, module namespaces, and globs of files whose exports are collected. */
export type ScheduleEntry =
  | Schedule
  | Sensor
  | string
  | readonly ScheduleEntry[]
  | { readonly [name: string]: unknown };

/** How the daemon works. */
export interface DaemonConfig {
  /** How many runs work at once, each a process of its own. @default 2 */
  readonly maxRuns?: number;
  /** Told to end, the daemon waits this long for its runs; then they are told as well, and go on with its next start. @default 600000 */
  readonly drainMs?: number;
  /** How often the conditions of the assets are evaluated, milliseconds; never while no asset has one. @default 60000 */
  readonly automationMs?: number;
  /** What a run may hold in memory when its schedule does not say, MB. @default three quarters of the machine's */
  readonly memoryMb?: number;
  /** Where the daemon serves `/metrics`, `/healthz` and `/readyz`. @default nowhere */
  readonly metricsPort?: number;
  /** The address for it; one that is not this machine's own is open to the network. @default "127.0.0.1" */
  readonly metricsHost?: string;
}

/** Makes a resource once a run; it is closed with the run when it has `close`. */
export type ResourceFactory = (context: Pick<WorkContext, "projectDir" | "stateDir" | "target">) => unknown;

/** Where runs write log lines as JSON, beside what the store keeps. */
export interface LogsConfig {
  /** Relative to the project. @default ".moraine/logs/moraine.log" */
  readonly file?: string;
  /** The least that is worth a line. @default "info" */
  readonly level?: LogLevel;
  /** The file moves to `<file>.1` before a run, or while the daemon works, when it is larger, megabytes. @default 16 */
  readonly maxMegabytes?: number;
}

/** A project. The default export of `moraine.config.ts`. */
export interface Config {
  /** Shown in headers; lower case with dashes. */
  readonly name: string;
  readonly assets: AssetEntry;
  /** What `moraine daemon` starts, and when. @default none */
  readonly schedules?: ScheduleEntry;
  readonly daemon?: DaemonConfig;
  /** @default one target `local` with the embedded lakehouse and secrets from the environment */
  readonly targets?: Readonly<Record<string, Target>>;
  /** The target of a command without `--target`. @default the only target, or the one named `local` */
  readonly defaultTarget?: string;
  /** What bodies find in `ctx.resources`. */
  readonly resources?: Readonly<Record<string, ResourceFactory>>;
  /** How many assets run at once per pool. */
  readonly pools?: Readonly<Record<string, number>>;
  /** JSON lines of every run and of the daemon in a file, for those who ship logs. @default none */
  readonly logs?: LogsConfig;
  /** Who is told when something is wrong. @default nobody */
  readonly alerts?: AlertsConfig;
  /** Who is told of runs in OpenLineage's words. @default what OPENLINEAGE_URL says, else nobody */
  readonly openLineage?: OpenLineageConfig;
  readonly store?: {
    /** Relative to the project. @default ".moraine/moraine.db" */
    readonly path?: string;
    /**
     * What `moraine store prune` keeps when it is told nothing else: runs of the last `days`, and the newest `runs` of
     * each target. What either keeps, stays.
     */
    readonly retention?: { readonly days?: number; readonly runs?: number };
  };
}

/** Declares a project; the value itself, typed. */
export function defineConfig(config: Config): Config {
  return config;
}
