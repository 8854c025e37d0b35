/** Files that people give in place of a capture: an error names them by their first octets, and says what to do. */

interface OtherFormat {
  readonly name: string;
  readonly remedy: string;
}

const CONVERT = 'Convert it with: editcap -F pcapng IN OUT';
const NETMON = { name: 'a Network Monitor capture', remedy: CONVERT };
const PATCHED_PCAP = { name: 'a pcap variant of a patched libpcap', remedy: CONVERT };
const NFDUMP = { name: 'a file of nfdump', remedy: 'Replay the capture it was made of: it holds flows.' };

/** By the first octets in hexadecimal. */
const OTHER_FORMATS: Readonly<Record<string, OtherFormat>> = {
  '73 6e 6f 6f': { name: 'a snoop capture', remedy: CONVERT },
  '52 54 53 53': NETMON,
  '47 4d 42 55': NETMON,
  'a1 b2 34 cd': PATCHED_PCAP,
  'cd 34 b2 a1': PATCHED_PCAP,
  'fd 37 7a 58': { name: 'xz', remedy: 'Uncompress it on the way: xz -dc FILE | flowtap replay -' },
  '42 5a 68': { name: 'bzip2', remedy: 'Uncompress it on the way: bzip2 -dc FILE | flowtap replay -' },
  '04 22 4d 18': { name: 'lz4', remedy: 'Uncompress it on the way: lz4 -dc FILE | flowtap replay -' },
  '50 4b 03 04': { name: 'a zip archive', remedy: 'Take the captures out of it: unzip FILE' },
  '0c a5': NFDUMP,
  'a5 0c': NFDUMP,
};

/**
 * Names what a file is that begins with these octets.
 * @param octets in hexadecimal, with spaces between
 */
export function describeOtherFormat(octets: string): { found: string; remedy: string } {
  for (const [magic, { name, remedy }] of Object.entries(OTHER_FORMATS)) {
    if (octets.startsWith(magic)) return { found: `${name} (first octets ${octets})`, remedy };
  }
  return { found: `first octets ${octets}`, remedy: 'See what it is with: capinfos FILE, or file FILE' };
}
