/** An output that keeps what is written to it. */
import type { OutputStream } from '../../src/output/standard-output.ts';

export function textOutput(): { readonly output: OutputStream; text(): string } {
  let text = '';
  const output: OutputStream = {
    isClosed: false,
    error: undefined,
    write: (octets) => {
      text += Buffer.from(octets).toString();
    },
  };
  return { output, text: () => text };
}
