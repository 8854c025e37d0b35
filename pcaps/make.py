#!/usr/bin/env python3
"""Makes the small captures of this folder (all but demo.pcapng): pip install scapy==2.8.0; python3 make.py [NAME…]

Each is a handful of packets that a rule of flowtap can be read off. Addresses are those for documentation and private
use, times start at 2026-01-01 00:00:00 UTC, payloads are letters. Nothing is random: the same files every time.
"""
import gzip
import os
import struct
import sys

from scapy.all import (
    AH, ARP, GRE, ICMP, IP, IPv6, LLC, PPP, SNAP, TCP, UDP, Dot1AD, Dot1Q, Dot3, Ether, ICMPv6EchoReply,
    ICMPv6EchoRequest, ICMPv6ND_NS, IPOption_Router_Alert, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting, L2TP, PPPoE, Raw, SCTP, fragment, fragment6, raw,
)
from scapy.contrib.erspan import ERSPAN_II
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.igmp import IGMP
from scapy.contrib.mpls import MPLS
from scapy.contrib.nsh import NSH
from scapy.layers.sctp import SCTPChunkData
from scapy.layers.vxlan import VXLAN

HERE = os.path.dirname(os.path.abspath(__file__))
T0 = 1767225600  # 2026-01-01 00:00:00 UTC
MS = 10**6
S = 10**9

ETHER = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')
BACK = Ether(src='02:00:00:00:00:02', dst='02:00:00:00:00:01')
A, B = '192.0.2.1', '198.51.100.2'
A6, B6 = '2001:db8::1', '2001:db8::2'


