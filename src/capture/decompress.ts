/**
 * Compressed captures, told by their first octets: gzip (RFC 1952) and zstd (RFC 8878), both also with several members
 * or frames one after the other. Everything that a damaged file still yields is handed out before the error.
 */
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

export type Compression = 'gzip' | 'zstd';

/** Octets needed to tell the compression. */
export const COMPRESSION_MAGIC_OCTETS = 4;

/** The compression of a file that begins with these octets, or undefined. */
export function detectCompression(head: Uint8Array): Compression | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return undefined;
}

/**
 * The uncompressed octets of `input`. One compressed chunk is worked off at a time, so memory stays bounded, and what
 * it yields is handed out before an error of the next one: a stream's own iterator would throw it away.
 */
export async function* decompress(
  input: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  const inflate: Transform =
    compression === 'gzip' ? createGunzip({ chunkSize: 256 * 1024 }) : createZstdDecompress();
  const output: Uint8Array[] = [];
  let fault: Error | undefined;
  inflate.on('data', (chunk: Uint8Array) => output.push(chunk));
  inflate.on('error', (error) => {
    fault = error;
  });
  try {
    for await (const chunk of input) {
      await new Promise<void>((resolve) => inflate.write(chunk, () => resolve()));
      while (output.length > 0) yield output.shift()!;
      if (fault !== undefined) throw fault;
    }
    await new Promise<void>((resolve) => {
      inflate.once('end', resolve);
      inflate.once('error', () => resolve());
      inflate.end();
    });
    while (output.length > 0) yield output.shift()!;
    if (fault !== undefined) throw fault;
  } finally {
    inflate.destroy();
  }
}
