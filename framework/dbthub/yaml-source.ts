import { isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";

/** A parsed YAML file that can say where in it a path is. */
export interface YamlSource {
  readonly value: unknown;
  /** Syntax errors; with any, `value` is not to be used. */
  readonly errors: readonly { readonly message: string; readonly where: string }[];
  /** `file:line:column` of the value at a path, else of the nearest thing that holds it. */
  where(path: readonly PropertyKey[]): string;
  /** `file:line:column` of a key itself. */
  whereKey(path: readonly PropertyKey[], key: string): string;
}

/** Parses YAML and keeps the positions. */
export function parseYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const find = (path: readonly PropertyKey[]): Node | null => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node)) return node;
    }
    return null;
  };
  return {
    value: document.errors.length > 0 ? undefined : (document.toJS() as unknown),
    // The parser says the same again on every line after the one that is wrong.
    errors: document.errors
      .filter((error, index, all) => all.findIndex(({ code }) => code === error.code) === index)
      .map((error) => ({ message: error.message.split("\n")[0] ?? error.code, where: at(error.pos[0]) })),
    where: (path) => at(find(path)?.range?.[0] ?? 0),
    whereKey(path, key) {
      const map = find(path);
      if (isMap(map)) {
        for (const item of map.items) {
          if (isPair(item) && isScalar(item.key) && item.key.value === key)
            return at(item.key.range?.[0] ?? 0);
        }
      }
      return at(map?.range?.[0] ?? 0);
    },
  };
}
