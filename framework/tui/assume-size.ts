/**
 * Takes a terminal that tells no size (0x0: `script`, `docker run -t`, a serial line) for one of 80x24, now and after
 * each change. Call it before anything listens for `resize`. Without a size Ink 8 asks other programs for one at every frame.
 *
 * @returns ends it
 */
export function assumeSize(terminal: NodeJS.WriteStream): () => void {
  const assume = () => {
    terminal.columns ||= 80;
    terminal.rows ||= 24;
  };
  assume();
  terminal.on("resize", assume);
  return () => terminal.off("resize", assume);
}
