/** The type of an option that says where a Unix socket is: a path, `auto` or `none`. */
import type { OptionType } from './option-types.ts';

/** Octets of a path that Linux can bind a socket to (sun_path of unix(7), less the closing zero). */
const PATH_OCTETS_MAX = 107;
const PATH = /^\/[^\0\n]*[^\0\n/]$/;

export const SOCKET_PATH: OptionType = {
  allowed: `auto, none, or an absolute path of at most ${PATH_OCTETS_MAX} octets, as /run/flowtap/flowtap.sock`,
  placeholder: 'PATH|auto|none',
  jsonSchema: { oneOf: [{ enum: ['auto', 'none'] }, { type: 'string', pattern: '^/.*[^/]$' }] },
  parse(raw) {
    if (raw === 'auto' || raw === 'none') return raw;
    if (typeof raw !== 'string' || !PATH.test(raw)) return undefined;
    return Buffer.byteLength(raw) <= PATH_OCTETS_MAX ? raw : undefined;
  },
};
