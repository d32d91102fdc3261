import { invalidRequest } from "./api-error.ts";
import { Execution, type ExecutionContext } from "./execution.ts";
import { SqlReader } from "./sql-reader.ts";
import type { WorkGroups } from "./work-groups.ts";

const longestQueryBytes = 262_144;
const mostRowsPerPage = 1_000;

interface StartInput {
  readonly QueryString?: string;
  readonly ClientRequestToken?: string;
  readonly QueryExecutionContext?: { readonly Database?: string; readonly Catalog?: string };
  readonly ResultConfiguration?: { readonly OutputLocation?: string };
  readonly WorkGroup?: string;
  readonly ExecutionParameters?: readonly string[];
}

interface ResultsInput {
  readonly QueryExecutionId: string;
  readonly NextToken?: string;
  readonly MaxResults?: number;
}

/** The executions of Athena's API. */
export class Operations {
  readonly #context: ExecutionContext;
  readonly #workGroups: WorkGroups;
  readonly #executions = new Map<string, Execution>();
  /** What was asked with a token, and what came of it. */
  readonly #byToken = new Map<string, { readonly asked: string; readonly id: string }>();

  constructor(context: ExecutionContext, workGroups: WorkGroups) {
    this.#context = context;
    this.#workGroups = workGroups;
  }

  /** All of them, oldest first. */
  get executions(): readonly Execution[] {
    return [...this.#executions.values()];
  }

  start(input: StartInput): { QueryExecutionId: string } {
    const { QueryString: query = "", ClientRequestToken: token, WorkGroup: workGroup = "primary" } = input;
    refuseText(query);
    const asked = JSON.stringify([query, input.QueryExecutionContext, workGroup, input.ExecutionParameters]);
    const before = token === undefined ? undefined : this.#byToken.get(token);
    if (before !== undefined) {
      if (before.asked !== asked) throw invalidRequest("Idempotent parameters do not match");
      return { QueryExecutionId: before.id };
    }
    const group = this.#workGroups.get(workGroup);
    const execution = new Execution(
      {
        query,
        workGroup,
        session: {
          database: input.QueryExecutionContext?.Database,
          parameters: input.ExecutionParameters ?? [],
          outputLocation: group.outputLocation(input.ResultConfiguration?.OutputLocation),
        },
        scanCutoffBytes: group.scanCutoffBytes,
      },
      this.#context,
    );
    this.#executions.set(execution.id, execution);
    if (token !== undefined) this.#byToken.set(token, { asked, id: execution.id });
    void execution.run();
    return { QueryExecutionId: execution.id };
  }

  get(id: string): Execution {
    const execution = this.#executions.get(id);
    if (execution === undefined) throw invalidRequest(`QueryExecution ${id} was not found`);
    return execution;
  }

  /** A page of rows; the first row of a query's first page is the columns' names. */
  async results(input: ResultsInput): Promise<object> {
    const execution = this.get(input.QueryExecutionId);
    const { state, plan, columns, updateCount } = execution;
    if (state === "FAILED" || state === "CANCELLED")
      throw invalidRequest(`Query did not finish successfully. Final query state: ${state}`);
    if (state !== "SUCCEEDED") throw invalidRequest(`Query has not yet finished. Current state: ${state}`);
    const size = input.MaxResults ?? mostRowsPerPage;
    if (size < 1 || size > mostRowsPerPage)
      throw invalidRequest(`MaxResults is more than maximum allowed length ${mostRowsPerPage}.`);
    const isKept = plan.result === "rows" || plan.result === "text";
    if (isKept && !(await this.#context.storage.has(execution.outputLocation)))
      throw invalidRequest("Could not find results");
    const rows =
      plan.result === "rows" ? [columns.map((column) => column.Name), ...execution.rows] : execution.rows;
    const from = Number(input.NextToken ?? 0);
    return {
      ...(updateCount === undefined ? {} : { UpdateCount: updateCount }),
      ResultSet: {
        Rows: rows.slice(from, from + size).map((row) => ({
          Data: row.map((value) => (value === undefined ? {} : { VarCharValue: value })),
        })),
        ResultSetMetadata: { ColumnInfo: columns },
      },
      ...(from + size < rows.length ? { NextToken: String(from + size) } : {}),
    };
  }
}

function refuseText(query: string): void {
  if (query.trim() === "") throw invalidRequest("Query string is empty");
  if (Buffer.byteLength(query) > longestQueryBytes)
    throw invalidRequest(
      "1 validation error detected: Value at 'queryString' failed to satisfy constraint: " +
        `Member must have length less than or equal to ${longestQueryBytes}`,
    );
  if (new SqlReader(query).holdsSeveralStatements)
    throw invalidRequest(`Only one sql statement is allowed. Got: ${query}`);
}
