import * as z from "zod";
import { isTimezone } from "../util/zoned-time.ts";
import type { AlertsConfig } from "./alerts.ts";

const name = z.string().regex(/^[\w.-]{1,60}$/, "expected a name of letters, digits and _ . -");
const ms = (least: number) => z.number().min(least, `expected milliseconds from ${least}`);
const share = z.number().gt(0, "expected a share above 0").max(1, "expected a share of at most 1");
const terms = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const secretValue = z.union(
  [
    z.strictObject({ env: z.string().regex(/^\w+$/) }),
    z.strictObject({ secret: z.string().min(1), field: z.string().min(1) }),
  ],
  'expected { secret: "NAME", field: "FIELD" } or { env: "VARIABLE" }: a config is no place for a secret',
);
const webUrl = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return /^https?:$/.test(url?.protocol ?? "") && url?.username === "" && url.password === "";
});
const url = z.union(
  [webUrl, secretValue],
  'expected an http or https URL without a password, { secret: "NAME", field: "FIELD" } or { env: "VARIABLE" }',
);
/** A text that everybody may read, or a secret. */
const openOrSecret = (pattern: RegExp, expected: string) =>
  z.union([z.string().regex(pattern), secretValue], `expected ${expected}, or a secret`);

const address = z
  .string()
  .regex(
    /^[^\s@<>]+@[^\s@<>]+$|^[^\r\n<>]*<[^\s@<>]+@[^\s@<>]+>$/,
    "expected an address like data@example.com",
  );
const mailChannel = z
  .strictObject({
    type: z.literal("mail"),
    timeoutMs: ms(1).exactOptional(),
    host: z.string().min(1, "expected a host name"),
    port: z.int().min(1, "expected a port from 1").max(65_535, "expected a port up to 65535").exactOptional(),
    tls: z.enum(["starttls", "implicit", "none"]).exactOptional(),
    from: address,
    to: z.array(address).min(1, "expected at least one address"),
    user: openOrSecret(/./, "a name").exactOptional(),
    password: secretValue.exactOptional(),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: "expected user and password, or neither",
  })
  .refine(({ tls, password, host }) => tls !== "none" || password === undefined || isLoopback(host), {
    error: "expected starttls or implicit, for the password would go in clear text",
    path: ["tls"],
  });

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);
}

const channel = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("slack"), timeoutMs: ms(1).exactOptional(), url: secretValue }),
  z.strictObject({
    type: z.literal("webhook"),
    timeoutMs: ms(1).exactOptional(),
    url,
    hmacKey: secretValue.exactOptional(),
    headers: z
      .record(
        z.string().regex(/^[\w-]+$/, "expected a header's name"),
        openOrSecret(/^[\t\u0020-\u007E]*$/, "printable ASCII"),
      )
      .exactOptional(),
  }),
  z.strictObject({
    type: z.literal("sns"),
    timeoutMs: ms(1).exactOptional(),
    topicArn: z
      .string()
      .regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]{1,256}$/, "expected arn:aws:sns:REGION:ACCOUNT:TOPIC"),
    region: z.string().min(1).exactOptional(),
    endpoint: webUrl.exactOptional(),
    profile: z.string().min(1).exactOptional(),
  }),
  mailChannel,
  z.strictObject({
    type: z.literal("command"),
    timeoutMs: ms(1).exactOptional(),
    // NUL would end an argument early.
    argv: z
      .array(z.string().regex(/^[^\0]*$/, "expected no NUL"))
      .min(1, 'expected a program and its arguments, like ["page", "--team", "data"]')
      .refine(([program]) => program !== "", "expected a program first"),
    env: z
      .record(z.string().regex(/^\w+$/, "expected a variable's name"), openOrSecret(/^[^\0]*$/, "a text"))
      .exactOptional(),
  }),
]);

const common = {
  name: name.exactOptional(),
  off: z.boolean().exactOptional(),
  assets: terms.exactOptional(),
  severity: z.enum(["critical", "warning"]).exactOptional(),
  channels: z.array(z.string()).min(1, "expected at least one channel").exactOptional(),
  quiet: z.enum(["send", "hold"]).exactOptional(),
  repeatEveryMs: ms(0).exactOptional(),
};
const anomaly = {
  deviations: z.number().gt(0, "expected a number above 0").exactOptional(),
  floorShare: z.number().min(0, "expected a share from 0").exactOptional(),
};
const rule = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("run-failed"), ...common }),
  z.strictObject({ type: z.literal("breaker"), ...common }),
  z.strictObject({ type: z.literal("quota"), ...common, share: share.exactOptional() }),
  z.strictObject({ type: z.literal("asset-failed"), ...common }),
  z.strictObject({
    type: z.literal("check-failed"),
    ...common,
    atLeast: z.enum(["warn", "error"]).exactOptional(),
  }),
  z.strictObject({ type: z.literal("overdue"), ...common }),
  z.strictObject({ type: z.literal("no-success"), ...common, withinMs: ms(1) }),
  z.strictObject({
    type: z.literal("volume-anomaly"),
    ...common,
    ...anomaly,
    metadata: z.array(z.string().min(1)).min(1, "expected at least one name").exactOptional(),
  }),
  z.strictObject({ type: z.literal("scd-anomaly"), ...common, ...anomaly }),
]);

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time of day like 22:00");

/** The shape of `alerts` in a config, for what the compiler has not seen. */
export const alertsSchema = z.strictObject({
  channels: z
    .record(name, channel)
    .refine((channels) => Object.keys(channels).length > 0, "expected at least one channel by name"),
  rules: z.array(rule).exactOptional(),
  targets: z.array(z.string()).min(1, "expected at least one target").exactOptional(),
  quietHours: z
    .strictObject({
      from: timeOfDay,
      to: timeOfDay,
      timezone: z
        .string()
        .refine(
          (zone) => /^[A-Za-z]/.test(zone) && isTimezone(zone),
          'expected an IANA time zone like "Europe/Oslo"',
        ),
    })
    .refine(({ from, to }) => from !== to, { error: "expected another time than `from`", path: ["to"] })
    .exactOptional(),
  repeatEveryMs: ms(0).exactOptional(),
  heartbeat: z
    .strictObject({
      success: z.strictObject({ url, assets: terms.exactOptional() }).exactOptional(),
      daemon: z.strictObject({ url, everyMs: ms(1_000).exactOptional() }).exactOptional(),
    })
    .exactOptional(),
}) satisfies z.ZodType<AlertsConfig>;
