/** What the engine does for every packet; `engine.ts` loads it. */
export { decodeCommon, decodedOctetsOnWire } from './decode';
export { countFrames } from './frames';
export { orderAndHash } from './keys';
export { meter, setTimeouts, touchEntries, touchIndex, useTable } from './meter';
export { walkPcap } from './pcap';
