"""Packets with the PDM option (RFC 8250), made with scapy: an exchange between two hosts whose times are known.

    python3 pdm.py OUTPUT.pcap      writes the capture and prints the truth as JSON

Host A (fd00::a, port 4000) asks, host B (fd00::b, port 5000) answers. The probe lies 3 ms from A and 7 ms from B, each
way. A asks every 100 ms; B takes 40 ms, then 41, 42 ... to answer.
"""
import json
import struct
import sys

from scapy.all import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, UDP, Ether, Raw, fragment6, wrpcap
from scapy.layers.inet6 import HBHOptUnknown, PadN

START = 1_700_000_000.0
PROBE_A, PROBE_B = 0.003, 0.007
ASKS = 20


def scaled(seconds):
    """A time as 16 bits and a scale, in attoseconds (RFC 8250 section 3.3)."""
    value, scale = int(round(seconds * 1e18)), 0
    while value >= 1 << 16:
        value >>= 1
        scale += 1
    return value, scale


def option(this, last, received, sent):
    (dtlr, scale_dtlr), (dtls, scale_dtls) = scaled(received), scaled(sent)
    body = struct.pack(">BBHHHH", scale_dtlr, scale_dtls, this & 0xFFFF, last & 0xFFFF, dtlr, dtls)
    return IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x0F, optlen=10, optdata=body), PadN(optdata=b"")])


def packet(from_a, pdm, octets=100, behind_fragment=False):
    here, there = ("fd00::a", "fd00::b") if from_a else ("fd00::b", "fd00::a")
    ports = dict(sport=4000, dport=5000) if from_a else dict(sport=5000, dport=4000)
    headers = IPv6(src=here, dst=there)
    if behind_fragment:
        # An atomic fragment, with the destination options behind its fragment header.
        headers = headers / IPv6ExtHdrFragment(id=7, offset=0, m=0)
    return headers / pdm / UDP(**ports) / Raw(b"x" * octets)


def main(path):
    out = []  # (time at the probe, packet)
    number_a, number_b = 65530, 65533  # both wrap
    last_a = last_b = 0  # last received by each
    # Times in each host's own view.
    received_a = sent_a = received_b = sent_b = None
    round_trips, delays = [], []
    for i in range(ASKS):
        now = START + i * 0.1
        # A asks. Its deltas are about the answer it received last.
        received = now - received_a if received_a else 0
        sent = received_a - sent_a if received_a else 0
        ask = option(number_a, last_a, received, sent)
        if received_a:
            round_trips.append(2 * (PROBE_A + PROBE_B))
        sent_a = now
        out.append((now + PROBE_A, packet(True, ask, behind_fragment=i % 3 == 2)))
        # B answers, every fifth time with a packet that is cut into fragments.
        received_b_before, received_b = received_b, now + PROBE_A + PROBE_B
        last_b = number_a
        answer_at = received_b + 0.040 + 0.001 * i
        delays.append(answer_at - received_b)
        sent = received_b - sent_b if sent_b else 0
        answer = option(number_b, last_b, answer_at - received_b, sent)
        at = answer_at + PROBE_B
        if i % 5 == 4:
            ip = IPv6(src="fd00::b", dst="fd00::a")
            whole = ip / answer / IPv6ExtHdrFragment(id=100 + i) / UDP(sport=5000, dport=4000) / Raw(b"y" * 4000)
            for n, piece in enumerate(fragment6(whole, 1480)):
                out.append((at + n * 1e-5, piece))
        else:
            out.append((at, packet(False, answer)))
        sent_b = answer_at
        received_a = at + PROBE_A
        last_a = number_b
        number_a += 1
        number_b += 1
    # A one-way burst behind it: numbers 0 and 1 of it are exchanged, 3 is lost, 5 comes twice.
    burst = START + ASKS * 0.1
    for place, n in enumerate([1, 0, 2, 4, 5, 5, 6]):
        out.append((burst + place * 0.001, packet(True, option(number_a + n, last_a, 0.5, 0.001))))
    frames = []
    for time, one in sorted(out, key=lambda pair: pair[0]):
        frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / one
        frame.time = time
        frames.append(frame)
    wrpcap(path, frames, nano=True)
    print(
        json.dumps(
            {
                "asks": ASKS,
                "packetsA": ASKS + 6,
                "packetsB": ASKS,
                "lostA": 1,
                "reorderedA": 1,
                "duplicatedA": 1,
                "roundTripMs": 1e3 * round_trips[0],
                "roundTrips": len(round_trips),
                "delayMinMs": 1e3 * min(delays),
                "delayMaxMs": 1e3 * max(delays),
                "delayMeanMs": 1e3 * sum(delays) / len(delays),
                "probeRoundTripMs": 1e3 * 2 * PROBE_B,
            }
        )
    )


main(sys.argv[1])
