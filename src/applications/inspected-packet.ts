/** One packet as payload inspection takes it: made once, and filled anew for each packet, so that nothing is allocated. */

export interface InspectedPacket {
  /** The memory that the payload lies in; read during `take` only. */
  octets: Uint8Array;
  /** The first octet of the payload of TCP, UDP or another transport, as an index into `octets`. */
  start: number;
  /** Behind the last octet that was captured of it. */
  end: number;
  /** Against the direction of the flow's first packet. */
  reverse: boolean;
  /** IP protocol: 6 TCP, 17 UDP. */
  protocol: number;
  /** Ports of this packet, not of the flow. */
  sourcePort: number;
  destinationPort: number;
  /** TCP: the sequence number of the payload's first octet (that of a SYN plus 1), 32 bits of either sign. */
  sequence: number;
  /** Observation time in nanoseconds since any beginning that is the flow's. */
  timeNs: number;
  /** Payload goes on behind `end`: the snap length cut the packet, or it is the first fragment of a larger one. */
  cut: boolean;
}

/** A packet to be filled. */
export function createInspectedPacket(): InspectedPacket {
  return {
    octets: new Uint8Array(0),
    start: 0,
    end: 0,
    reverse: false,
    protocol: 0,
    sourcePort: 0,
    destinationPort: 0,
    sequence: 0,
    timeNs: 0,
    cut: false,
  };
}
