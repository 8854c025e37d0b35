/** Ethernet, IPv4, UDP with 10 octets: 52 octets, and a frame check sequence. */
export const FRAME = Buffer.from(
  `${'0200000000020200000000010800'}${'4500002600010000401166c40a0000010a000002'}${'000100350012'}0000${'78'.repeat(10)}`,
  'hex',
);
export const FCS = Buffer.from('deadbeef', 'hex');

export function words(littleEndian: boolean, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    if (littleEndian) bytes.writeUInt32LE(value >>> 0, i * 4);
    else bytes.writeUInt32BE(value >>> 0, i * 4);
  });
  return bytes;
}

export function halves(littleEndian: boolean, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => {
    if (littleEndian) bytes.writeUInt16LE(value, i * 2);
    else bytes.writeUInt16BE(value, i * 2);
  });
  return bytes;
}

export function pcap(linkField: number, captured: Buffer, original: number, littleEndian = true): Buffer {
  const magic = words(littleEndian, 0xa1b2c3d4);
  return Buffer.concat([
    magic,
    halves(littleEndian, 2, 4),
    words(littleEndian, 0, 0, 65535, linkField, 1_700_000_000, 0, captured.length, original),
    captured,
  ]);
}

export const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

export function block(type: number, body: Buffer): Buffer {
  const length = body.length + 12;
  return Buffer.concat([words(true, type, length), body, words(true, length)]);
}

export function option(code: number, value: Buffer): Buffer {
  return Buffer.concat([halves(true, code, value.length), padded(value)]);
}

interface Pcapng {
  readonly interfaceFcs?: number;
  readonly flags?: number;
  readonly captured?: Buffer;
  readonly kind?: 'enhanced' | 'simple' | 'obsolete';
}

export function pcapng({
  interfaceFcs,
  flags,
  captured = Buffer.concat([FRAME, FCS]),
  kind = 'enhanced',
}: Pcapng): Buffer {
  const end = halves(true, 0, 0);
  const original = FRAME.length + FCS.length;
  const interfaceOptions = interfaceFcs === undefined ? [] : [option(13, Buffer.of(interfaceFcs)), end];
  const packetOptions =
    flags === undefined ? [] : [option(1, Buffer.from('a comment')), option(2, words(true, flags)), end];
  const lengths = words(true, 0, 0, captured.length, original);
  const packet = {
    enhanced: () => block(6, Buffer.concat([words(true, 0), lengths, padded(captured), ...packetOptions])),
    obsolete: () =>
      block(2, Buffer.concat([halves(true, 0, 0xffff), lengths, padded(captured), ...packetOptions])),
    simple: () => block(3, Buffer.concat([words(true, original), padded(captured)])),
  }[kind]();
  return Buffer.concat([
    block(0x0a0d0d0a, Buffer.concat([words(true, 0x1a2b3c4d), halves(true, 1, 0), words(true, -1, -1)])),
    block(1, Buffer.concat([halves(true, 1, 0), words(true, 0), ...interfaceOptions])),
    packet,
  ]);
}

export const WHOLE = Buffer.concat([FRAME, FCS]);
export const PRESENT = 0x2400_0001;
