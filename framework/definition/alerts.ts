/** A value that must not stand in a config: a field of one of the target's secrets, or an environment variable. */
export type SecretValue =
  | { readonly secret: string; readonly field: string; readonly env?: never }
  | { readonly env: string; readonly secret?: never; readonly field?: never };

/** What every channel takes. */
interface ChannelOptions {
  /** How long one try at a delivery may take, milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
}

/** Slack's incoming webhook, or that of Mattermost, Rocket.Chat and others that take the same. */
export interface SlackChannel extends ChannelOptions {
  readonly type: "slack";
  /** Whoever knows it may post, so it is a secret. */
  readonly url: SecretValue;
}

/** A POST of the alerts as JSON to a server of yours. */
export interface WebhookChannel extends ChannelOptions {
  readonly type: "webhook";
  readonly url: string | SecretValue;
  /** Signs timestamp and body with HMAC-SHA256. @default unsigned */
  readonly hmacKey?: SecretValue;
  /** Sent beside our own, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string | SecretValue>>;
}

/** A topic of Amazon SNS. Region, credentials and endpoint that are not given come from where the AWS SDK finds them. */
export interface SnsChannel extends ChannelOptions {
  readonly type: "sns";
  readonly topicArn: string;
  /** @default the topic's */
  readonly region?: string;
  readonly endpoint?: string;
  /** Of `~/.aws/config`; may assume a role. */
  readonly profile?: string;
}

/** Mail by SMTP. */
export interface MailChannel extends ChannelOptions {
  readonly type: "mail";
  readonly host: string;
  /** @default 465 with `tls: "implicit"`, else 587 */
  readonly port?: number;
  /** `starttls` goes on only encrypted; `none` is for a relay on this machine. @default "starttls" */
  readonly tls?: "starttls" | "implicit" | "none";
  readonly from: string;
  readonly to: readonly string[];
  /** With `password`. @default no sign-in */
  readonly user?: string | SecretValue;
  readonly password?: SecretValue;
}

/** A program of yours: it is started without a shell and reads the alerts as JSON from its stdin. */
export interface CommandChannel extends ChannelOptions {
  readonly type: "command";
  /** The program, then its arguments, each as it is. Everybody on the machine can read them: no secrets. */
  readonly argv: readonly string[];
  /** Set for it beside our own environment, from which `MORAINE_SECRET_*` is left out. */
  readonly env?: Readonly<Record<string, string | SecretValue>>;
}

/** Where alerts go. */
export type AlertChannel = SlackChannel | WebhookChannel | SnsChannel | MailChannel | CommandChannel;

/** How bad an alert is: `critical` wakes somebody, `warning` can wait until the morning. */
export type AlertSeverity = "critical" | "warning";

/** What every rule takes. */
interface RuleOptions {
  /** Tells rules of one type apart; kept with every alert. @default the rule's type */
  readonly name?: string;
  /** The rule is not asked. */
  readonly off?: boolean;
  /** Only these assets, as in a selection (without `state:` and `changed since`). @default all */
  readonly assets?: string | readonly string[];
  /** @default as the table of docs/alerts.md says */
  readonly severity?: AlertSeverity;
  /** Names of channels. @default all */
  readonly channels?: readonly string[];
  /** What becomes of it in quiet hours. @default critical ones are sent, warnings held until they end */
  readonly quiet?: "send" | "hold";
  /** While it goes on it is told again after this, milliseconds; 0: never. @default that of `alerts` */
  readonly repeatEveryMs?: number;
}

/** A rule: what is looked for, and what to do about it. */
export type AlertRule = RuleOptions &
  (
    | {
        /** A run failed, or its process died, and nothing has made good for it since. */
        readonly type: "run-failed";
      }
    | {
        /** An asset failed, for a reason that no other rule tells. */
        readonly type: "asset-failed";
      }
    | {
        readonly type: "check-failed";
        /** The least severity of a check that is told. @default "error" */
        readonly atLeast?: "warn" | "error";
      }
    | {
        /** An asset with a freshness policy is late. */
        readonly type: "overdue";
      }
    | {
        /** Not all of `assets` were known good within the time. */
        readonly type: "no-success";
        readonly withinMs: number;
      }
    | {
        /** An asset's rows are far from what they were. */
        readonly type: "volume-anomaly";
        /** Names of metadata of type `rows` or `number` that are watched. @default ["rows"] */
        readonly metadata?: readonly string[];
        /** How many robust deviations from the median are still usual. @default 5 */
        readonly deviations?: number;
        /** What is always usual, as a share of the median. @default 0.2 */
        readonly floorShare?: number;
      }
    | {
        /** Far more versions than usual were opened, closed or retired by one materialization. */
        readonly type: "scd-anomaly";
        /** @default 5 */
        readonly deviations?: number;
        /** What is always usual, as a share of the things that have versions. @default 0.05 */
        readonly floorShare?: number;
      }
    | {
        /** The API calls of a source are nearly or wholly used up. */
        readonly type: "quota";
        /** From which share of the day's calls on. @default 0.8 */
        readonly share?: number;
      }
    | {
        /** A guard refused to write: mass retirement, an empty source, fewer visible users, another org. */
        readonly type: "breaker";
      }
  );

/** Every type of rule. */
export type AlertRuleType = AlertRule["type"];

/** When nobody shall be woken. */
export interface QuietHours {
  /** Local time, `HH:MM`, inclusive. */
  readonly from: string;
  /** Local time, `HH:MM`, exclusive; at or before `from` it is that of the next day. */
  readonly to: string;
  /** IANA name, e.g. `Europe/Oslo`. */
  readonly timezone: string;
}

/** URLs that a monitor outside waits for: it raises the alarm when they are no longer asked. */
export interface Heartbeat {
  /** Asked (GET) each time that all of `assets` were known good once more. */
  readonly success?: {
    readonly url: string | SecretValue;
    /** @default all */
    readonly assets?: string | readonly string[];
  };
  /** Asked (GET) by a daemon that lives and can read its store. */
  readonly daemon?: {
    readonly url: string | SecretValue;
    /** @default 300_000 */
    readonly everyMs?: number;
  };
}

/** Who is told what, and when. */
export interface AlertsConfig {
  /** By names of yours. */
  readonly channels: Readonly<Record<string, AlertChannel>>;
  /**
   * Rules that differ from their defaults. A type that is not named here is on with its defaults, except `no-success`, which
   * has to be told a time.
   *
   * @default []
   */
  readonly rules?: readonly AlertRule[];
  /** Only these targets are watched. @default all */
  readonly targets?: readonly string[];
  /** @default none */
  readonly quietHours?: QuietHours;
  /** An alert that goes on is told again after this, milliseconds; 0: never. @default 86_400_000 */
  readonly repeatEveryMs?: number;
  readonly heartbeat?: Heartbeat;
}
