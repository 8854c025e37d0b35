/** Tables of Markdown, with columns that are as wide as what stands in them. */

export interface Column<Row> {
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly text: (row: Row) => string;
}

/** A table with a line for each row. */
export function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = columns.map(({ title, align, text }) => {
    const texts = [title, ...rows.map(text)];
    const width = Math.max(3, ...texts.map((one) => one.length));
    const [head, ...body] = texts.map((one) => (align === 'left' ? one.padEnd(width) : one.padStart(width)));
    const rule = align === 'left' ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
    return [head!, rule, ...body];
  });
  return cells[0]!.map((_, line) => `| ${cells.map((column) => column[line]).join(' | ')} |`).join('\n');
}
