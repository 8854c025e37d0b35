"""A UDP collector that checks IPFIX sequence numbers and IP headers: udp-reader.py ADDRESS PORT.

At SIGTERM it reads what is left and prints one JSON object: datagrams, data records, records missing by the sequence
numbers (RFC 7011 section 3.1), and the ToS, TTL, source addresses and ports seen. As root.
"""

import json
import signal
import socket
import struct
import sys

# Not in every Python.
IP_TTL, IP_RECVTTL = 2, 12
SO_RCVBUFFORCE = 33

address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
# Whatever the system's limit is: a reader that waits for a processor loses nothing.
s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
if family == socket.AF_INET:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    s.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
else:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
s.bind((address, port))
is_told_to_end = False


def end(*_):
    global is_told_to_end
    is_told_to_end = True


signal.signal(signal.SIGTERM, end)
print("listening", flush=True)
seen = {"datagrams": 0, "records": 0, "missing": 0}
tos, ttl, sources = set(), set(), set()
expected = 0
s.settimeout(0.1)
while True:
    try:
        data, ancillary, _, source = s.recvmsg(65536, 256)
    except socket.timeout:
        if is_told_to_end:
            break
        continue
    seen["datagrams"] += 1
    sources.add((source[0], source[1]))
    for level, kind, value in ancillary:
        number = value[0] if len(value) == 1 else struct.unpack("i", value[:4])[0]
        if kind in (socket.IP_TOS, socket.IPV6_TCLASS):
            tos.add(number)
        elif kind in (IP_TTL, socket.IPV6_HOPLIMIT):
            ttl.add(number)
    (sequence,) = struct.unpack_from("!I", data, 8)
    seen["missing"] += (sequence - expected) & 0xFFFFFFFF
    at, records = 16, 0
    while at < len(data):
        set_id, octets = struct.unpack_from("!HH", data, at)
        if set_id >= 256:
            records += (octets - 4) // 8
        at += octets
    seen["records"] += records
    expected = sequence + records
print(json.dumps({**seen, "tos": sorted(tos), "ttl": sorted(ttl), "sources": sorted(sources)}), flush=True)
