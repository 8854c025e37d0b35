/** Numbers and lists for people: grouped digits, octets in SI units, spans and points of time. Programs get JSON instead. */

/** `1,234,567`. Without Intl, whose data takes longer to load than a short replay. */
export function formatCount(count: number): string {
  return Number.isInteger(count) ? String(count).replace(/\B(?=(\d{3})+$)/g, ',') : String(count);
}

/**
 * A count and what it counts: `1 packet lost`, `1,234 packets lost`.
 * @param nouns in the plural, which ends in s; one word may stand before the noun, more may follow
 */
export function formatCounted(count: number, nouns: string): string {
  const singular = () => nouns.replace(/^((?:\w+ )??\w+?)(?:(?<=ch|ss)es|s)\b/, '$1');
  return `${formatCount(count)} ${count === 1 ? singular() : nouns}`;
}

/** `a`, `a or b`, `a, b or c`. @param word before the last one */
export function formatList(names: readonly string[], word: 'and' | 'or'): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} ${word} ${last}`;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** At most three significant digits and an SI prefix: `999`, `1.23 M`, `45.6 G`; six columns at most. */
export function formatShort(value: number): string {
  let scaled = value;
  let power = 0;
  // 999.5 would be rounded to four digits.
  while (scaled >= 999.5 && power < PREFIXES.length - 1) {
    scaled /= 1000;
    power++;
  }
  if (power === 0) return String(Math.round(scaled));
  const decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  return `${scaled.toFixed(decimals)} ${PREFIXES[power]}`;
}

/** `1.23 MB`; SI, so MB is 10^6 octets. */
export function formatOctets(octets: number): string {
  const short = formatShort(octets);
  return short.includes(' ') ? `${short}B` : `${short} B`;
}

/** A span of time, at most eight columns: `0.012 s`, `59.999 s`, `12m 03s`, `3h 07m`, `12d 03h`. */
export function formatSpan(spanMs: number): string {
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  if (spanMs < 59_999.5) return `${(spanMs / 1e3).toFixed(3)} s`;
  const seconds = Math.round(spanMs / 1e3);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`;
}

/** A point of time as `2026-11-21 04:07:02.123`, in UTC. Years beyond ECMAScript's dates come out as `?`. */
export function formatTime(unixNs: number): string {
  const date = new Date(unixNs / 1e6);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString().replace('T', ' ').slice(0, -1);
}
