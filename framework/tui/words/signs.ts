/** What a sign can stand for; every one is a single cell wide. Every outcome is one of them. */
export type SignName =
  | "fresh"
  | "stale"
  | "missing"
  | "queued"
  | "running"
  | "retrying"
  | "materialized"
  | "failed"
  | "skipped"
  | "cancelled"
  | "warned"
  | "overdue";

/** The characters that everything is drawn with: Unicode, or ASCII for terminals that are not UTF-8. */
export interface Signs {
  readonly ascii: boolean;
  readonly sign: Readonly<Record<SignName, string>>;
  readonly spinner: readonly string[];
  /** Eight levels, lowest first. */
  readonly levels: readonly string[];
  readonly bar: { readonly full: string; readonly half: string; readonly empty: string };
  readonly rule: string;
  readonly ellipsis: string;
  readonly arrow: { readonly open: string; readonly closed: string; readonly right: string };
  readonly box: {
    readonly topLeft: string;
    readonly topRight: string;
    readonly bottomLeft: string;
    readonly bottomRight: string;
    readonly vertical: string;
  };
  /** Lines of the lineage lanes. */
  readonly lane: {
    readonly open: string;
    readonly node: string;
    readonly pass: string;
    readonly across: string;
    readonly teeUp: string;
    readonly end: string;
    readonly teeLeft: string;
    readonly teeRight: string;
    readonly cross: string;
  };
}

const unicode: Signs = {
  ascii: false,
  sign: {
    fresh: "=",
    stale: "~",
    missing: "○",
    queued: "·",
    running: "▸",
    retrying: "↻",
    materialized: "✓",
    failed: "✗",
    skipped: "»",
    cancelled: "■",
    warned: "!",
    overdue: "!",
  },
  spinner: ["◐", "◓", "◑", "◒"],
  levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
  bar: { full: "█", half: "▒", empty: "░" },
  rule: "─",
  ellipsis: "…",
  arrow: { open: "▾", closed: "▸", right: "▶" },
  box: { topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘", vertical: "│" },
  lane: {
    open: "○",
    node: "●",
    pass: "│",
    across: "─",
    teeUp: "┴",
    end: "┘",
    teeLeft: "┤",
    teeRight: "├",
    cross: "┼",
  },
};

const ascii: Signs = {
  ascii: true,
  sign: {
    fresh: "=",
    stale: "~",
    missing: "o",
    queued: ".",
    running: ">",
    retrying: "r",
    materialized: "+",
    failed: "x",
    skipped: "-",
    cancelled: "#",
    warned: "!",
    overdue: "!",
  },
  spinner: ["|", "/", "-", "\\"],
  levels: [" ", ".", ":", "-", "=", "+", "*", "#"],
  bar: { full: "#", half: "+", empty: "." },
  rule: "-",
  ellipsis: "...",
  arrow: { open: "v", closed: ">", right: ">" },
  box: { topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+", vertical: "|" },
  lane: {
    open: "o",
    node: "*",
    pass: "|",
    across: "-",
    teeUp: "^",
    end: "'",
    teeLeft: "<",
    teeRight: ">",
    cross: "+",
  },
};

/** The set of signs for a terminal. */
export function signsFor(useAscii: boolean): Signs {
  return useAscii ? ascii : unicode;
}

/** Whether a locale (`LC_ALL`, `LC_CTYPE`, `LANG`, first one set wins) is anything but UTF-8. */
export function localeNeedsAscii(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"];
  return locale !== undefined && locale !== "" && !/utf-?8/i.test(locale);
}
