/**
 * HTTP/1 of one connection (RFC 9112): the first request and the first response, up to the end of their header sections. The
 * target of a request is told as far as the options say, as queries hold what is private.
 */

import {
  type ApplicationFacts,
  CONFIDENCE_PARSED,
  CONFIDENCE_SIGNATURE,
  NAME_FROM_HTTP,
  nameApplication,
} from './facts.ts';
import type { InspectionContext } from './inspection-context.ts';
import { HAS_DIRECTION, type Inspector, WANTS_MORE, WANTS_NEXT } from './inspector.ts';
import type { Piece } from './stream-start.ts';
import { textAt } from './text.ts';

const LINE_OCTETS_MAX = 2048;
const METHOD_OCTETS_MAX = 16;
const TARGET_OCTETS_MAX = 256;
const USER_AGENT_OCTETS_MAX = 128;
const CONTENT_TYPE_OCTETS_MAX = 64;
const REASON_OCTETS_MAX = 64;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

const fourOctets = (text: string) => Buffer.from(text).readInt32BE();
/** First four octets of requests (RFC 9110 §9, RFC 5789, RFC 4918) and of responses. */
const BEGINNINGS: ReadonlySet<number> = new Set(
  [
    ...['GET ', 'POST', 'HEAD', 'PUT ', 'DELE', 'OPTI', 'CONN', 'PATC', 'TRAC'],
    ...['PROP', 'REPO', 'MKCO', 'LOCK', 'UNLO', 'COPY', 'MOVE', 'SEAR', 'HTTP', 'PRI '],
  ].map(fourOctets),
);
/** First octets of these. */
export const HTTP_FIRST_OCTETS = [...new Set(Array.from(BEGINNINGS, (four) => four >>> 24))];
const IS_FIRST_OCTET = new Uint8Array(256);
for (const octet of HTTP_FIRST_OCTETS) IS_FIRST_OCTET[octet] = 1;
const RESPONSE = fourOctets('HTTP');
const TUNNEL = fourOctets('CONN');
const TARGET_BEGINNINGS: ReadonlySet<number> = new Set(Buffer.from('/hH*'));
const VERSION = [...Buffer.from('HTTP/')];

function wordOf(octets: Uint8Array, at: number): number {
  return (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
}

/** Where the line from `from` on ends: its line feed, or -1. */
function lineEnd(octets: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) if (octets[at] === LINE_FEED) return at;
  return -1;
}

function isVersionAt(octets: Uint8Array, at: number, end: number): boolean {
  if (at + VERSION.length + 3 > end) return false;
  for (let i = 0; i < VERSION.length; i++) if (octets[at + i] !== VERSION[i]) return false;
  const major = octets[at + 5]!;
  return (major === 0x31 || major === 0x32) && octets[at + 6] === 0x2e;
}

/** The last blank of a request line whose end is at `end`, without the octets that end a line. */
function lastSpace(octets: Uint8Array, from: number, end: number): number {
  for (let at = end - 1; at > from; at--) if (octets[at] === SPACE) return at;
  return -1;
}

function withoutReturn(octets: Uint8Array, from: number, feed: number): number {
  return feed > from && octets[feed - 1] === CARRIAGE_RETURN ? feed - 1 : feed;
}

/** Whether the target of a line that is not whole is one of HTTP: a path, `http:`, `*`; that of CONNECT may be any. */
function isTarget(octets: Uint8Array, start: number, end: number): boolean {
  if (wordOf(octets, start) === TUNNEL) return true;
  let at = start;
  while (at < end && octets[at] !== SPACE) at++;
  return at + 1 < end && TARGET_BEGINNINGS.has(octets[at + 1]!);
}

/** Whether a request or a response begins here; of a line that is not whole, its method has to do. */
export function isHttp({ octets, start, end }: Piece): boolean {
  if (end - start < 9 || IS_FIRST_OCTET[octets[start]!] === 0) return false;
  if (!BEGINNINGS.has(wordOf(octets, start))) return false;
  if (wordOf(octets, start) === RESPONSE) return isVersionAt(octets, start, end);
  const limit = end - start > LINE_OCTETS_MAX ? start + LINE_OCTETS_MAX : end;
  const feed = lineEnd(octets, start, limit);
  if (feed >= 0) {
    const space = lastSpace(octets, start, withoutReturn(octets, start, feed));
    return space > 0 && isVersionAt(octets, space + 1, feed);
  }
  const textEnd = withoutReturn(octets, start, limit);
  for (let at = start; at < textEnd; at++) if (octets[at]! < SPACE || octets[at] === 0x7f) return false;
  return isTarget(octets, start, textEnd);
}

