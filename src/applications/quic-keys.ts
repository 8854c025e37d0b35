/** Keys of QUIC's Initial packets (RFC 9001 §5.2, RFC 9369 §3.3), which follow from the connection id that the client chose. */

import { Aes128 } from './aes128.ts';
import { DIGEST_OCTETS, Hmac } from './sha256.ts';

export const QUIC_V1 = 1;
export const QUIC_V2 = 0x6b3343cf;
const DRAFT = 0xff000000;
const MVFST_1 = 0xfaceb001;
const MVFST_2 = 0xfaceb002;

const octetsOf = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const SALT_V1 = octetsOf('38762cf7f55934b34d179ae6a4c80cadccbb7f0a');
const SALT_V2 = octetsOf('0dede3def700a6db819381be6e269dcbf9bd2ed9');
const SALT_DRAFT_29 = octetsOf('afbfec289993d24c9e9786f19c6111e04390a899');
const SALT_DRAFT_23 = octetsOf('c3eef712c72ebb5a11a7d2432bb46365bef9f502');
const SALT_MVFST_1 = octetsOf('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a');

/** The salt of a version, or undefined for one whose Initial packets are not known. @param version unsigned 32 bits */
export function saltOf(version: number): Uint8Array | undefined {
  if (version === QUIC_V1) return SALT_V1;
  if (version === QUIC_V2) return SALT_V2;
  if (version === MVFST_1) return SALT_MVFST_1;
  if (version === MVFST_2) return SALT_DRAFT_23;
  const draft = version - DRAFT;
  if (draft === 33 || draft === 34) return SALT_V1;
  if (draft >= 29 && draft <= 32) return SALT_DRAFT_29;
  return draft >= 23 && draft <= 28 ? SALT_DRAFT_23 : undefined;
}

/** HkdfLabel of RFC 8446 §7.1 with an empty context, and the counter of HKDF-Expand's only step behind it. */
function labelOf(text: string, octets: number): Uint8Array {
  const name = `tls13 ${text}`;
  return Uint8Array.from([0, octets, name.length, ...Buffer.from(name), 0, 1]);
}

const CLIENT_LABEL = labelOf('client in', DIGEST_OCTETS);
const SERVER_LABEL = labelOf('server in', DIGEST_OCTETS);
const LABELS = { key: labelOf('quic key', 16), iv: labelOf('quic iv', 12), hp: labelOf('quic hp', 16) };
const LABELS_V2 = {
  key: labelOf('quicv2 key', 16),
  iv: labelOf('quicv2 iv', 12),
  hp: labelOf('quicv2 hp', 16),
};

const hmac = new Hmac();
const secret = new Uint8Array(DIGEST_OCTETS);
const derived = new Uint8Array(DIGEST_OCTETS);

function derive(label: Uint8Array): Uint8Array {
  hmac.sign(label, label.length, derived);
  return derived;
}

/** Keys of one direction. */
export class QuicKeys {
  readonly packet = new Aes128();
  readonly header = new Aes128();
  readonly iv = new Uint8Array(12);
  /** Version that the keys are of; 0 before any. */
  version = 0;

  /**
   * @param connectionId at its beginning that of the client's first Initial packet
   * @returns false for a version whose Initial packets are not known
   */
  set(version: number, connectionId: Uint8Array, length: number, isServer: boolean): boolean {
    const salt = saltOf(version);
    if (salt === undefined) return false;
    hmac.setKey(salt, salt.length);
    hmac.sign(connectionId, length, secret);
    hmac.setKey(secret, DIGEST_OCTETS);
    const direction = isServer ? SERVER_LABEL : CLIENT_LABEL;
    hmac.sign(direction, direction.length, secret);
    hmac.setKey(secret, DIGEST_OCTETS);
    const labels = version === QUIC_V2 ? LABELS_V2 : LABELS;
    this.packet.setKey(derive(labels.key));
    this.header.setKey(derive(labels.hp));
    derive(labels.iv);
    for (let i = 0; i < this.iv.length; i++) this.iv[i] = derived[i]!;
    this.version = version;
    return true;
  }
}
