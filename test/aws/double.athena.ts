import {
  AthenaClient,
  CreateWorkGroupCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  StopQueryExecutionCommand,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { CreateTableCommand, GlueClient } from "@aws-sdk/client-glue";
import { CreateBucketCommand, GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { AthenaControl } from "./stack/athena-stack.ts";
import { objectLocation } from "./stack/athena/storage.ts";
import { region } from "./stack/environment.ts";
import { endedQuery, runQuery } from "./stack/run-query.ts";

const athena = new AthenaClient({ maxAttempts: 1 });
const s3 = new S3Client({});
const control = new AthenaControl();

beforeAll(async () => {
  for (const Bucket of ["lake", "athena-results"])
    await s3
      .send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }))
      .catch((error: Error) => {
        if (error.name !== "BucketAlreadyOwnedByYou") throw error;
      });
  await succeeds("CREATE DATABASE IF NOT EXISTS `double`");
});
afterEach(() => control.clearFaults());

async function succeeds(...[sql, input]: Parameters<typeof runQuery>) {
  const outcome = await runQuery(sql, input);
  expect(outcome.execution.Status?.StateChangeReason).toBeUndefined();
  expect(outcome.execution.Status?.State).toBe("SUCCEEDED");
  return outcome;
}

async function table(name: string, columns: string, partitions = ""): Promise<void> {
  await succeeds(
    `CREATE TABLE double.${name} (${columns}) ${partitions} LOCATION 's3://lake/double/${name}/' TBLPROPERTIES ('table_type'='ICEBERG')`,
  );
}

async function textOf(uri = ""): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand(objectLocation(uri)));
  return Body?.transformToString();
}

describe("tables", () => {
  it("keep every acknowledged row of six writers at the same time", async () => {
    await table("writers", "writer bigint");
    const writers = [1, 2, 3, 4, 5, 6];
    const outcomes = await Promise.all(
      writers.map((writer) => runQuery(`INSERT INTO double.writers VALUES (${writer})`)),
    );
    const acknowledged = writers.filter(
      (_, index) => outcomes[index]?.execution.Status?.State === "SUCCEEDED",
    );
    expect(acknowledged.length).toBeGreaterThan(0);
    const { rows } = await succeeds("SELECT writer FROM double.writers ORDER BY writer");
    expect(rows.slice(1)).toEqual(acknowledged.map((writer) => [String(writer)]));
  });

  it("in Hive format are read to the millisecond, under the catalog's one name", async () => {
    const made = await succeeds(
      "CREATE TABLE double.made WITH (format='PARQUET', external_location='s3://lake/double/made/') AS SELECT 7 AS id, timestamp '2026-01-01 10:00:00.123' AS at",
    );
    expect(made.updateCount).toBe(1);
    await new GlueClient({}).send(
      new CreateTableCommand({
        DatabaseName: "double",
        TableInput: {
          Name: "staged",
          TableType: "EXTERNAL_TABLE",
          Parameters: { EXTERNAL: "TRUE", classification: "parquet" },
          StorageDescriptor: {
            Columns: [
              { Name: "id", Type: "int" },
              { Name: "at", Type: "timestamp" },
            ],
            Location: "s3://lake/double/made/",
            InputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            SerdeInfo: {
              SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            },
          },
        },
      }),
    );
    const { rows } = await succeeds("SELECT id, at, typeof(at) FROM awsdatacatalog.double.staged");
    expect(rows[1]).toEqual(["7", "2026-01-01 10:00:00.123", "timestamp(3)"]);
    await succeeds("DROP TABLE double.staged");
    await succeeds("SELECT * FROM double.made");
  });

  it("take a hundred partitions in one write, and not one more", async () => {
    await table("days", "day date", "PARTITIONED BY (day)");
    const days = (count: number) =>
      `INSERT INTO double.days SELECT date_add('day', n, DATE '2026-01-01') FROM UNNEST(sequence(1, ${count})) AS t(n)`;
    const { execution } = await runQuery(days(101));
    expect(execution.Status?.StateChangeReason).toBe(
      "ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions: 101",
    );
    expect((await succeeds(days(100))).updateCount).toBe(100);
  });

  it("lose small files to OPTIMIZE and old snapshots to VACUUM", async () => {
    await table("small", "id bigint");
    await succeeds("ALTER TABLE double.small SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='0')");
    for (const id of [1, 2, 3]) await succeeds(`INSERT INTO double.small VALUES (${id})`);
    const count = async (of: string) =>
      (await succeeds(`SELECT count(*) FROM "double"."small$${of}"`)).rows[1]?.[0];
    expect(await count("files")).toBe("3");
    await succeeds("OPTIMIZE double.small REWRITE DATA USING BIN_PACK");
    expect(await count("files")).toBe("1");
    await succeeds("VACUUM double.small");
    expect(await count("snapshots")).toBe("1");
    expect((await succeeds("SELECT count(*) FROM double.small")).rows[1]).toEqual(["3"]);
  });

  it("of Iceberg refuse timestamps of three digits", async () => {
    const properties = "table_type='ICEBERG', is_external=false, location='s3://lake/double/digits'";
    const { execution } = await runQuery(
      `CREATE TABLE double.digits WITH (${properties}) AS SELECT localtimestamp(3) AS at`,
    );
    expect(execution.Status?.StateChangeReason).toMatch(/^NOT_SUPPORTED: Timestamp precision \(3\)/);
  });
});