/** Whether the line at `from` is of the header field `name`, which is in lower case with its colon. */
function isField(octets: Uint8Array, from: number, end: number, name: string): boolean {
  if (from + name.length > end) return false;
  for (let i = 0; i < name.length; i++) {
    const octet = octets[from + i]!;
    const lower = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** The value of a field, blanks around it left out. */
function fieldValue(octets: Uint8Array, from: number, lineEnd: number, octetsMax: number): string {
  let start = from;
  let end = lineEnd;
  while (start < end && (octets[start] === SPACE || octets[start] === TAB)) start++;
  while (end > start && (octets[end - 1] === SPACE || octets[end - 1] === TAB)) end--;
  return textAt(octets, start, end, octetsMax);
}

/** A host of a Host field, an absolute target or one of CONNECT, without user and port, in lower case. */
export function hostOf(authority: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  if (host.startsWith('[')) return host.slice(1, host.includes(']') ? host.indexOf(']') : undefined);
  return host.includes(':') ? host.replace(/:\d*$/, '') : host;
}

/** The authority of a target in absolute form (RFC 9112 §3.2.2); most are paths. */
function authorityOf(target: string): string | undefined {
  return target.startsWith('/') ? undefined : /^[a-z][a-z+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
}

/** A target up to its query or fragment. */
function pathOf(target: string): string {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const fragment = path.indexOf('#');
  return fragment < 0 ? path : path.slice(0, fragment);
}

/** Whether a response is one of 1xx, behind which another follows; 101 changes the protocol (RFC 9110 §15.2). */
function isInterimAt(octets: Uint8Array, at: number, end: number): boolean {
  if (!isVersionAt(octets, at, end) || at + 12 > end) return false;
  const code = Number(textAt(octets, at + 9, at + 12));
  return code >= 100 && code < 200 && code !== 101;
}

/** Behind the empty line that ends the header fields from `from` on, or -1. */
function behindFields(octets: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; ) {
    const feed = lineEnd(octets, at, end);
    if (feed < 0) return -1;
    if (withoutReturn(octets, at, feed) === at) return feed + 1;
    at = feed + 1;
  }
  return -1;
}

export class HttpInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  readonly #context: InspectionContext;
  #isConnect = false;
  /** The target has the host, which wins over the Host field (RFC 9112 §3.2.2). */
  #hasTargetHost = false;
  #hasRequest = false;
  #hasResponse = false;

  constructor(context: InspectionContext, facts: ApplicationFacts) {
    this.#context = context;
    this.#facts = facts;
    nameApplication(facts, 'http', CONFIDENCE_SIGNATURE);
  }

  /** A tunnel that CONNECT asked for may hold TLS. */
  get isOuter(): boolean {
    return this.#isConnect;
  }

  release(): void {}

  take({ octets, start, end }: Piece): number {
    let at = start;
    while (end - at >= 4) {
      const isResponse = wordOf(octets, at) === RESPONSE;
      const isRead = isResponse ? this.#hasResponse : this.#hasRequest;
      if (isRead || !BEGINNINGS.has(wordOf(octets, at))) return this.#isConnect ? WANTS_NEXT : HAS_DIRECTION;
      const isInterim = isResponse && isInterimAt(octets, at, end);
      const next = isInterim ? this.#passHead(octets, at, end) : this.#takeHead(octets, at, end, isResponse);
      if (next < 0) return WANTS_MORE;
      at = next;
      if (isInterim) continue;
      if (isResponse) this.#hasResponse = true;
      else this.#hasRequest = true;
      nameApplication(this.#facts, 'http', CONFIDENCE_PARSED);
      return this.#isConnect ? WANTS_NEXT : HAS_DIRECTION;
    }
    return at === end ? WANTS_NEXT : WANTS_MORE;
  }

  /** Nothing of an interim response is told: the one that counts may come too late to be looked into. */
  #passHead(octets: Uint8Array, start: number, end: number): number {
    const feed = lineEnd(octets, start, end);
    return feed < 0 ? -1 : behindFields(octets, feed + 1, end);
  }

  /** A request or status line and its fields. @returns behind their empty line; -1 where that has not come */
  #takeHead(octets: Uint8Array, start: number, end: number, isResponse: boolean): number {
    const feed = lineEnd(octets, start, end);
    const firstEnd = feed < 0 ? end : withoutReturn(octets, start, feed);
    if (isResponse) this.#takeStatus(octets, start, firstEnd, feed >= 0);
    else this.#takeRequest(octets, start, firstEnd, feed >= 0);
    return feed < 0 ? -1 : this.#takeFields(octets, feed + 1, end, isResponse);
  }

  #takeStatus(octets: Uint8Array, start: number, end: number, isWhole: boolean): void {
    if (!isVersionAt(octets, start, end) || start + 12 > end) return;
    const facts = this.#facts;
    facts.httpMessageVersion ??= textAt(octets, start, start + 8);
    const code = Number(textAt(octets, start + 9, start + 12));
    if (code >= 100) facts.httpStatusCode = code;
    if (isWhole && start + 13 < end)
      facts.httpReasonPhrase = textAt(octets, start + 13, end, REASON_OCTETS_MAX);
  }

  #takeRequest(octets: Uint8Array, start: number, end: number, isWhole: boolean): void {
    const facts = this.#facts;
    let at = start;
    while (at < end && octets[at] !== SPACE) at++;
    if (at === end || at - start > METHOD_OCTETS_MAX) return;
    facts.httpRequestMethod = textAt(octets, start, at);
    this.#isConnect = facts.httpRequestMethod === 'CONNECT';
    const space = isWhole ? lastSpace(octets, at, end) : end;
    if (isWhole && isVersionAt(octets, space + 1, end))
      facts.httpMessageVersion = textAt(octets, space + 1, end, 10);
    if (!isWhole || space <= at) return;
    this.#takeTarget(textAt(octets, at + 1, space, LINE_OCTETS_MAX));
  }

  #takeTarget(target: string): void {
    const authority = this.#isConnect ? target : authorityOf(target);
    if (authority !== undefined && authority !== '') {
      this.#hasTargetHost = true;
      this.#tellHost(authority);
    }
    const { httpTarget } = this.#context.options;
    if (httpTarget === 'none') return;
    const kept = httpTarget === 'full' ? target : pathOf(target);
    this.#facts.httpRequestTarget = kept.slice(0, TARGET_OCTETS_MAX);
  }

  #tellHost(authority: string): void {
    const host = hostOf(authority).slice(0, TARGET_OCTETS_MAX);
    if (host === '') return;
    const facts = this.#facts;
    facts.httpRequestHost = host;
    facts.serverName = host;
    facts.serverNameSource = NAME_FROM_HTTP;
  }

  /** Header fields from `from` on. @returns behind the empty line that ends them, or -1 */
  #takeFields(octets: Uint8Array, from: number, end: number, isResponse: boolean): number {
    for (let at = from; at < end; ) {
      const feed = lineEnd(octets, at, end);
      if (feed < 0) return -1;
      const to = withoutReturn(octets, at, feed);
      if (to === at) return feed + 1;
      if (isResponse) this.#takeResponseField(octets, at, to);
      else this.#takeRequestField(octets, at, to);
      at = feed + 1;
    }
    return -1;
  }

  #takeRequestField(octets: Uint8Array, at: number, end: number): void {
    if (isField(octets, at, end, 'host:') && !this.#hasTargetHost)
      this.#tellHost(fieldValue(octets, at + 5, end, TARGET_OCTETS_MAX));
    else if (isField(octets, at, end, 'user-agent:'))
      this.#facts.httpUserAgent = fieldValue(octets, at + 11, end, USER_AGENT_OCTETS_MAX);
  }

  #takeResponseField(octets: Uint8Array, at: number, end: number): void {
    if (!isField(octets, at, end, 'content-type:')) return;
    const type = fieldValue(octets, at + 13, end, CONTENT_TYPE_OCTETS_MAX);
    this.#facts.httpContentType = type.includes(';') ? type.replace(/\s*;.*$/s, '') : type;
  }
}
