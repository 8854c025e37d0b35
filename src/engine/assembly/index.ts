/** What the engine does for every packet; `engine.ts` loads it. */
export { decodeCommon, decodedOctetsOnWire } from './decode';
export { saysNothing } from './first-look';
export { countFrames } from './frames';
export { orderAndHash } from './keys';
export { meter, touchIndex } from './meter';
export { scanOrder } from './order';
export { keepShare } from './share';
export { useInterface } from './pcap';
export { takeRecords } from './direct';
export { walkBlocks, walkPcap } from './walk';
export { takeRing } from './ring';
export { markSegments } from './segments';
export { bobHash, isSelected } from './select';
export { beginFlow, insertFlow, useTable } from './table';
export { deadlineNs, scheduleFlow, setTimeouts, unschedule } from './wheel';
