/**
 * Names by first octets: an example of each signature, written by the document that defines it; that none of them names
 * another's; and protocols that take two packets.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APPLICATIONS, type Application, guessApplication } from '../../src/applications/applications.ts';
import { findSignature } from '../../src/applications/signature.ts';
import { DATAGRAM_SIGNATURES } from '../../src/applications/signatures-datagram.ts';
import { STREAM_SIGNATURES } from '../../src/applications/signatures-stream.ts';
import { EXAMPLES, type Example } from '../support/application-examples.ts';
import { cases } from '../support/cases.ts';
import { clientHello, exampleHello, inRecords } from '../support/client-hello.ts';
import { PayloadFlow } from '../support/payload-flow.ts';

const title = ({ name, transport, port, what }: Example): [string, Example] => [
  `${name} over ${transport} to port ${port}: ${what}`,
  { name, transport, port, what, octets: EXAMPLES.find((one) => one.what === what)!.octets },
];

function inspect({ transport, octets }: Example, port: number): PayloadFlow {
  const flow = new PayloadFlow(transport === 'tcp' ? 6 : 17, 50_000, port, { portGuess: false });
  flow.send(octets);
  flow.inspection.finish();
  return flow;
}

describe('first octets', () => {
  it.each(EXAMPLES.map(title))('name %s', (_, example) => {
    expect(inspect(example, example.port).facts).toMatchObject({
      applicationName: example.name,
      applicationConfidence: 2,
    });
  });

  it('name every application that has a signature', () => {
    const rows = [...STREAM_SIGNATURES.byOctet, ...DATAGRAM_SIGNATURES.byOctet].flat();
    const shown = new Set(EXAMPLES.map(({ name }) => name));
    const missing = new Set(rows.map(({ name }) => name).filter((name) => !shown.has(name)));
    expect([...missing]).toEqual([]);
  });

  it.each(EXAMPLES.map(title))('cut anywhere, name nothing else than %s', (_, example) => {
    for (let length = 1; length < example.octets.length; length++) {
      const flow = inspect({ ...example, octets: example.octets.slice(0, length) }, example.port);
      expect([example.name, undefined]).toContain(flow.facts.applicationName);
    }
  });

  it.each(EXAMPLES.filter(({ isByPort }) => isByPort).map(title))(
    'on another port say nothing: %s',
    (_, example) => {
      expect(inspect(example, 7).facts.applicationName).toBeUndefined();
    },
  );

  it('are those of the first row that counts at one of two ports, whatever was asked before', () => {
    const anyPort = fc.oneof(fc.constantFrom(...EXAMPLES.map(({ port }) => port)), fc.nat(65_535));
    const examples = fc.constantFrom(...EXAMPLES.map(({ octets }) => Uint8Array.from(octets)));
    const anyOctets = fc.oneof(examples, fc.uint8Array({ minLength: 1, maxLength: 60 }));
    fc.assert(
      fc.property(anyOctets, anyPort, anyPort, (octets, source, destination) => {
        for (const index of [STREAM_SIGNATURES, DATAGRAM_SIGNATURES]) {
          const expected = index.rows.find(
            ({ first, ports, least, matches }) =>
              (first === undefined || first.includes(octets[0]!)) &&
              (ports === undefined || ports.includes(source) || ports.includes(destination)) &&
              octets.length >= least &&
              matches(octets, 0, octets.length),
          );
          const piece = { octets, start: 0, end: octets.length };
          expect(findSignature(index, piece, source, destination)).toBe(expected);
        }
      }),
      { numRuns: cases(4000) },
    );
  });

  it('are read within their bounds, any of them', () => {
    const ports = EXAMPLES.map(({ port }) => port);
    const heads = EXAMPLES.map(({ octets }) => octets.slice(0, 12));
    fc.assert(
      fc.property(
        fc.constantFrom(...heads, []),
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(...ports),
        (head, rest, port) => {
          const octets = Uint8Array.from([...head, ...rest]);
          if (octets.length === 0) return;
          const guarded = new Proxy(octets, {
            get(target, key) {
              if (typeof key === 'string' && Number(key) >= octets.length) throw new RangeError(key);
              return Reflect.get(target, key) as unknown;
            },
          });
          const piece = { octets: guarded, start: 0, end: octets.length };
          findSignature(STREAM_SIGNATURES, piece, 50_000, port);
          findSignature(DATAGRAM_SIGNATURES, piece, 50_000, port);
        },
      ),
      { numRuns: cases(4000) },
    );
  });
});

describe('a port alone', () => {
  it('is a guess, marked as one', () => {
    const flow = new PayloadFlow(6, 50_000, 22);
    for (let i = 0; i < 6; i++) flow.send([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(flow.facts).toEqual({ applicationName: 'ssh', applicationConfidence: 1 });
    expect(guessApplication(6, 22, 50_000)).toBe('ssh');
    expect(guessApplication(132, 22, 22)).toBeUndefined();
  });

  it('belongs to one application of a transport', () => {
    for (const transport of ['tcp', 'udp'] as const) {
      const ports = APPLICATIONS.flatMap((row: Application) => row[transport] ?? []);
      expect(ports.filter((port, i) => ports.indexOf(port) !== i)).toEqual([]);
    }
  });
});

describe('STARTTLS', () => {
  it.each([
    [25, ['220 mx.example ESMTP\r\n'], 'smtp'],
    [143, ['* OK IMAP4rev1 ready\r\n'], 'imap'],
    [110, ['+OK POP3 ready\r\n'], 'pop3'],
    [21, ['220 FTP ready\r\n'], 'ftp'],
    [5432, ['\0\0\0\x08\x04\xd2\x16\x2f'], 'postgresql'],
  ])('on port %d has the facts of TLS, and the outer name', (port, [greeting], name) => {
    const flow = new PayloadFlow(6, 50_000, port);
    if (port === 5432) flow.send(Buffer.from(greeting!, 'latin1'));
    else flow.reply(Buffer.from(greeting!, 'latin1'));
    flow.send(Buffer.from('STARTTLS\r\n'));
    flow.reply(Buffer.from('220 go\r\n'));
    const octets = inRecords(clientHello(exampleHello()));
    flow.send(octets.slice(0, 100));
    flow.send(octets.slice(100));
    expect(flow.facts).toMatchObject({ applicationName: name, tlsServerName: 'example.com', tlsFlags: 0 });
    expect(flow.facts.tlsJa4).toHaveLength(36);
  });
});

const INITIATION = [1, 0, 0, 0, 0xaa, 1, 2, 3, ...new Array(140).fill(9)];
const ANSWER = [2, 0, 0, 0, 5, 6, 7, 8, 0xaa, 1, 2, 3, ...new Array(80).fill(9)];
const RESET = [0x38, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0];
const RESET_ANSWER = [0x40, 9, 9, 9, 9, 9, 9, 9, 9, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0];
const rtp = (sequence: number, source = 7) => [
  ...[0x80, 0, sequence >> 8, sequence & 255, 0, 0, 0, 0, 0, 0, 0, source, ...new Array(20).fill(5)],
];

describe('two packets', () => {
  it('name WireGuard, if the answer is to the question', () => {
    const flow = new PayloadFlow(17, 50_000, 4000);
    expect(flow.send(INITIATION)).toBe(false);
    expect(flow.facts.applicationName).toBeUndefined();
    expect(flow.reply(ANSWER)).toBe(true);
    expect(flow.facts).toEqual({ applicationName: 'wireguard', applicationConfidence: 3 });
    const other = new PayloadFlow(17, 50_000, 4000);
    other.send(INITIATION);
    other.reply([...ANSWER.slice(0, 8), 0xab, ...ANSWER.slice(9)]);
    expect(other.facts.applicationName).toBeUndefined();
  });

  it.each([
    [17, []],
    [6, [0, 14]],
  ])('name OpenVPN over protocol %d', (protocol, length) => {
    const flow = new PayloadFlow(protocol, 50_000, 4000);
    flow.send([...length, ...RESET]);
    expect(flow.facts.applicationName).toBeUndefined();
    flow.reply([...(length.length === 0 ? [] : [0, RESET_ANSWER.length]), ...RESET_ANSWER]);
    expect(flow.facts).toEqual({ applicationName: 'openvpn', applicationConfidence: 3 });
  });

  it('and a third name RTP, of one source and in order', () => {
    const flow = new PayloadFlow(17, 50_000, 4000);
    flow.send(rtp(0xfffe));
    flow.reply(rtp(5, 9));
    flow.send(rtp(0xffff));
    expect(flow.facts.applicationName).toBeUndefined();
    flow.send(rtp(0));
    expect(flow.facts).toEqual({ applicationName: 'rtp', applicationConfidence: 3 });
    const other = new PayloadFlow(17, 50_000, 4000);
    for (const sequence of [1, 2, 4, 5, 6]) other.send(rtp(sequence));
    expect(other.facts.applicationName).toBeUndefined();
  });
});
