"""A collector over TCP or TLS that is not ours: python-ipfix (PyPI: ipfix) reads the messages, OpenSSL the TLS.

    ipfix-collector.py PORT [CERTIFICATE KEY CA]

Prints `listening`, then for each session its flow and options records as JSON lines, and at its end
`end {"dataRecords": ..., "sequenceErrors": ...}`. With CA it wants a certificate of the exporter.
"""

import datetime
import json
import socket
import ssl
import sys

import ipfix.ie
import ipfix.reader

ipfix.ie.use_iana_default()
ipfix.ie.use_5103_default()

port, *tls = sys.argv[1:]
server = socket.create_server(("127.0.0.1", int(port)))
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls[0], tls[1])
    context.load_verify_locations(tls[2])
    context.verify_mode = ssl.CERT_REQUIRED
    server = context.wrap_socket(server, server_side=True)
print("listening", flush=True)


def plain(value):
    if isinstance(value, datetime.datetime):
        epoch = value.replace(tzinfo=datetime.timezone.utc).timestamp()
        return round(epoch * 1000)
    if isinstance(value, (bytes, bytearray)):
        return ":".join(f"{octet:02x}" for octet in value)
    return value if isinstance(value, (int, float, str)) else str(value)


while True:
    connection, _ = server.accept()
    reader = ipfix.reader.from_stream(connection.makefile("rb"))
    records, errors, last = 0, 0, None
    for record in reader.namedict_iterator():
        # A message's sequence number is the number of data records before it.
        if reader.msgcount != last:
            errors += reader.msg.sequence != records
            last = reader.msgcount
        records += 1
        print(json.dumps({name: plain(value) for name, value in record.items()}), flush=True)
    print("end " + json.dumps({"dataRecords": records, "sequenceErrors": errors}), flush=True)
