/** A listing for people: columns as wide as their cells. */

/**
 * Rows as aligned columns.
 * @param head column titles
 * @param body rows of as many cells; numbers stand on the right
 */
export function formatListing(
  head: readonly string[],
  body: readonly (readonly (string | number)[])[],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((row) => String(row[column]).length)),
  );
  const isNumber = head.map((_, column) => body.some((row) => typeof row[column] === 'number'));
  const line = (row: readonly (string | number)[]) =>
    row
      .map((cell, i) => (isNumber[i] ? String(cell).padStart(widths[i]!) : String(cell).padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return `${[head, ...body].map(line).join('\n')}\n`;
}
