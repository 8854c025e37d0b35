/** How many octets of each frame are asked of the kernel. */
import { describe, expect, it } from 'vitest';
import { snapLengthsOf } from '../../../src/probe/live/snap-length.ts';
import { UDP_TUNNEL_PORTS } from '../../../src/records/tunnel-kinds.ts';

const decode = { decapsulate: [], udpPorts: UDP_TUNNEL_PORTS };
const auto = { live: { snapLength: 'auto' as const }, decode };

describe('the snap length', () => {
  it('has room for headers, and for payload where it is looked into', () => {
    expect(snapLengthsOf(auto, undefined)).toEqual({ snapLength: 256 });
    expect(snapLengthsOf(auto, { certificate: false })).toEqual({
      snapLength: 2048,
      headersSnap: { octets: 256, tunnelPorts: [] },
    });
  });

  it('is the same for all frames where certificates are read, or where the user says it', () => {
    expect(snapLengthsOf(auto, { certificate: true })).toEqual({ snapLength: 2048 });
    const own = { live: { snapLength: 512 }, decode };
    expect(snapLengthsOf(own, { certificate: false })).toEqual({ snapLength: 512 });
  });

  it('leaves tunnels that are looked into whole, at the ports that they have', () => {
    const udpPorts = { ...UDP_TUNNEL_PORTS, vxlan: [14_789] };
    const decapsulate = ['vxlan', 'gre', 'gtpu'] as const;
    const { headersSnap } = snapLengthsOf({ ...auto, decode: { decapsulate, udpPorts } }, {});
    expect(headersSnap?.tunnelPorts).toEqual([14_789, 2152]);
  });
});
