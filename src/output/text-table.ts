/** Tables of text for people. */

/** Leaves the beginning and the end of a text that is too long. */
export function shorten(text: string, columns: number): string {
  if (text.length <= columns) return text;
  const tail = Math.ceil((columns - 1) / 2);
  return `${text.slice(0, columns - 1 - tail)}…${text.slice(text.length - tail)}`;
}

/**
 * Rows below titles, each column as wide as its widest cell.
 * @param left titles of columns that begin at the left
 */
export function tableText(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  left: ReadonlySet<string>,
): string {
  const widths = titles.map((title, c) =>
    rows.reduce((width, row) => Math.max(width, row[c]!.length), title.length),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (left.has(titles[c]!) ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  ')
      .trimEnd();
  return `${[titles, ...rows].map(line).join('\n')}\n`;
}