def letters(count):
    return Raw((b'abcdefghijklmnopqrstuvwxyz' * (count // 26 + 1))[:count])


def spread(frames, step_ns=MS):
    """Frames, each with a time: one step after the other, unless a frame comes as (offset in ns, frame)."""
    return [f if isinstance(f, tuple) else (i * step_ns, f) for i, f in enumerate(frames)]


def pcap(frames, nanoseconds=False, big_endian=False, link_type=1, snap=262144):
    """A classic pcap file as bytes."""
    order = '>' if big_endian else '<'
    out = struct.pack(order + 'IHHiIII', 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, snap, link_type)
    for offset, frame in spread(frames):
        data = frame if isinstance(frame, bytes) else raw(frame)
        second, rest = divmod(offset, S)
        stored = data[:snap]
        fraction = rest if nanoseconds else rest // 1000
        out += struct.pack(order + 'IIII', T0 + second, fraction, len(stored), len(data)) + stored
    return out


def block(kind, body, order='<'):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + 'II', kind, length) + body + struct.pack(order + 'I', length)


def option(code, value, order='<'):
    return struct.pack(order + 'HH', code, len(value)) + value + bytes(-len(value) % 4)


def section(order='<'):
    return block(0x0A0D0D0A, struct.pack(order + 'IHHq', 0x1A2B3C4D, 1, 0, -1), order)


def interface(link_type, snap, *options, order='<'):
    return block(1, struct.pack(order + 'HHI', link_type, 0, snap) + b''.join(options) + bytes(4), order)


def enhanced(number, units, data, wire=None, order='<'):
    high, low = divmod(units, 2**32)
    wire = len(data) if wire is None else wire
    return block(6, struct.pack(order + 'IIIII', number, high, low, len(data), wire) + data, order)


def tcp_talk(sport, dport=80, seq=1000, start=0, close='fin', data=(100, 400)):
    """A whole TCP connection from A to B: [(ns, frame)], 1 ms between segments."""
    flows = {'c': ETHER / IP(src=A, dst=B), 's': BACK / IP(src=B, dst=A)}
    ports = {'c': dict(sport=sport, dport=dport), 's': dict(sport=dport, dport=sport)}
    number = {'c': seq, 's': seq * 7}
    frames = []

    def say(who, flags, count=0):
        other = 's' if who == 'c' else 'c'
        ack = number[other] if 'A' in flags else 0
        segment = TCP(flags=flags, seq=number[who], ack=ack, **ports[who])
        frames.append((start + len(frames) * MS, flows[who] / segment / letters(count)))
        number[who] += count + ('S' in flags or 'F' in flags)

    say('c', 'S')
    say('s', 'SA')
    say('c', 'A')
    say('c', 'PA', data[0])
    say('s', 'PA', data[1])
    say('c', 'A')
    if close == 'fin':
        say('c', 'FA')
        say('s', 'FA')
        say('c', 'A')
    elif close == 'rst':
        say('s', 'RA')
    return frames


def udp4(sport=5000, dport=7, count=40, **ip):
    return IP(src=A, dst=B, **ip) / UDP(sport=sport, dport=dport) / letters(count)


def udp6(sport=5000, dport=7, count=40):
    return IPv6(src=A6, dst=B6) / UDP(sport=sport, dport=dport) / letters(count)


def make_vlan():
    """One UDP flow untagged, in VLAN 100 and in VLAN 200; QinQ with two customers; three tags; a priority tag.

    The VLAN ids of the two outer tags are part of the flow key, so equal 5-tuples in different VLANs stay apart; VLAN 0 (priority only) is no VLAN; any number of tags is looked through.
    """
    return pcap([
        ETHER / udp4(5001), ETHER / Dot1Q(vlan=100, prio=5) / udp4(5001), ETHER / Dot1Q(vlan=200) / udp4(5001),
        ETHER / Dot1AD(vlan=300) / Dot1Q(vlan=100) / udp4(5002), ETHER / Dot1AD(vlan=300) / Dot1Q(vlan=101) / udp4(5002),
        ETHER / Dot1Q(vlan=10) / Dot1Q(vlan=20) / Dot1Q(vlan=30) / udp6(5003), ETHER / Dot1Q(vlan=0, prio=7) / udp4(5004),
    ])


def make_same_addresses():
    """One UDP flow's addresses and ports in two customers' VLANs, each with a datagram in two fragments of the same identification, in two PPPoE sessions, and in VLANs that differ in the inner tag's upper bits alone.

    Customers who share addresses have flows of their own: the inner VLAN and the PPPoE session are in the flow key.
    """
    frames = []
    for i in range(2):
        for customer in 10, 20, 276:
            tags = ETHER / Dot1AD(vlan=100) / Dot1Q(vlan=customer)
            frames += [tags / udp4(count=20 + i)]
            frames += [tags / part for part in fragment(IP(src=A, dst=B, id=7) / UDP(sport=6000, dport=9) / letters(40), 24)] if i else []
        for session in 1, 2:
            frames += [ETHER / PPPoE(sessionid=session) / PPP(proto=0x21) / udp4(count=30 + i)]
            frames += [BACK / PPPoE(sessionid=session) / PPP(proto=0x21) / IP(src=B, dst=A) / UDP(sport=7, dport=5000) / letters(10)]
    return pcap(frames)


def make_mpls_pppoe():
    """IPv4 and IPv6 under one and three MPLS labels, in PPPoE sessions, in PPPoE within a VLAN; one PPPoE discovery frame.

    MPLS and PPPoE are looked through and do not change octet counts; PPPoE discovery is counted as no IP.
    """
    ppp = {4: 0x0021, 6: 0x0057}
    return pcap([
        ETHER / MPLS(label=1000, s=1, ttl=60) / udp4(5001),
        ETHER / MPLS(label=1000, s=0) / MPLS(label=2000, s=0) / MPLS(label=3000, s=1) / udp4(5001),
        ETHER / MPLS(label=2, s=1) / udp6(5002),
        ETHER / PPPoE(sessionid=0x11) / PPP(proto=ppp[4]) / udp4(5003),
        ETHER / PPPoE(sessionid=0x12) / PPP(proto=ppp[6]) / udp6(5004),
        ETHER / Dot1Q(vlan=7) / PPPoE(sessionid=0x13) / PPP(proto=ppp[4]) / udp4(5005),
        Ether(src=ETHER.src, dst='ff:ff:ff:ff:ff:ff', type=0x8863) / PPPoE(code=9, sessionid=0) / b'\x01\x01\x00\x00',
    ])


def make_eompls():
    """Ethernet pseudo-wires: without control word (label 100) between MAC addresses that begin with 4, 6, 0 and 5, one with a VLAN tag; with control word (label 200); IPv4 and IPv6 themselves (label 300).

    What follows a label stack is told by whether it fits, not by its first four bits alone; no frame gives a flow between addresses that do not exist.
    """
    wire = lambda mac, sport, tag=None: (
        ETHER / MPLS(label=100, s=1, ttl=60) / raw((lambda e: e / tag / udp4(sport) if tag else e / udp4(sport))(Ether(src='02:00:00:00:0a:01', dst=mac))))
    return pcap([
        wire('44:1b:21:00:0a:02', 5001), wire('60:1b:21:00:0a:02', 5002), wire('00:1b:21:00:0a:02', 5003),
        wire('54:1b:21:00:0a:02', 5004), wire('45:00:00:54:0a:02', 5005), wire('60:00:00:00:00:2a', 5006, Dot1Q(vlan=7)),
        ETHER / MPLS(label=200, s=1) / (bytes(4) + raw(Ether(src='02:00:00:00:0a:01', dst='44:1b:21:00:0a:02') / udp4(5007))),
        ETHER / MPLS(label=300, s=1) / udp4(5008), ETHER / MPLS(label=300, s=1) / udp6(5009),
    ])


def make_tags():
    """Tags before an EtherType or an Ethernet frame: 802.1ah with and without B-tag, VN-Tag, 802.1BR, Cisco MetaData, HSR, 802.1CB, TRILL, FabricPath, bridged Ethernet, VMware's; two of them in one frame; LLDP behind a tag.

    A tag of fixed length is looked through; MAC addresses and VLAN are those of the innermost Ethernet header.
    """
    tag = lambda kind, octets, inside: Ether(src=ETHER.src, dst=ETHER.dst, type=kind) / Raw(octets + inside)
    ip = lambda sport: struct.pack('>H', 0x0800) + raw(udp4(sport))
    frame = lambda sport: raw(Ether(src='02:00:00:00:0a:01', dst='02:00:00:00:0a:02') / udp4(sport))
    service = bytes.fromhex('00abcdef')
    return pcap([
        tag(0x88E7, service, frame(5001)), tag(0x88A8, bytes.fromhex('0064 88e7') + service, frame(5002)),
        tag(0x8926, bytes.fromhex('00640001'), ip(5003)), tag(0x893F, bytes.fromhex('e00100640000'), ip(5004)),
        tag(0x8909, bytes.fromhex('010100010064'), ip(5005)), tag(0x892F, bytes.fromhex('00340001'), ip(5006)),
        tag(0xF1C1, bytes.fromhex('00000001'), ip(5007)), tag(0x22F3, bytes.fromhex('003f00010002'), frame(5008)),
        tag(0x8903, bytes.fromhex('0064'), frame(5009)), tag(0x6558, b'', frame(5010)),
        tag(0x88DE, bytes(10), frame(5011)),
        tag(0x893F, bytes.fromhex('e00100640000 8926 00640001'), ip(5012)),
        tag(0x8926, bytes.fromhex('00640001'), bytes.fromhex('88cc 0207')),
    ])


def make_variable_tags():
    """Tags that say how long they are: the Network Service Header before IPv4, IPv6, a frame, MPLS and one more of its kind, with fixed and with variable context; batman-adv's unicast, four-address and broadcast packets; Arista's timestamps of 64 and 48 bits; Gigamon's header; an originator message of batman-adv.

    What they carry is metered; MAC addresses and VLAN are those of the innermost Ethernet header; what a mesh says of itself is refused by its EtherType.
    """
    tag = lambda kind, *parts: Ether(src=ETHER.src, dst=ETHER.dst, type=kind) / Raw(b''.join(parts))
    ip = lambda sport: struct.pack('>H', 0x0800) + raw(udp4(sport))
    frame = lambda sport: raw(Ether(src='02:00:00:00:0a:01', dst='02:00:00:00:0a:02') / Dot1Q(vlan=77) / udp4(sport))
    mesh = bytes.fromhex('0200000000aa')
    return pcap([
        tag(0x894F, raw(NSH(nextproto=1, spi=1, si=255)), raw(udp4(5001))),
        tag(0x894F, raw(NSH(nextproto=2, spi=1, si=254)), raw(udp6(5002))),
        tag(0x894F, raw(NSH(nextproto=3, spi=1, si=253, mdtype=2, length=2)), frame(5003)),
        tag(0x894F, raw(NSH(nextproto=5, spi=1, si=252)), raw(MPLS(label=100, s=1, ttl=60)), raw(udp4(5004))),
        tag(0x894F, raw(NSH(nextproto=4, spi=1, si=251)), raw(NSH(nextproto=1, spi=2, si=255)), raw(udp4(5005))),
        tag(0x4305, bytes.fromhex('400f3201'), mesh, frame(5006)),
        tag(0x4305, bytes.fromhex('420f3201'), mesh, mesh, bytes.fromhex('0100'), frame(5007)),
        tag(0x4305, bytes.fromhex('010f3200 00000001'), mesh, frame(5008)),
        tag(0xD28B, bytes.fromhex('0001 0010 6955b900 00000001'), ip(5009)),
        tag(0xD28B, bytes.fromhex('0001 0120 b900 00000001'), ip(5010)),
        tag(0x22E5, bytes.fromhex('0a 0203 018019 0102 0044'), ip(5011)),
        tag(0x4305, bytes.fromhex('000f3200 00000001'), mesh, mesh, bytes.fromhex('00ff 0000')),
    ])


def make_fragments():
    """A UDP datagram in three IPv4 fragments; one whose first fragment is missing; one in three IPv6 fragments; an atomic IPv6 fragment; one that arrives second fragment first; one of each version whose fragments arrive last one first; one whose first fragment is two seconds late.

    Later fragments count to the flow of their first one, also where they arrive up to a second before it; without it they go to ports 0; an atomic fragment is an ordinary packet.
    """
    v4 = fragment(IP(src=A, dst=B, id=4242, flags=0) / UDP(sport=5001, dport=7) / letters(700), 304)
    lost = fragment(IP(src=A, dst=B, id=4243, flags=0) / UDP(sport=5002, dport=7) / letters(700), 304)[1:]
    v6 = fragment6(IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=99) / UDP(sport=5003, dport=7) / letters(700), 400)
    atomic = IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=100, nh=17) / UDP(sport=5004, dport=7) / letters(20)
    late = fragment(IP(src=A, dst=B, id=4244, flags=0) / UDP(sport=5005, dport=7) / letters(700), 304)
    back = fragment(IP(src=A, dst=B, id=4245, flags=0) / UDP(sport=5006, dport=7) / letters(700), 304)[::-1]
    back6 = fragment6(IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=101) / UDP(sport=5007, dport=7) / letters(700), 400)[::-1]
    slow = fragment(IP(src=A, dst=B, id=4246, flags=0) / UDP(sport=5008, dport=7) / letters(400), 304)[::-1]
    frames = spread([ETHER / f for f in [*v4, *lost, *v6, atomic, late[1], late[0], late[2], *back, *back6, slow[0]]])
    return pcap([*frames, (2 * S + 500 * MS, ETHER / slow[1])])


