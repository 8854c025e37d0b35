/** Numbers that TLS, DTLS and QUIC have alike: content types and handshake types (RFC 8446 §4, §5.1, appendix B). */

/** Content types of records. */
export const CHANGE_CIPHER_SPEC_RECORD = 20;
export const HANDSHAKE_RECORD = 22;
export const DATA_RECORD = 23;
/** All of them: alerts are 21. */
export const TLS_RECORDS = [20, 21, 22, 23];
/** Octets of a record: 16,384, and 2,048 that protection may add (RFC 5246 §6.2.3). */
export const RECORD_OCTETS_MAX = 16_384 + 2_048;

/** Types of handshake messages. */
export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
