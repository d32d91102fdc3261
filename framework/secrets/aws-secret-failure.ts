import type { Failure } from "../event/failure.ts";
import { type AwsProblem, awsProblem } from "../util/aws-problem.ts";

/** What was asked of Secrets Manager. */
interface AskedSecret {
  readonly name: string;
  readonly where: string;
  /** Stage or id, when one was asked for by name. */
  readonly version: string | undefined;
}

/** The command that gives a secret its value. */
export function putValue(name: string): string {
  return `aws secretsmanager put-secret-value --secret-id ${name} --secret-string file://secret.json`;
}

/** Says what the AWS SDK threw while a secret was read, and what to do. */
export function awsSecretFailure(error: unknown, asked: AskedSecret): Failure {
  const problem = awsProblem(error);
  const { name, where } = asked;
  return {
    ...(aboutTheSecret(problem, asked) ?? aboutAws(problem, name)),
    got: problem.text,
    where,
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

/** Errors that any service of AWS gives. */
function aboutAws({ kind, next }: AwsProblem, name: string): Failure {
  const advice = next === undefined ? {} : { next };
  switch (kind) {
    case "no-credentials":
      return refused(`no AWS credentials were found to read secret ${name} with`, advice);
    case "expired":
      return refused(`the AWS credentials for secret ${name} have expired`, advice);
    case "role":
      return refused(`AWS lets nobody here assume the role that would read secret ${name}`, {
        expected: "a principal that may call sts:AssumeRole on it",
        ...advice,
      });
    case "key":
      return refused(`AWS hands out secret ${name} to us, and does not let us decrypt it`, {
        expected:
          "kms:Decrypt on the secret's key, in the principal's policy and in the key's, and an enabled key",
        next: `aws secretsmanager describe-secret --secret-id ${name} --query KmsKeyId`,
      });
    case "refused":
      return refused(`AWS refused to hand out secret ${name}`, {
        expected: "credentials that may call secretsmanager:GetSecretValue on it",
        ...advice,
      });
    case "signing-clock":
      return refused(`AWS refused a request for secret ${name} as signed at the wrong time`, advice);
    case "throttled":
      return { reason: "rate-limited", message: `AWS throttled reading secret ${name}`, retryable: true };
    case "no-region":
    case "no-such-host":
    case "other":
    default:
      return {
        reason: "unreachable",
        message: `Secrets Manager can't be reached for secret ${name}`,
        // Without a region there is no address to ask again.
        retryable: kind !== "no-region",
        ...advice,
      };
  }
}

function refused(message: string, facts: Pick<Failure, "expected" | "next">): Failure {
  return { reason: "credentials-refused", message, retryable: false, ...facts };
}