def make_ipv6_extensions():
    """UDP and TCP behind hop-by-hop, destination options, routing, fragment and authentication headers; no next header; ESP.

    The whole chain is walked to the transport header, so all UDP packets are one flow; chains that end without one keep their protocol number; the flow label is reported.
    """
    hop = IPv6ExtHdrHopByHop()
    dest = IPv6ExtHdrDestOpt()
    route = IPv6ExtHdrRouting(type=0, addresses=['2001:db8::99'], segleft=0)
    base = IPv6(src=A6, dst=B6, fl=0x12345)
    data = UDP(sport=5000, dport=7) / letters(20)
    return pcap([
        ETHER / base / data, ETHER / base / hop / data, ETHER / base / hop / dest / route / dest / data,
        ETHER / base / IPv6ExtHdrFragment(id=7, nh=17) / data,
        ETHER / base / AH(nh=17, spi=1, seq=1, payloadlen=4, icv=bytes(12)) / data,
        ETHER / base / hop / TCP(sport=5001, dport=80, flags='S'), ETHER / IPv6(src=A6, dst=B6, nh=59) / letters(8),
        ETHER / IPv6(src=A6, dst=B6, nh=50) / bytes.fromhex('00000001 00000001') / letters(32),
    ])


def make_icmp():
    """Echo and its reply, port unreachable and time exceeded (with the packet they quote), ICMPv6 echo, neighbour solicitation, an IGMP report behind the router alert option.

    Type and code stand in the destination port; the quoted packet is not mistaken for traffic; IPv4 options do not hide what follows.
    """
    quoted = IP(src=B, dst=A) / UDP(sport=7, dport=5000) / letters(8)
    return pcap([
        ETHER / IP(src=A, dst=B) / ICMP(id=1, seq=1) / letters(56),
        BACK / IP(src=B, dst=A) / ICMP(type=0, id=1, seq=1) / letters(56),
        ETHER / IP(src=A, dst=B) / ICMP(type=3, code=3) / quoted, ETHER / IP(src=A, dst=B) / ICMP(type=11) / quoted,
        ETHER / IPv6(src=A6, dst=B6) / ICMPv6EchoRequest(id=1, seq=1, data=b'abcdefgh'),
        BACK / IPv6(src=B6, dst=A6) / ICMPv6EchoReply(id=1, seq=1, data=b'abcdefgh'),
        ETHER / IPv6(src='fe80::1', dst='ff02::1:ff00:2', hlim=255) / ICMPv6ND_NS(tgt='fe80::2'),
        ETHER / IP(src=A, dst='224.0.0.22', ttl=1, options=[IPOption_Router_Alert()]) / IGMP(type=0x16, gaddr='239.1.2.3'),
    ])


