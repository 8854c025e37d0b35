/** Figures as people read them: three digits, units behind them, spans of time, ends of flows. */

const UNKNOWN = '–';
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];
const STEP = 1000;

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A count with its thousands apart. */
export function count(value) {
  return value === null || value === undefined || Number.isNaN(value) ? UNKNOWN : whole.format(value);
}

/** Three digits. */
function short(value) {
  if (value === 0) return '0';
  if (value >= 100) return String(Math.round(value));
  if (value >= 10) return value.toFixed(1).replace(/\.0$/, '');
  return value >= 1 ? value.toFixed(2).replace(/\.?0+$/, '') : value.toPrecision(2).replace(/\.?0+$/, '');
}

/** A figure with a prefix of its unit, in two parts: `['12.3', 'Mbit/s']`. */
export function parts(value, unit) {
  if (value === null || value === undefined || Number.isNaN(value)) return [UNKNOWN, unit];
  let [scaled, prefix] = [value, 0];
  while (Math.round(scaled) >= STEP && prefix < PREFIXES.length - 1) {
    scaled /= STEP;
    prefix++;
  }
  return [short(scaled), `${PREFIXES[prefix]}${unit}`];
}

/** `12.3 Mbit/s`. */
export function figure(value, unit = '') {
  return parts(value, unit).join('\u202f').trimEnd();
}

/** A rate of things, which have no prefix of their own: `12.3 k packets/s`. */
export function rate(value, things) {
  const [digits, prefix] = parts(value, '');
  return [digits + (prefix === '' ? '' : `\u202f${prefix}`), `${things}/s`];
}

/** Octets, in units of 1000. */
export function octets(value) {
  return figure(value, 'B');
}

const SPANS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A span in its two greatest units: `2 d 4 h`. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  let rest = Math.max(0, Math.round(seconds));
  const told = [];
  for (const [size, unit] of SPANS) {
    const number = Math.floor(rest / size);
    rest -= number * size;
    if (number > 0) told.push(`${number}\u202f${unit}`);
    else if (told.length > 0) break;
    if (told.length === 2) break;
  }
  return told.length === 0 ? '0\u202fs' : told.join(' ');
}

/** Milliseconds with three digits; seconds where there are thousands. */
export function milliseconds(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  return value >= STEP ? `${short(value / STEP)}\u202fs` : `${short(value)}\u202fms`;
}

/** A share of one: `0.012 %`. */
export function share(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  return value === 0 ? '0\u202f%' : `${short(value * 100)}\u202f%`;
}

/** An address of a flow. @param side source or destination */
export function address(flow, side) {
  return flow[`${side}IPv6Address`] ?? flow[`${side}IPv4Address`] ?? UNKNOWN;
}

/** The port of a flow's side; undefined where its protocol has none. */
export function port(flow, side) {
  const isIcmp = flow.icmpTypeCodeIPv4 !== undefined || flow.icmpTypeCodeIPv6 !== undefined;
  const number = flow[`${side}TransportPort`];
  return isIcmp || number === 0 ? undefined : number;
}

/** `192.0.2.1:443`, `[2001:db8::1]:443`. */
export function end(flow, side) {
  const [host, number] = [address(flow, side), port(flow, side)];
  if (number === undefined) return host;
  return host.includes(':') ? `[${host}]:${number}` : `${host}:${number}`;
}

/** Counters of both directions of a flow together. */
export function both(flow, element) {
  const reverse = `reverse${element[0].toUpperCase()}${element.slice(1)}`;
  return (flow[element] ?? 0) + (flow[reverse] ?? 0);
}
