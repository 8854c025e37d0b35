/** QUIC in payload inspection: vectors of RFC 9001 and 9369, and hellos cut, out of order, coalesced, retried, hostile. */
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Aes128 } from '../../src/applications/aes128.ts';
import { COUNT_MALFORMED, COUNT_TOO_LONG } from '../../src/applications/inspection-context.ts';
import { QuicKeys } from '../../src/applications/quic-keys.ts';
import { Hmac, sha256 } from '../../src/applications/sha256.ts';
import { cases } from '../support/cases.ts';
import { clientHello, EXAMPLE_JA4, exampleHello } from '../support/client-hello.ts';
import { PayloadFlow } from '../support/payload-flow.ts';
import {
  cryptoFrame,
  initialPacket,
  RFC_9001_INITIAL,
  RFC_9001_SERVER_INITIAL,
  RFC_9369_SERVER_INITIAL,
} from '../support/quic-initial.ts';

const V2 = 0x6b3343cf;
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const octetsOf = (text: string) => [...Buffer.from(text, 'hex')];
const ID = octetsOf('8394c8f03e515708');
const JA4 = `q${EXAMPLE_JA4.slice(1)}`;
const SERVER_HELLO = [
  ...[2, 0, 0, 86, 3, 3, ...new Array(32).fill(9), 0, 0x13, 0x01, 0],
  ...[0, 46, 0, 51, 0, 36, 0x11, 0xec, 0, 32, ...new Array(32).fill(5), 0, 43, 0, 2, 3, 4],
];

describe('arithmetic', () => {
  it("is that of Node's crypto: SHA-256 and HMAC", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 64 }), (message, key) => {
        const out = new Uint8Array(32);
        sha256(message, message.length, out);
        expect(hex(out)).toBe(createHash('sha256').update(message).digest('hex'));
        const hmac = new Hmac();
        hmac.setKey(key, key.length);
        hmac.sign(message, message.length, out);
        expect(hex(out)).toBe(createHmac('sha256', key).update(message).digest('hex'));
      }),
      { numRuns: cases(200) },
    );
  });

  it("is that of Node's crypto: AES-128 in counter mode as GCM has it", () => {
    const block = { minLength: 16, maxLength: 16 };
    fc.assert(
      fc.property(
        fc.uint8Array(block),
        fc.uint8Array(block),
        fc.uint8Array({ maxLength: 100 }),
        (key, iv, text) => {
          const nonce = iv.subarray(0, 12);
          const sealed = createCipheriv('aes-128-gcm', key, nonce).update(text);
          const aes = new Aes128();
          aes.setKey(key);
          const out = new Uint8Array(text.length);
          aes.decrypt(nonce, Uint8Array.from([1, 2, 3, ...sealed]), 3, 3 + sealed.length, out);
          expect(hex(out)).toBe(hex(text));
        },
      ),
      { numRuns: cases(200) },
    );
  });

  it.each([
    [1, false, 'fa044b2f42a3fd3b46fb255c', 'd1b1c98dd7689fb8ec11d242b123dc9b', '437b9aec36'],
    [V2, false, '91f73e2351d8fa91660e909f', 'ffe67b6abcdb4298b485dd04de806071', '94a0c95e80'],
    [1, true, '0ac1493ca1905853b0bba03e', '2cd0991cd25b0aac406a5816b6394100', '2ec0d8356a'],
  ])(
    'makes the keys of RFC 9001 §A.1 and RFC 9369 §A.1: version %i, server %s',
    (version, isServer, iv, sample, mask) => {
      const keys = new QuicKeys();
      expect(keys.set(version, Uint8Array.from(ID), ID.length, isServer)).toBe(true);
      expect(hex(keys.iv)).toBe(iv);
      for (let i = 0; i < 4; i++) keys.header.words[i] = Buffer.from(sample, 'hex').readInt32BE(4 * i);
      keys.header.encrypt();
      const found = Buffer.alloc(16);
      for (let i = 0; i < 4; i++) found.writeInt32BE(keys.header.words[i]!, 4 * i);
      expect(hex(found.subarray(0, 5))).toBe(mask);
    },
  );

  it('knows no keys of other versions', () => {
    expect(new QuicKeys().set(0x1a2a3a4a, Uint8Array.from(ID), 8, false)).toBe(false);
  });
});

const FACTS = {
  applicationName: 'quic',
  applicationConfidence: 4,
  serverName: 'example.com',
  serverNameSource: 2,
  tlsServerName: 'example.com',
  tlsAlpn: 'h2,http/1.1',
  tlsClientVersion: 0x0304,
  tlsFlags: 0,
  tlsJa4: JA4,
  quicVersion: 1,
};