def make_tunnels():
    """GRE with IPv4, IPv6 (keyed) and Ethernet inside, ERSPAN I and II, IPv4 and IPv6 in either, VXLAN, GENEVE with Ethernet and IP, GTP-U, L2TP, Teredo, and VXLAN in GRE.

    Keyed on the outer packet unless decapsulation is asked for; then on the inner one, nested too.
    """
    inner4 = IP(src='10.0.0.1', dst='10.0.0.2') / UDP(sport=6000, dport=53) / letters(20)
    inner6 = IPv6(src='fd00::1', dst='fd00::2') / UDP(sport=6001, dport=53) / letters(20)
    bridged = Ether(src='02:00:00:00:0a:01', dst='02:00:00:00:0a:02')
    outer = ETHER / IP(src=A, dst=B)
    udp = lambda dport: outer / UDP(sport=40000, dport=dport)
    l2tp = bytes.fromhex('0002 0011 0022 ff03 0021')
    erspan_i = outer / GRE(proto=0x88BE) / bridged / inner4
    erspan_ii = outer / GRE(proto=0x88BE, seqnum_present=1, seqence_number=1) / ERSPAN_II(session_id=5) / bridged / inner4
    return pcap([
        outer / GRE() / inner4, outer / GRE(key_present=1, key=7) / inner6, outer / GRE(proto=0x6558) / bridged / inner4,
        erspan_i, erspan_ii, outer / inner4, outer / inner6, ETHER / IPv6(src=A6, dst=B6) / inner4,
        ETHER / IPv6(src=A6, dst=B6) / inner6, udp(4789) / VXLAN(vni=42, flags='Instance') / bridged / inner4,
        udp(6081) / GENEVE(vni=43, proto=0x6558) / bridged / inner6, udp(6081) / GENEVE(vni=44, proto=0x0800) / inner4,
        udp(2152) / GTP_U_Header(teid=45) / inner4, udp(1701) / Raw(l2tp) / inner4, udp(3544) / inner6,
        outer / GRE() / IP(src='172.16.0.1', dst='172.16.0.2') / UDP(sport=40001, dport=4789)
        / VXLAN(vni=46, flags='Instance') / bridged / inner4,
    ])