describe("results", () => {
  it("lie as CSV where they were asked for, NULL apart from empty text", async () => {
    const { execution } = await succeeds(
      "SELECT 1 AS one, CAST(NULL AS varchar) AS none, '' AS empty, 'a \"b\"' AS quoted",
      {
        ResultConfiguration: { OutputLocation: "s3://athena-results/mine" },
      },
    );
    const location = execution.ResultConfiguration?.OutputLocation;
    expect(location).toBe(`s3://athena-results/mine/${execution.QueryExecutionId}.csv`);
    expect(await textOf(location)).toBe('"one","none","empty","quoted"\n"1",,"","a ""b"""\n');
  });

  it("come in pages, with the names of the columns first", async () => {
    const { rows, columns } = await succeeds("SELECT n FROM UNNEST(sequence(1, 25)) AS t(n)", {
      pageSize: 10,
    });
    expect(columns).toEqual(["n bigint"]);
    expect(rows.map(([value]) => value)).toEqual([
      "n",
      ...Array.from({ length: 25 }, (_, n) => String(n + 1)),
    ]);
  });

  it("say how many bytes of data files were read", async () => {
    await table("wide", "id bigint, text string");
    await succeeds(
      "INSERT INTO double.wide SELECT n, lpad('', 200, 'abc' || to_hex(to_utf8(CAST(n AS varchar)))) FROM UNNEST(sequence(1, 5000)) AS t(n)",
    );
    const scanned = async (sql: string) =>
      (await succeeds(sql)).execution.Statistics?.DataScannedInBytes ?? 0;
    const narrow = await scanned("SELECT max(id) FROM double.wide");
    expect(narrow).toBeGreaterThan(0);
    expect(await scanned("SELECT max(id), max(text) FROM double.wide")).toBeGreaterThan(narrow);
  });
});

