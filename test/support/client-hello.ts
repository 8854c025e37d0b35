/** Writes ClientHello messages octet by octet, for TLS, DTLS and QUIC; knows nothing of flowtap's code. */

const octets = (...words: number[]) => words.flatMap((word) => [word >>> 8, word & 0xff]);
const counted = (body: readonly number[]) => [...octets(body.length), ...body];
const three = (value: number) => [value >>> 16, (value >>> 8) & 0xff, value & 0xff];

export interface HelloOptions {
  readonly version?: number;
  readonly ciphers: readonly number[];
  /** Type and content, in the order of the wire. */
  readonly extensions: readonly (readonly [type: number, content: readonly number[]])[];
  readonly cookie?: readonly number[];
}

export const serverName = (name: string): [number, number[]] => [
  0,
  counted([0, ...counted([...Buffer.from(name)])]),
];
export const alpn = (...names: (string | number[])[]): [number, number[]] => [
  16,
  counted(names.flatMap((name) => [name.length, ...Buffer.from(name as string)])),
];
export const algorithms = (...values: number[]): [number, number[]] => [13, counted(octets(...values))];
export const versions = (...values: number[]): [number, number[]] => [
  43,
  [2 * values.length, ...octets(...values)],
];

/** The handshake message with its header of four octets. */
export function clientHello({ version = 0x0303, ciphers, extensions, cookie }: HelloOptions): number[] {
  const body = [
    ...octets(version),
    ...new Array<number>(32).fill(0x42),
    ...[0, ...(cookie === undefined ? [] : [cookie.length, ...cookie])],
    ...counted(octets(...ciphers)),
    ...[1, 0],
    ...counted(extensions.flatMap(([type, content]) => [...octets(type), ...counted(content)])),
  ];
  return [1, ...three(body.length), ...body];
}

/** A handshake message in records of TLS of at most `recordOctets`. */
export function inRecords(message: readonly number[], recordOctets = 16_384): number[] {
  const records: number[] = [];
  for (let at = 0; at < message.length; at += recordOctets)
    records.push(22, 3, 1, ...counted(message.slice(at, at + recordOctets)));
  return records;
}

/** Fragment `from` … `to` of a message in a record of DTLS. @param message with its header of four octets */
export function inDatagram(
  message: readonly number[],
  number: number,
  from = 0,
  to = message.length - 4,
): number[] {
  const header = [...message.slice(0, 4), ...octets(number), ...three(from), ...three(to - from)];
  const body = [...header, ...message.slice(4 + from, 4 + to)];
  return [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, ...counted(body)];
}

/**
 * The hello of FoxIO's description of JA4, GREASE added, which must not change its fingerprint
 * t13d1516h2_8daaf6152771_e5627efa2ab1.
 * @param padding octets of content of the padding extension
 */
export function exampleHello(name = 'Example.com', padding = 4): HelloOptions {
  const extension = (type: number, content: number[] = []): [number, number[]] => [type, content];
  return {
    ciphers: [
      ...[0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
      ...[0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035],
    ],
    extensions: [
      extension(0x1a1a),
      extension(0x001b, [2, 0, 2]),
      extension(0x0015, new Array<number>(padding).fill(0)),
      extension(0x0033, counted([0x00, 0x1d, ...counted(new Array<number>(32).fill(7))])),
      alpn('h2', 'http/1.1'),
      extension(0x4469, counted([2, 0x68, 0x32])),
      extension(0x0017),
      extension(0x002d, [1, 1]),
      algorithms(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
      extension(0x0005, [1, 0, 0, 0, 0]),
      extension(0x0023),
      extension(0x0012),
      versions(0x7a7a, 0x0304, 0x0303),
      extension(0xff01, [0]),
      extension(0x000b, [1, 0]),
      extension(0x000a, counted(octets(0x001d, 0x0017))),
      serverName(name),
      extension(0xfafa, [0]),
    ],
  };
}

export const EXAMPLE_JA4 = 't13d1516h2_8daaf6152771_e5627efa2ab1';