def make_vxlan_ports():
    """VXLAN on port 4789, on 8472 as Linux, flannel and Cilium send it, and one on 8472 in one on 4789.

    Both ports are VXLAN's where --decapsulate names it; the packet in a tunnel is looked into again.
    """
    inner = lambda sport, dport=53: Ether(src='02:00:00:00:0a:01', dst='02:00:00:00:0a:02') / IP(src='10.0.0.1', dst='10.0.0.2') / UDP(sport=sport, dport=dport)
    outer = lambda dport, vni: ETHER / IP(src=A, dst=B) / UDP(sport=40000, dport=dport) / VXLAN(vni=vni, flags='Instance')
    return pcap([
        outer(4789, 42) / inner(6000) / letters(20), outer(8472, 43) / inner(6001) / letters(20),
        outer(4789, 44) / inner(6002, 8472) / VXLAN(vni=45, flags='Instance') / inner(6003) / letters(20),
    ])


def make_transports():
    """SCTP over both IP versions, DCCP, UDP-Lite, ESP, AH with UDP behind it, OSPF, an experimental protocol; ARP and spanning tree.

    Ports of every transport that has them; other protocols by number; frames that are not IP are counted by kind, not metered.
    """
    dccp = struct.pack('>HHBBHIQ', 6000, 6001, 4, 0, 0, 1, 0)
    lite = struct.pack('>HHHH', 6002, 6003, 8, 0)
    esp = struct.pack('>II', 0x1234, 1)
    return pcap([
        ETHER / IP(src=A, dst=B) / SCTP(sport=5001, dport=3868, tag=1) / SCTPChunkData(data=b'abcd'),
        ETHER / IPv6(src=A6, dst=B6) / SCTP(sport=5002, dport=3868, tag=1) / SCTPChunkData(data=b'abcd'),
        ETHER / IP(src=A, dst=B, proto=33) / dccp, ETHER / IP(src=A, dst=B, proto=136) / lite / letters(12),
        ETHER / IP(src=A, dst=B, proto=50) / esp / letters(32),
        ETHER / IP(src=A, dst=B) / AH(nh=17, spi=1, seq=1, payloadlen=4, icv=bytes(12)) / UDP(sport=5003, dport=7),
        ETHER / IP(src=A, dst='224.0.0.5', proto=89) / letters(44), ETHER / IP(src=A, dst=B, proto=253) / letters(10),
        ETHER / ARP(psrc=A, pdst=B), Dot3(src=ETHER.src, dst='01:80:c2:00:00:00') / LLC(dsap=0x42, ssap=0x42) / letters(35),
        ETHER / IP(src=A, dst=B, options=[IPOption_Router_Alert()]) / UDP(sport=5004, dport=7) / letters(4),
    ])


