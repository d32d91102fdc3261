import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { ApiError } from "./api-error.ts";
import type { Execution } from "./execution.ts";
import { type Fault, Faults } from "./faults.ts";
import { Operations } from "./operations.ts";
import { Storage } from "./storage.ts";
import { type WorkGroupConfiguration, WorkGroups } from "./work-groups.ts";

/** Athena's API on localhost, in this process, with Trino as its engine. */
export interface Gateway {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

/** Where results of the work group `primary` go. */
const primaryResults = "s3://athena-results/primary/";

/** Starts the gateway on a free port, with the buckets `lake` and `athena-results`. */
export async function startGateway(urls: { readonly trino: string; readonly aws: string }): Promise<Gateway> {
  const storage = new Storage(urls.aws);
  await storage.createBucket("lake");
  await storage.createBucket("athena-results");
  const faults = new Faults();
  const workGroups = new WorkGroups();
  workGroups.create("primary", { ResultConfiguration: { OutputLocation: primaryResults } });
  const operations = new Operations({ trinoUrl: urls.trino, storage, faults }, workGroups);
  const server = createServer((request, response) => {
    void respond(request, response, { operations, workGroups, faults });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => closeServer(server),
  };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((closed) => server.close(() => closed()));
}

interface Parts {
  readonly operations: Operations;
  readonly workGroups: WorkGroups;
  readonly faults: Faults;
}

async function respond(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const body = await text(request);
  try {
    const answer = request.url?.startsWith("/control/")
      ? control(`${request.method} ${request.url}`, body, parts)
      : await operate(String(request.headers["x-amz-target"]).replace("AmazonAthena.", ""), body, parts);
    send(response, 200, answer);
  } catch (error) {
    const { name, message } =
      error instanceof ApiError ? error : new ApiError("InternalServerException", String(error));
    const status = name === "InternalServerException" ? 500 : 400;
    send(response, status, { __type: name, Message: message, message }, { "x-amzn-errortype": name });
  }
}

function send(response: ServerResponse, status: number, answer: object, headers = {}): void {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-requestid": randomUUID(),
    ...headers,
  });
  response.end(JSON.stringify(answer));
}

/** What is no part of Athena: faults, and what Trino was given. */
function control(route: string, body: string, { faults, operations }: Parts): object {
  switch (route) {
    case "POST /control/faults":
      faults.add(JSON.parse(body) as readonly Fault[]);
      return {};
    case "DELETE /control/faults":
      faults.clear();
      return {};
    case "GET /control/executions":
      return operations.executions.map((execution) => ({
        id: execution.id,
        query: execution.request.query,
        workGroup: execution.request.workGroup,
        state: execution.state,
        reason: execution.reason,
        trinoStatements: execution.trinoStatements,
        scannedBytes: execution.scannedBytes,
        submittedAt: execution.submittedAt,
        completedAt: execution.completedAt,
      }));
    default:
      throw new ApiError("UnknownOperationException", route);
  }
}

/** Everything that the operations take; each reads its own part. */
type Input = Parameters<Operations["start"]>[0] &
  Parameters<Operations["results"]>[0] & {
    readonly Name: string;
    readonly WorkGroup: string;
    readonly Configuration?: WorkGroupConfiguration;
  };

async function operate(operation: string, body: string, parts: Parts): Promise<object> {
  const { operations, workGroups, faults } = parts;
  const input = JSON.parse(body === "" ? "{}" : body) as Input;
  const fault = faults.take("refuse-operation", input.QueryString ?? "", operation);
  if (fault !== undefined)
    throw new ApiError(fault.error ?? "ThrottlingException", fault.message ?? "Rate exceeded");
  switch (operation) {
    case "StartQueryExecution":
      return operations.start(input);
    case "GetQueryExecution":
      return { QueryExecution: describe(operations.get(input.QueryExecutionId)) };
    case "StopQueryExecution":
      operations.get(input.QueryExecutionId).stop();
      return {};
    case "GetQueryResults":
      return operations.results(input);
    case "GetWorkGroup":
      return { WorkGroup: workGroups.get(input.WorkGroup).describe() };
    case "ListWorkGroups":
      return { WorkGroups: workGroups.list().map(({ name }) => ({ Name: name, State: "ENABLED" })) };
    case "CreateWorkGroup":
      workGroups.create(input.Name, input.Configuration ?? {});
      return {};
    case "DeleteWorkGroup":
      workGroups.delete(input.WorkGroup);
      return {};
    case "GetDataCatalog":
      return {
        DataCatalog: { Name: input.Name, Type: "GLUE", Parameters: { "catalog-id": "123456789012" } },
      };
    case "ListDataCatalogs":
      return { DataCatalogsSummary: [{ CatalogName: "AwsDataCatalog", Type: "GLUE" }] };
    default:
      throw new ApiError("UnknownOperationException", operation);
  }
}

/** A query as GetQueryExecution describes it. */
function describe(execution: Execution): object {
  const { id, plan, request, state, reason, error, submittedAt, completedAt, scannedBytes } = execution;
  const elapsedMs = (completedAt ?? Date.now()) - submittedAt;
  return {
    QueryExecutionId: id,
    Query: request.query,
    StatementType: plan.type,
    SubstatementType: plan.subtype,
    ResultConfiguration: { OutputLocation: execution.outputLocation },
    QueryExecutionContext: { Database: request.session.database, Catalog: "awsdatacatalog" },
    WorkGroup: request.workGroup,
    EngineVersion: { SelectedEngineVersion: "AUTO", EffectiveEngineVersion: "Athena engine version 3" },
    Status: {
      State: state,
      StateChangeReason: reason,
      SubmissionDateTime: submittedAt / 1_000,
      CompletionDateTime: completedAt === undefined ? undefined : completedAt / 1_000,
      AthenaError: error && {
        ErrorCategory: error.category,
        ErrorType: error.type,
        Retryable: error.isRetryable,
        ErrorMessage: reason,
      },
    },
    Statistics: {
      DataScannedInBytes: scannedBytes,
      EngineExecutionTimeInMillis: elapsedMs,
      TotalExecutionTimeInMillis: elapsedMs,
      QueryQueueTimeInMillis: 0,
      ServiceProcessingTimeInMillis: 0,
    },
  };
}