describe('a hello', () => {
  const message = clientHello(exampleHello());
  const large = clientHello(exampleHello('example.com', 1500));

  it('in the Initial packet of RFC 9001 §A.2', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send(octetsOf(RFC_9001_INITIAL));
    expect(flow.facts).toMatchObject({
      ...{ applicationName: 'quic', tlsServerName: 'example.com', tlsAlpn: 'alpn', quicVersion: 1 },
      tlsClientVersion: 0x0304,
    });
    expect(flow.facts.tlsJa4).toMatch(/^q13d0211an_/);
  });

  it.each([
    ['RFC 9001', 1, RFC_9001_SERVER_INITIAL],
    ['RFC 9369', V2, RFC_9369_SERVER_INITIAL],
  ] as const)('has the ServerHello of %s §A.3 as its answer', (_, version, answer) => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send(initialPacket({ version, keysOf: ID, frames: cryptoFrame(0, message) }));
    flow.reply(octetsOf(answer));
    expect(flow.facts).toMatchObject({
      ...{ quicVersion: version, tlsVersion: 0x0304, tlsCipherSuite: 0x1301, tlsKeyShareGroup: 0x001d },
    });
  });

  it.each([1, V2, 0xff00001d])('of version %i, and the ServerHello', (version) => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send(initialPacket({ version, keysOf: ID, frames: cryptoFrame(0, message) }));
    expect(flow.facts).toEqual({ ...FACTS, quicVersion: version });
    const frames = [2, 0, 0, 0, 0, ...cryptoFrame(0, SERVER_HELLO)];
    const answer = initialPacket({
      version,
      keysOf: ID,
      destinationId: [],
      sourceId: [7, 7],
      isServer: true,
      frames,
    });
    expect(flow.reply(answer)).toBe(true);
    expect(flow.facts).toEqual({
      ...{ ...FACTS, quicVersion: version },
      ...{ tlsVersion: 0x0304, tlsCipherSuite: 0x1301, tlsKeyShareGroup: 0x11ec },
    });
  });

  it('in frames out of order with PING and PADDING between', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    const cuts = [0, 40, 41, 100, 250, message.length];
    const pieces = cuts.slice(1).map((end, i) => cryptoFrame(cuts[i]!, message.slice(cuts[i], end)));
    const frames = [4, 0, 3, 1, 2].flatMap((i) => [...pieces[i]!, 1, 0, 0]);
    flow.send(initialPacket({ keysOf: ID, frames }));
    expect(flow.facts).toEqual(FACTS);
  });

  it('over two datagrams, the second of which comes first, and once more', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    const second = initialPacket({ keysOf: ID, packetNumber: 1, frames: cryptoFrame(900, large.slice(900)) });
    flow.send(second);
    flow.send(second);
    expect(flow.facts.tlsJa4).toBeUndefined();
    flow.send(initialPacket({ keysOf: ID, frames: cryptoFrame(0, large.slice(0, 1000)) }));
    expect(flow.facts).toEqual(FACTS);
  });

  it('over two packets in one datagram', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    const half = { keysOf: ID, payloadOctets: 600 };
    flow.send([
      ...initialPacket({ ...half, frames: cryptoFrame(200, message.slice(200)) }),
      ...initialPacket({ ...half, packetNumber: 1, frames: cryptoFrame(0, message.slice(0, 200)) }),
    ]);
    expect(flow.facts).toEqual(FACTS);
  });

  it.each([true, false])('behind a Retry, which was seen: %s', (isSeen) => {
    const flow = new PayloadFlow(17, 50_000, 443);
    // The first Initial is lost but for its header.
    if (isSeen) {
      flow.send(initialPacket({ keysOf: ID, frames: cryptoFrame(0, large.slice(0, 1000)) }));
      flow.reply([0xf0, 0, 0, 0, 1, 0, 4, 9, 9, 9, 9, ...new Array(40).fill(3)]);
    } else
      flow.send(initialPacket({ keysOf: [5, 5, 5, 5], destinationId: ID, frames: cryptoFrame(0, message) }));
    flow.send(
      initialPacket({ keysOf: [9, 9, 9, 9], token: new Array(24).fill(3), frames: cryptoFrame(0, message) }),
    );
    expect(flow.facts).toEqual(FACTS);
  });

  it('that a Retry repeats, and a ServerHello by the keys of the id that the Retry gave', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send(initialPacket({ keysOf: ID, frames: cryptoFrame(0, message) }));
    flow.reply([0xf0, 0, 0, 0, 1, 0, 4, 9, 9, 9, 9, ...new Array(40).fill(3)]);
    flow.send(initialPacket({ keysOf: [9, 9, 9, 9], token: [3], frames: cryptoFrame(0, message) }));
    const frames = cryptoFrame(0, SERVER_HELLO);
    expect(
      flow.reply(initialPacket({ keysOf: [9, 9, 9, 9], destinationId: [], isServer: true, frames })),
    ).toBe(true);
    expect(flow.facts).toMatchObject({ ...FACTS, tlsCipherSuite: 0x1301 });
    expect(flow.context.counts[COUNT_MALFORMED]).toBe(0);
  });

  it('behind a Version Negotiation has the version that was agreed on', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send([0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, ...ID, 0, ...new Array(1200).fill(1)]);
    expect(flow.facts).toMatchObject({ applicationName: 'quic', quicVersion: 0x1a2a3a4a });
    flow.reply([0x80, 0, 0, 0, 0, 0, 8, ...ID, 0, 0, 0, 1]);
    flow.send(initialPacket({ keysOf: ID, frames: cryptoFrame(0, message) }));
    expect(flow.facts).toEqual(FACTS);
  });

  it('whose second packet is of another version, with keys of the same id (RFC 9369 §4.1)', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send(initialPacket({ keysOf: ID, frames: cryptoFrame(0, large.slice(0, 1000)) }));
    const frames = cryptoFrame(1000, large.slice(1000));
    flow.send(initialPacket({ version: V2, keysOf: ID, destinationId: [1, 2, 3], packetNumber: 1, frames }));
    expect(flow.facts).toEqual(FACTS);
  });

  it('cut by the snap length tells what is there, and nothing wrong', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send(initialPacket({ keysOf: ID, frames: cryptoFrame(0, message) }).slice(0, 256), 0, true);
    expect(flow.facts).toMatchObject({
      applicationName: 'quic',
      quicVersion: 1,
      tlsAlpn: 'h2,http/1.1',
      tlsFlags: 32,
    });
    expect(flow.facts.tlsJa4).toBeUndefined();
  });

  it('is not given up for a packet of other keys between its two', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    flow.send(initialPacket({ keysOf: ID, frames: cryptoFrame(0, large.slice(0, 1000)) }));
    for (let id = 1; id < 4; id++)
      flow.send(initialPacket({ keysOf: [id, id], destinationId: ID, frames: cryptoFrame(1000, [1, 2, 3]) }));
    flow.send(initialPacket({ keysOf: ID, packetNumber: 1, frames: cryptoFrame(1000, large.slice(1000)) }));
    expect(flow.facts).toEqual(FACTS);
    expect(flow.context.counts[COUNT_MALFORMED]).toBe(3);
  });

  it('with more gaps than are remembered is counted, and told in part', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    const frames = Array.from({ length: 40 }, (_, i) => cryptoFrame(2 * i, [message[2 * i]!])).flat();
    flow.send(initialPacket({ keysOf: ID, frames }));
    expect(flow.context.counts[COUNT_TOO_LONG]).toBe(1);
    flow.send(initialPacket({ keysOf: ID, packetNumber: 1, frames: cryptoFrame(0, message) }));
    expect(flow.facts).toEqual(FACTS);
  });

  it('two of them in one datagram: the first counts', () => {
    const flow = new PayloadFlow(17, 50_000, 443);
    const other = clientHello(exampleHello('other.example'));
    flow.send([
      ...initialPacket({ keysOf: ID, payloadOctets: 600, frames: cryptoFrame(0, message) }),
      ...initialPacket({ keysOf: ID, payloadOctets: 600, packetNumber: 1, frames: cryptoFrame(0, other) }),
    ]);
    expect(flow.facts).toEqual(FACTS);
  });
});

describe('hostile packets', () => {
  it('with any frames and lengths end in their time, and give their buffers back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (all, isCut) => {
          const flow = new PayloadFlow(17, 50_000, 443, { bufferCount: 2 });
          for (const frames of all)
            flow.send(initialPacket({ keysOf: ID, frames: [...frames], payloadOctets: 1 }), 0, isCut);
          flow.inspection.finish();
          expect([flow.context.buffers.take(), flow.context.buffers.take()]).not.toContain(undefined);
        },
      ),
      { numRuns: cases(300) },
    );
  });

  it('with any header are none, or named', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(0, 1, V2, 0x51303530),
        (rest, version) => {
          const flow = new PayloadFlow(17, 50_000, 4433);
          flow.send([
            0xc3,
            version >>> 24,
            (version >>> 16) & 255,
            (version >>> 8) & 255,
            version & 255,
            ...rest,
          ]);
          flow.inspection.finish();
          expect(['quic', 'dns', undefined]).toContain(flow.facts.applicationName);
        },
      ),
      { numRuns: cases(1000) },
    );
  });
});
