import type { Failure } from "../event/failure.ts";
import { type AwsProblem, awsProblem } from "../util/aws-problem.ts";

/** What was asked of Secrets Manager. */
interface AskedSecret {
  readonly name: string;
  readonly where: string;
  /** Stage or id, when one was asked for by name. */
  readonly version: string | undefined;
  /** When the target names one. */
  readonly profile: string | undefined;
}

/** The command that gives a secret its value. */
export function putValue(name: string): string {
  return `aws secretsmanager put-secret-value --secret-id ${name} --secret-string file://secret.json`;
}

/** Says what the AWS SDK threw while a secret was read, and what to do. */
export function awsSecretFailure(error: unknown, asked: AskedSecret): Failure {
  const problem = awsProblem(error, asked.profile);
  const { reason = "unreachable", summary, retryable, help } = problem;
  return {
    ...(aboutTheSecret(problem, asked) ?? {
      reason,
      message: `secret ${asked.name} can't be read: ${summary}`,
      retryable,
      ...help,
    }),
    got: problem.text,
    where: asked.where,
  };
}

/** Errors that only Secrets Manager gives. */
function aboutTheSecret({ code, text }: AwsProblem, { name, version }: AskedSecret): Failure | undefined {
  const missing = (message: string, next: string): Failure => ({
    reason: "missing-secret",
    message,
    retryable: false,
    next,
  });
  const describe = `aws secretsmanager describe-secret --secret-id ${name}`;
  switch (code) {
    case "ResourceNotFoundException": {
      // Of a secret that is there: "can't find the specified secret value for staging label: AWSCURRENT", or VersionId.
      const isThere = /secret value for/i.test(text);
      if (isThere && version !== undefined)
        return missing(
          `secret ${name} has no version ${version}`,
          `aws secretsmanager list-secret-version-ids --secret-id ${name}`,
        );
      if (isThere) return missing(`secret ${name} has no value yet`, putValue(name));
      return missing(
        `secret ${name} is not in Secrets Manager`,
        `aws secretsmanager create-secret --name ${name} --secret-string file://secret.json; or another region?`,
      );
    }
    case "InvalidRequestException":
      return /delet/i.test(text)
        ? missing(
            `secret ${name} is marked for deletion`,
            `aws secretsmanager restore-secret --secret-id ${name}`,
          )
        : missing(`secret ${name} can't be read as it is`, describe);
    case "InvalidParameterException":
    case "ValidationException":
      return missing(`Secrets Manager takes no secret of the name ${name} and this version`, describe);
    default:
      return undefined;
  }
}
