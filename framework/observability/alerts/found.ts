import type { Alert } from "../../event/alert.ts";
import type { RuleInForce } from "./rules-in-force.ts";

/** Something that is wrong now. */
export interface Found extends Pick<Alert, "rule" | "subject" | "severity" | "since" | "owners" | "facts"> {
  readonly by: RuleInForce;
}
