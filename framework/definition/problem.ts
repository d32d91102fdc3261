/** One thing that is wrong with the project's definitions. */
export interface DefinitionProblem {
  /** What was expected and what came, one line. */
  readonly message: string;
  /** File, with `:line:column` where known, relative to the project where possible. */
  readonly where?: string;
  /** What to do. */
  readonly next?: string;
}

/** All problems of a project together; thrown before anything runs. The command line exits with 2. */
export class DefinitionError extends Error {
  readonly problems: readonly DefinitionProblem[];

  constructor(problems: readonly DefinitionProblem[]) {
    super(problems.map((problem) => problem.message).join("\n"));
    this.name = "DefinitionError";
    this.problems = problems;
  }
}