describe("work groups", () => {
  it("that enforce their rules have the last word on where results go", async () => {
    await athena.send(
      new CreateWorkGroupCommand({
        Name: "enforcing",
        Configuration: {
          EnforceWorkGroupConfiguration: true,
          ResultConfiguration: { OutputLocation: "s3://athena-results/enforced/" },
        },
      }),
    );
    const { WorkGroup } = await athena.send(new GetWorkGroupCommand({ WorkGroup: "enforcing" }));
    expect(WorkGroup?.Configuration?.EnforceWorkGroupConfiguration).toBe(true);
    const { execution } = await succeeds("SELECT 1", {
      WorkGroup: "enforcing",
      ResultConfiguration: { OutputLocation: "s3://athena-results/mine/" },
    });
    expect(execution.ResultConfiguration?.OutputLocation).toMatch(/^s3:\/\/athena-results\/enforced\//);
  });

  it("cancel a query that reads more than they allow", async () => {
    await athena.send(
      new CreateWorkGroupCommand({
        Name: "frugal",
        Configuration: {
          BytesScannedCutoffPerQuery: 100,
          ResultConfiguration: { OutputLocation: "s3://athena-results/frugal/" },
        },
      }),
    );
    const { execution } = await runQuery("SELECT max(text) FROM double.wide", { WorkGroup: "frugal" });
    expect(execution.Status).toMatchObject({
      State: "CANCELLED",
      StateChangeReason: "Bytes scanned limit was exceeded",
    });
    expect(execution.Statistics?.DataScannedInBytes).toBe(100);
    await succeeds("SELECT 1", { WorkGroup: "frugal" });
  });
});

describe("requests", () => {
  it("with one token are one query, and refused when they ask for another", async () => {
    const ClientRequestToken = "token-of-at-least-thirty-two-characters";
    const first = await succeeds("SELECT 1", { ClientRequestToken });
    const again = await succeeds("SELECT 1", { ClientRequestToken });
    expect(again.execution.QueryExecutionId).toBe(first.execution.QueryExecutionId);
    await expect(runQuery("SELECT 2", { ClientRequestToken })).rejects.toThrow(
      "Idempotent parameters do not match",
    );
  });

  it("hold one statement of at most 262,144 bytes", async () => {
    await expect(runQuery("SELECT 1; SELECT 2")).rejects.toThrow("Only one sql statement is allowed");
    const longest = `SELECT '${"x".repeat(262_144 - 9)}'`;
    await succeeds(longest);
    await expect(runQuery(`${longest} `)).rejects.toThrow("length less than or equal to 262144");
  });

  it("that fail say why in Trino's words and Athena's categories", async () => {
    const { execution } = await runQuery("SELECT nope FROM double.wide");
    expect(execution.Status).toMatchObject({
      State: "FAILED",
      StateChangeReason: "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved",
      AthenaError: { ErrorCategory: 2, Retryable: false },
    });
  });

  it("for values take them apart from the text", async () => {
    const { rows } = await succeeds("SELECT ? AS a, 'x' AS b", { ExecutionParameters: ["'it''s'"] });
    expect(rows[1]).toEqual(["it's", "x"]);
  });
});

describe("faults", () => {
  it("refuse an operation as often as they are told", async () => {
    await control.addFaults({ kind: "refuse-operation", operation: "StartQueryExecution", times: 2 });
    const start = () => athena.send(new StartQueryExecutionCommand({ QueryString: "SELECT 1" }));
    await expect(start()).rejects.toMatchObject({ name: "ThrottlingException" });
    await expect(start()).rejects.toMatchObject({ name: "ThrottlingException" });
    await start();
  });

  it("fail a query before it has done its work, or after", async () => {
    await table("faulty", "id bigint");
    await control.addFaults(
      {
        kind: "fail-query",
        match: "values \\(1\\)",
        error: "ICEBERG_COMMIT_ERROR",
        message: "Failed to commit",
      },
      { kind: "fail-query", match: "values \\(2\\)", error: "ICEBERG_COMMIT_ERROR", afterwards: true },
    );
    const failed = await runQuery("INSERT INTO double.faulty VALUES (1)");
    expect(failed.execution.Status).toMatchObject({
      State: "FAILED",
      StateChangeReason: "ICEBERG_COMMIT_ERROR: Failed to commit",
      AthenaError: { ErrorType: 233, Retryable: true },
    });
    expect((await runQuery("INSERT INTO double.faulty VALUES (2)")).execution.Status?.State).toBe("FAILED");
    expect((await succeeds("SELECT id FROM double.faulty")).rows).toEqual([["id"], ["2"]]);
  });

  it("delay a query, which can be stopped meanwhile", async () => {
    await control.addFaults({ kind: "delay-query", match: "slow", delayMs: 3_600_000 });
    const { QueryExecutionId } = await athena.send(
      new StartQueryExecutionCommand({ QueryString: "SELECT 1 AS slow" }),
    );
    await expect(athena.send(new GetQueryResultsCommand({ QueryExecutionId }))).rejects.toThrow(
      "Query has not yet finished. Current state: RUNNING",
    );
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId }));
    expect((await endedQuery(athena, QueryExecutionId)).Status).toMatchObject({
      State: "CANCELLED",
      StateChangeReason: "Query cancelled by user",
    });
  });

  it("let a query succeed that has done nothing", async () => {
    await table("skipped", "id bigint");
    await control.addFaults({ kind: "skip-query", match: "^insert" });
    await succeeds("INSERT INTO double.skipped VALUES (1)");
    expect((await succeeds("SELECT id FROM double.skipped")).rows).toEqual([["id"]]);
  });

  it("lose the result of a query that succeeded", async () => {
    await control.addFaults({ kind: "lose-result", match: "lost" });
    await expect(runQuery("SELECT 1 AS lost")).rejects.toThrow("Could not find results");
    await succeeds("SELECT 1 AS lost");
  });

  it("are not needed to stop a query at work in Trino", async () => {
    const QueryString =
      "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x) CROSS JOIN UNNEST(sequence(1, 10000)) b(y) " +
      "CROSS JOIN UNNEST(sequence(1, 1000)) c(z) WHERE sin(x + y + z) > 2";
    const { QueryExecutionId } = await athena.send(new StartQueryExecutionCommand({ QueryString }));
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId }));
    expect((await endedQuery(athena, QueryExecutionId)).Status?.State).toBe("CANCELLED");
  });
});
