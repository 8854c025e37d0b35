"""A UDP collector that checks IPFIX sequence numbers and IP headers: udp-reader.py ADDRESS PORT.

After a second without datagrams that follow earlier ones it prints one JSON object: datagrams, data records, records
missing by the sequence numbers (RFC 7011 section 3.1), and the ToS, TTL, source addresses and ports seen.
"""

import json
import socket
import struct
import sys

# Not in every Python.
IP_TTL, IP_RECVTTL = 2, 12

address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
if family == socket.AF_INET:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    s.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
else:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
s.bind((address, port))
print("listening", flush=True)
seen = {"datagrams": 0, "records": 0, "missing": 0}
tos, ttl, sources = set(), set(), set()
expected = 0
s.settimeout(20)
try:
    while True:
        data, ancillary, _, source = s.recvmsg(65536, 256)
        s.settimeout(1.5)
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
except socket.timeout:
    pass
print(json.dumps({**seen, "tos": sorted(tos), "ttl": sorted(ttl), "sources": sorted(sources)}), flush=True)