def make_tcp_ends():
    """A connection closed by FIN both ways, one by RST, one left open; five seconds later the first two port pairs again.

    A flow ends two seconds after TCP's end, so the reused ports are flows of their own: each pair of ports has two flows each way, the open connection one.
    """
    return pcap([
        *tcp_talk(5001), *tcp_talk(5002, start=100 * MS, close='rst'), *tcp_talk(5003, start=200 * MS, close='none'),
        # the same ports again, after each end
        *tcp_talk(5001, seq=90000, start=5 * S), *tcp_talk(5002, seq=90000, start=6 * S, close='rst'),
    ])


def make_timeouts():
    """A packet every 5 s for 150 s; one flow with pauses of 14 and 21 s; one whose directions alternate every 14 to 16 s.

    Active timeout (60 s by default) splits the first, idle timeout (15 s) the second; either direction keeps a flow alive.
    """
    long_flow = [(second * 5 * S, ETHER / udp4(5001)) for second in range(31)]  # 150 s, never idle for long
    gaps = [(at * S, ETHER / udp4(5002)) for at in (0, 5, 19, 40, 41)]  # idle for 14 s and 21 s
    both = [(at * S + 1, frame / UDP(sport=s, dport=d) / letters(9)) for at, frame, s, d in (
        (0, ETHER / IP(src=A, dst=B), 5003, 7), (14, BACK / IP(src=B, dst=A), 7, 5003),
        (28, ETHER / IP(src=A, dst=B), 5003, 7), (44, BACK / IP(src=B, dst=A), 7, 5003))]
    return pcap(sorted([*long_flow, *gaps, *both], key=lambda pair: pair[0]))


def make_nanoseconds():
    """Ten packets a third of a second and a nanosecond apart, in a classic nanosecond file.

    Nanosecond times are read as such.
    """
    return pcap([(i * 333_333_333 + 1, ETHER / udp4(5001, count=10 + i)) for i in range(10)], nanoseconds=True)


def make_big_endian():
    """One TCP connection in a file of the other byte order.

    Byte order is told by the magic number.
    """
    return pcap(tcp_talk(5001), big_endian=True)


def make_raw_ip():
    """IPv4 and IPv6 without a link layer (LINKTYPE_RAW).

    The IP version is told by the packet; there are no MAC addresses.
    """
    return pcap([udp4(5001), udp6(5002), IP(src=B, dst=A) / UDP(sport=7, dport=5001) / letters(9)], link_type=101)


def make_snapped():
    """Packets of 1,454 and 1,062 octets, of which 68 are stored.

    Counters are those of the wire, not of what was stored.
    """
    return pcap([*tcp_talk(5001, data=(1400, 1400)), (20 * MS, ETHER / udp6(5002, count=1000))], snap=68)


def make_truncated():
    """One TCP connection; the file ends 30 octets early, in the middle of its last packet.

    Everything before the damage is metered, then the error names file and byte; exit code 1.
    """
    return pcap(tcp_talk(5001))[:-30]


def make_gzip():
    """One TCP connection, compressed.

    Compressed captures are read as they are.
    """
    return gzip.compress(pcap(tcp_talk(5001)), mtime=0)


def make_sections():
    """Two sections of different byte order; interfaces with micro-, nanosecond and binary clocks, a time offset and names; enhanced and obsolete packet blocks, statistics, an unknown block.

    Interfaces are those of their section; each has its own clock and link type; unknown blocks are skipped.
    """
    data = [raw(ETHER / udp4(5001 + i, count=20 + i)) for i in range(8)]
    us, ns = T0 * 10**6, T0 * S
    first = section() + block(0x80000BAD, b'unknown block') + interface(1, 0, option(2, b'east0'))
    first += interface(1, 64, option(2, b'west0'), option(9, b'\x09'))
    first += interface(101, 0, option(2, b'tunnel0'), option(9, b'\x83'), option(14, struct.pack('<q', T0)))
    first += enhanced(0, us + 1, data[0]) + enhanced(1, ns + 2000, data[1][:50], wire=len(data[1]))
    first += enhanced(2, 4, data[2][14:])  # eighths of a second after if_tsoffset: half a second
    first += block(2, struct.pack('<HHIIII', 0, 0, *divmod(us + 3, 2**32), len(data[3]), len(data[3])) + data[3])
    first += block(5, struct.pack('<III', 0, 0, 0))  # interface statistics
    second = section('>') + interface(1, 0, option(2, b'north0', '>'), order='>')
    second += enhanced(0, us + 10**6, data[4], order='>') + enhanced(0, us + 10**6 + 5, data[5], order='>')
    return first + second


