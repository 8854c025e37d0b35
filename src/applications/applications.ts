/**
 * The applications that payload inspection can name: a row for each, with its number in nDPI's registry, which is the
 * selector of applicationId with classification engine 22 (RFC 6759, IANA classificationEngineIds), and the ports by which
 * a flow is guessed to be one of it. Names are IANA's service names in lower case where these are in use.
 */

export interface Application {
  readonly name: string;
  /** nDPI's number; 0 where it has none. */
  readonly number: number;
  /** For the options table (applicationDescription): at most 54 octets. */
  readonly description: string;
  /** Ports of servers, for a guess. */
  readonly tcp?: readonly number[];
  readonly udp?: readonly number[];
}

export const APPLICATIONS = [
  { name: 'ftp', number: 1, description: 'File Transfer Protocol', tcp: [21] },
  { name: 'pop3', number: 2, description: 'Post Office Protocol', tcp: [110] },
  { name: 'smtp', number: 3, description: 'Simple Mail Transfer Protocol', tcp: [25, 587] },
  { name: 'imap', number: 4, description: 'Internet Message Access Protocol', tcp: [143] },
  { name: 'dns', number: 5, description: 'Domain Name System', tcp: [53], udp: [53] },
  { name: 'http', number: 7, description: 'Hypertext Transfer Protocol', tcp: [80, 8080, 3128, 8000] },
  { name: 'mdns', number: 8, description: 'Multicast DNS', udp: [5353] },
  { name: 'ntp', number: 9, description: 'Network Time Protocol', udp: [123] },
  { name: 'netbios-ns', number: 10, description: 'NetBIOS name service', udp: [137] },
  {
    name: 'llmnr',
    number: 154,
    description: 'Link-local multicast name resolution',
    tcp: [5355],
    udp: [5355],
  },
  { name: 'ssh', number: 92, description: 'Secure Shell', tcp: [22] },
  { name: 'tls', number: 91, description: 'Transport Layer Security', tcp: [443, 8443] },
  { name: 'quic', number: 188, description: 'QUIC', udp: [443] },
] as const satisfies readonly Application[];

export type ApplicationName = (typeof APPLICATIONS)[number]['name'];

/** Rows by name. */
export const APPLICATION_BY_NAME: ReadonlyMap<ApplicationName, Application> = new Map(
  APPLICATIONS.map((row) => [row.name, row]),
);

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

function portsOf(ports: (row: Application) => readonly number[] | undefined): Map<number, ApplicationName> {
  return new Map(APPLICATIONS.flatMap((row) => (ports(row) ?? []).map((port) => [port, row.name] as const)));
}

const BY_PORT: Readonly<Record<number, ReadonlyMap<number, ApplicationName>>> = {
  [PROTOCOL_TCP]: portsOf((row) => row.tcp),
  [PROTOCOL_UDP]: portsOf((row) => row.udp),
};

/**
 * The application that ports alone suggest: a guess, CONFIDENCE_PORT. The responder's port counts first.
 * @param protocol IP protocol; only TCP (6) and UDP (17) have ports that suggest something
 */
export function guessApplication(
  protocol: number,
  initiatorPort: number,
  responderPort: number,
): ApplicationName | undefined {
  const ports = BY_PORT[protocol];
  return ports?.get(responderPort) ?? ports?.get(initiatorPort);
}
