/** Figures in sentences: rates, times, shares. For people; programs get numbers. Counts and octets: base/units.ts. */
import { formatShort } from '../base/units.ts';

/** `2.81 Mbit/s`. */
export function rateText(bitsPerSecond: number): string {
  if (Number.isNaN(bitsPerSecond)) return 'unknown rate';
  const short = formatShort(bitsPerSecond);
  return `${short}${short.includes(' ') ? '' : ' '}bit/s`;
}

/** So many significant digits, without an exponent and without trailing zeros. */
function significant(value: number, digits: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toFixed(Math.min(decimals, 20));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** `190 ms`, `0.21 ms`, `94 s`, `35.2 s`. */
export function timeText(ms: number): string {
  if (Number.isNaN(ms)) return 'unknown';
  if (ms < 1000) return `${significant(ms, 3)} ms`;
  const seconds = ms / 1e3;
  if (seconds < 3600) return `${seconds < 9.95 ? significant(seconds, 3) : String(Math.round(seconds))} s`;
  return `${significant(seconds / 3600, 3)} h`;
}

/** `0.8 %`, `0.0046 %`. */
export function shareText(share: number): string {
  return `${significant(share * 100, 2)} %`;
}