def make_links():
    """An interface for each link type of routers, capture cards and other networks: ENC, IP over Fibre Channel, Apple's IP over FireWire, Juniper's Ethernet (with extensions, without link layer), PPP, frame relay and Cisco HDLC, ERF with Ethernet, IPv4 and a serial line, IP over InfiniBand.

    Each link type's header is looked through.
    """
    ip = lambda i: raw(udp4(5001 + i))
    ether = lambda i: raw(ETHER / udp4(5001 + i))
    erf = lambda kind, data: struct.pack('<QBB', 1 << 40, kind, 4) + struct.pack('>HHH', 16 + len(data), 0, len(data)) + data
    magic = b'MGC'
    frames = [
        (109, struct.pack('<III', 2, 1, 2) + ip(0)), (122, bytes(16) + bytes.fromhex('aaaa030000000800') + ip(1)),
        (138, bytes(16) + b'\x08\x00' + ip(2)), (178, magic + b'\x00' + ether(3)),
        (178, magic + b'\x80\x00\x06' + bytes(6) + ether(4)), (178, magic + b'\x02' + struct.pack('<I', 2) + ip(5)),
        (179, magic + b'\x01\xff\x03\x00\x21' + ip(6)), (180, magic + b'\x00\x18\x41\x03\xcc' + ip(7)),
        (181, magic + b'\x00\x0f\x00\x08\x00' + ip(8)), (197, erf(2, bytes(2) + ether(9))), (197, erf(22, ip(10))),
        (197, erf(1, b'\x0f\x00\x08\x00' + ip(11))), (242, bytes(40) + b'\x08\x00\x00\x00' + ip(12)),
        (197, erf(0x82, bytes(8) + bytes(2) + ether(13))),
    ]
    us = T0 * 10**6
    types = sorted({kind for kind, _ in frames})
    return section() + b''.join(interface(kind, 0) for kind in types) + b''.join(
        enhanced(types.index(kind), us + i, data) for i, (kind, data) in enumerate(frames))


