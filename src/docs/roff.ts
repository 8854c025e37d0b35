/**
 * Text for man(7), the language of manual pages: characters that roff would read as commands are escaped.
 */

const CHARACTERS: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  '…': '...',
  '–': '\\(en',
  '×': '\\(mu',
  µ: '\\(mc',
  '→': '\\(->',
  '≥': '\\(>=',
  '≤': '\\(<=',
  '’': '\\(cq',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
};

/** One line of text. */
export function escaped(text: string): string {
  const safe = [...text].map((character) => {
    const own = CHARACTERS[character];
    if (own !== undefined) return own;
    const code = character.codePointAt(0)!;
    return code < 0x7f ? character : `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
  });
  // What begins with a dot is an instruction.
  return safe.join('').replace(/^\./, '\\&.');
}

/** Longer lines are a matter of style for mandoc(1). */
const LINE_OCTETS_MAX = 80;

/** Broken between words into lines that are none of roff's instructions. */
function filled(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= LINE_OCTETS_MAX) lines[lines.length - 1] = longer;
    else lines.push(word.replace(/^\./, '\\&.'));
  }
  return lines.join('\n');
}

/** Text in which what stands between backquotes is bold, as commands and names are. */
export function marked(text: string): string {
  const parts = text.split('`').map((part, i) => (i % 2 === 0 ? escaped(part) : bold(part)));
  return filled(parts.join(''));
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escaped(text)}\\fR`;
}

/** A paragraph with a hanging tag. @param tag and @param body roff already */
export function tagged(tag: string, ...body: readonly string[]): string[] {
  return ['.TP', tag, ...body];
}

/** Lines as they are, such as commands. */
export function verbatim(lines: readonly string[]): string[] {
  return ['.PP', '.RS 4', '.nf', ...lines.map(escaped), '.fi', '.RE'];
}
