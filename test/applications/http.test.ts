/** HTTP/1 and SSH in payload inspection: heads over segments, hosts by RFC 9112, tunnels, what is private, any octets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostOf } from '../../src/applications/http.ts';
import type { InspectionOptions } from '../../src/applications/inspection-context.ts';
import { cases } from '../support/cases.ts';
import { clientHello, exampleHello, inRecords } from '../support/client-hello.ts';
import { PayloadFlow } from '../support/payload-flow.ts';

const text = (...lines: string[]) => Buffer.from(lines.join('\r\n'));
const REQUEST = text(
  'GET /where?q=now#here HTTP/1.1',
  'hOST: Www.Example.org:8080',
  'User-Agent:  curl/7.16.3 libcurl/7.16.3 ',
  'X-Host: other.example',
  '',
  '',
);
const RESPONSE = text(
  'HTTP/1.1 404 Not Found',
  'Server: Apache',
  'CONTENT-TYPE: text/html; charset=utf-8',
  '',
  '<html>Host: no.example',
);
const REQUEST_FACTS = {
  applicationName: 'http',
  applicationConfidence: 4,
  httpRequestMethod: 'GET',
  httpRequestTarget: '/where',
  httpMessageVersion: 'HTTP/1.1',
  httpRequestHost: 'www.example.org',
  httpUserAgent: 'curl/7.16.3 libcurl/7.16.3',
  serverName: 'www.example.org',
  serverNameSource: 3,
};
const FACTS = {
  ...REQUEST_FACTS,
  ...{ httpStatusCode: 404, httpReasonPhrase: 'Not Found', httpContentType: 'text/html' },
};

describe('a request and its response', () => {
  it('say who was asked for what', () => {
    const flow = new PayloadFlow(6, 50_000, 80);
    expect(flow.send(REQUEST)).toBe(false);
    expect(flow.facts).toEqual(REQUEST_FACTS);
    expect(flow.reply(RESPONSE)).toBe(true);
    expect(flow.facts).toEqual(FACTS);
  });

  it('may be cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(REQUEST.length), { maxLength: 6 }),
        fc.nat(RESPONSE.length),
        (cuts, cut) => {
          const flow = new PayloadFlow(6, 50_000, 8000);
          const ends = [...cuts.sort((a, b) => a - b), REQUEST.length];
          for (const [i, end] of ends.entries()) flow.send(REQUEST.subarray(ends[i - 1] ?? 0, end));
          flow.reply(RESPONSE.subarray(0, cut));
          flow.reply(RESPONSE.subarray(cut));
          expect(flow.facts).toEqual(FACTS);
        },
      ),
      { numRuns: cases(200) },
    );
  });

  it.each([
    ['none', undefined],
    ['path', '/where'],
    ['full', '/where?q=now#here'],
  ] as [InspectionOptions['httpTarget'], string | undefined][])(
    'with the target %s: %s',
    (httpTarget, expected) => {
      const flow = new PayloadFlow(6, 50_000, 80, { httpTarget });
      flow.send(REQUEST);
      expect(flow.facts.httpRequestTarget).toBe(expected);
    },
  );

  it.each([
    ['GET http://User@Example.net:81/a HTTP/1.1', 'example.net'],
    ['CONNECT [2001:DB8::1]:443 HTTP/1.1', '2001:db8::1'],
    ['CONNECT example.net:443 HTTP/1.1', 'example.net'],
    ['OPTIONS * HTTP/1.1', 'header.example'],
  ])('have of %s the host %s (RFC 9112 §3.2.2)', (line, host) => {
    const flow = new PayloadFlow(6, 50_000, 3128);
    flow.send(text(line, 'Host: header.example', '', ''));
    expect(flow.facts.httpRequestHost).toBe(host);
  });

  it('through a proxy tell what the tunnel holds', () => {
    const flow = new PayloadFlow(6, 50_000, 3128);
    flow.send(text('CONNECT example.net:443 HTTP/1.1', 'Host: example.net:443', '', ''));
    expect(flow.reply(text('HTTP/1.1 200 Connection established', '', ''))).toBe(false);
    flow.send(inRecords(clientHello(exampleHello('Inner.example'))));
    expect(flow.facts).toMatchObject({
      ...{ applicationName: 'http', httpRequestHost: 'example.net', httpStatusCode: 200 },
      ...{ tlsServerName: 'inner.example', serverName: 'inner.example', serverNameSource: 1 },
    });
  });

  it('take no interim response for the one that counts (RFC 9110 §15.2), in one segment or two', () => {
    for (const isApart of [false, true]) {
      const flow = new PayloadFlow(6, 50_000, 80);
      flow.send(REQUEST);
      const interim = text('HTTP/1.1 100 Continue', '', '');
      if (isApart) flow.reply(interim);
      // The one that counts may come too late to be looked into.
      if (isApart) expect(flow.facts.httpStatusCode).toBeUndefined();
      flow.reply(isApart ? RESPONSE : Buffer.concat([interim, RESPONSE]));
      expect(flow.facts).toEqual(FACTS);
    }
  });

  it('of which the end was not captured tell what is whole', () => {
    const flow = new PayloadFlow(6, 50_000, 80);
    flow.send(REQUEST.subarray(0, REQUEST.indexOf('ample.org')), 0, true);
    expect(flow.facts).toMatchObject({ applicationName: 'http', httpRequestMethod: 'GET' });
    expect(flow.facts.httpRequestHost).toBeUndefined();
    expect(flow.facts.serverName).toBeUndefined();
  });

  it.each(['GET / SIP/2.0\r\n', 'POSTAL\r\n', 'GET \x00\x01\x02\x03\x04\x05', 'HTTP/9 hello\r\n'])(
    'are not %j',
    (first) => {
      const flow = new PayloadFlow(6, 50_000, 9);
      flow.send(Buffer.from(first));
      flow.inspection.finish();
      expect(flow.facts.applicationName).not.toBe('http');
    },
  );

  it('hold no control characters, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40 }), (value, line) => {
        const flow = new PayloadFlow(6, 50_000, 80);
        flow.send([...Buffer.from('GET /'), ...value, ...Buffer.from(' HTTP/1.1\r\nHost: '), ...line]);
        flow.send([...value, ...Buffer.from('\r\nUser-Agent: '), ...value, ...Buffer.from('\r\n\r\n')]);
        flow.inspection.finish();
        for (const fact of Object.values(flow.facts)) expect(String(fact)).not.toMatch(/\p{Cc}/u);
        expect((flow.facts.httpRequestTarget ?? '').length).toBeLessThanOrEqual(256);
      }),
      { numRuns: cases(500) },
    );
  });

  it('have hosts of any text', () => {
    expect(['a:80', 'A', '[::1]', '[::1', 'u:p@h:1', ':80'].map(hostOf)).toEqual([
      'a',
      'a',
      '::1',
      '::1',
      'h',
      '',
    ]);
  });
});

describe('SSH', () => {
  it('has a line of each side (RFC 4253 §4.2)', () => {
    const flow = new PayloadFlow(6, 50_000, 2222);
    expect(flow.reply(Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'))).toBe(false);
    expect(flow.send(Buffer.from('SSH-2.0-billsSSH_3.6.3q3\r\n\0\0\x01\x02'))).toBe(true);
    expect(flow.facts).toEqual({
      ...{ applicationName: 'ssh', applicationConfidence: 4 },
      ...{ sshServerVersion: 'SSH-2.0-OpenSSH_9.2p1 Debian-2', sshClientVersion: 'SSH-2.0-billsSSH_3.6.3q3' },
    });
  });
});