def router_any(header):
    """What `tcpdump -i any` sees on a router between ifIndex 2 and 3: a TCP connection and a lost datagram, and a connection of the router's own by ifIndex 3."""
    incoming, outgoing = 0, 4
    frames = []
    for at, frame in tcp_talk(40001):
        packet = frame[IP]
        ways = (2, 3) if packet.src == A else (3, 2)
        frames.append((at, header(ways[0], incoming) + raw(packet)))
        forwarded = packet.copy()
        forwarded.ttl -= 1
        del forwarded.chksum
        frames.append((at + MS // 100, header(ways[1], outgoing) + raw(forwarded)))
    frames.append((20 * MS, header(2, incoming) + raw(udp4(5001))))
    for at, frame in tcp_talk(40002, start=30 * MS):
        frames.append((at, header(3, outgoing if frame[IP].src == A else incoming) + raw(frame[IP])))
    return frames


def make_any_sll2():
    """`tcpdump -i any` on a router (LINKTYPE_LINUX_SLL2): a TCP connection that is forwarded between ifIndex 2 and 3, a datagram that is not, and a connection of the router's own.

    Each interface is an observation point of its own, so each packet is counted once in each of two flows; ingressInterface is the kernel's ifIndex.
    """
    return pcap(router_any(lambda index, kind: struct.pack('>HHIHBB', 0x800, 0, index, 1, kind, 6) + bytes.fromhex('0200000000010000')), link_type=276)


def make_any_sll():
    """The same with LINKTYPE_LINUX_SLL, which does not tell the interface.

    All packets of a connection are one flow, in which forwarded ones are counted twice; `--flow-key direction` keeps outgoing ones apart.
    """
    return pcap(router_any(lambda index, kind: struct.pack('>HHH', kind, 1, 6) + bytes.fromhex('0200000000010000') + b'\x08\x00'), link_type=113)


def transfer(sport=40000):
    """A request and 100 segments of 1,000 octets, each acknowledged 20 us later: [(ns, frame)], the server 10 ms away."""
    ports = {A: dict(sport=sport, dport=80), B: dict(sport=80, dport=sport)}
    frames = []

    def say(at_us, source, flags, seq, ack, count=0):
        link, other = (ETHER, B) if source == A else (BACK, A)
        segment = TCP(flags=flags, seq=seq, ack=ack, **ports[source])
        frames.append((at_us * 1000, link / IP(src=source, dst=other) / segment / letters(count)))

    say(0, A, 'S', 1000, 0)
    say(10_000, B, 'SA', 7000, 1001)
    say(10_100, A, 'A', 1001, 7001)
    say(10_200, A, 'PA', 1001, 7001, 100)
    for i in range(100):
        at = 20_000 if i == 0 else 29_500 + 500 * i
        say(at, B, 'A', 7001 + 1000 * i, 1101, 1000)
        say(at + 20, A, 'A', 1101, 8001 + 1000 * i)
    say(90_000, B, 'FA', 107001, 1101)
    say(90_100, A, 'FA', 1101, 107002)
    say(100_100, B, 'A', 107002, 1102)
    return frames


HEADERS = 54  # octets of a frame that are kept where the payload says nothing


def make_tap():
    """A TAP hands over each direction of a link by a port of its own: a TCP transfer whose client is captured on one interface, whose server on the other.

    Each interface is an observation point of its own, so there are two halves of a flow; with `--flow-key no-interface` they are one flow of both directions that ends as TCP does.
    """
    out = section() + interface(1, HEADERS, option(2, b'tap0'), option(9, b'\x09')) + interface(1, HEADERS, option(2, b'tap1'), option(9, b'\x09'))
    for at, frame in transfer():
        data = raw(frame)
        out += enhanced(0 if frame[IP].src == A else 1, T0 * S + at, data[:HEADERS], len(data))
    return out


def make_out_of_order():
    """A TCP transfer whose every acknowledgement stands in front of the data that it acknowledges, though 20 us later; and a connection whose SYN stands behind its FIN.

    Records that are late by no more than the window are put back in order; an older SYN, even beyond the window, is no new connection, so each connection is one flow.
    """
    frames = transfer()
    for i in range(4, 204, 2):
        frames[i], frames[i + 1] = frames[i + 1], frames[i]
    syn, *rest = tcp_talk(40001, start=200 * MS)
    return pcap([*frames, *rest[:-1], syn, rest[-1]], nanoseconds=True, snap=HEADERS)


def make_empty():
    """A file header, no packet.

    An empty capture is no error.
    """
    return pcap([])


FILES = {
    'vlan.pcap': make_vlan, 'same-addresses.pcap': make_same_addresses, 'mpls-pppoe.pcap': make_mpls_pppoe, 'eompls.pcap': make_eompls, 'tags.pcap': make_tags,
    'variable-tags.pcap': make_variable_tags, 'fragments.pcap': make_fragments,
    'ipv6-extensions.pcap': make_ipv6_extensions, 'icmp.pcap': make_icmp, 'tunnels.pcap': make_tunnels, 'vxlan-ports.pcap': make_vxlan_ports,
    'transports.pcap': make_transports, 'tcp-ends.pcap': make_tcp_ends, 'timeouts.pcap': make_timeouts,
    'nanoseconds.pcap': make_nanoseconds, 'big-endian.pcap': make_big_endian, 'raw-ip.pcap': make_raw_ip,
    'snapped.pcap': make_snapped, 'truncated.pcap': make_truncated, 'gzip.pcap.gz': make_gzip,
    'sections.pcapng': make_sections, 'links.pcapng': make_links, 'empty.pcap': make_empty,
    'tap.pcapng': make_tap, 'out-of-order.pcap': make_out_of_order,
    'any-sll2.pcap': make_any_sll2, 'any-sll.pcap': make_any_sll,
}

if __name__ == '__main__':
    for name in sys.argv[1:] or FILES:
        data = FILES[name]()
        with open(os.path.join(HERE, name), 'wb') as out:
            out.write(data)
        what, proves = (' '.join(part.split()) for part in FILES[name].__doc__.split('\n\n'))
        with open(os.path.join(HERE, name.split('.')[0] + '.md'), 'w') as out:
            out.write(f'# {name}\n\n{what}\n\n- **Proves** {proves}\n')
            out.write('- **Made by** `make.py`, the same octets every time.\n- **Licence** Apache-2.0, as the project.\n')
        print(f'{name}: {len(data)} octets')
