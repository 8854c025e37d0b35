"""Real TCP connections whose fate is known, for the ground truth of path health.

    traffic.py serve PORT[:NAME=VALUE,...]...       until it is ended; says "ready"
    traffic.py send HOST PORT[:NAME=VALUE,...]...   all at the same time; ends when all are done

A served port reads and drops what comes. rcvbuf=OCTETS: receive buffer. after=OCTETS,pause=SECONDS: stops reading for so
long once so much has come. after=OCTETS,reset=1: resets then. answer=OCTETS: answers each request of 100 octets so.

A sender sends as fast as it can. seconds=S or octets=N: how much. sndbuf=OCTETS: send buffer. congestion=reno|cubic.
pause=S: after half of octets, waits so long. every=S,piece=OCTETS: a piece each so often. requests=N,pause=S: asks so
often, waiting in between. A connection that cannot be opened within 3 s is given up.
"""
import socket
import struct
import sys
import threading
import time

BLOCK = bytes(65536)


def parse(word):
    port, _, rest = word.partition(":")
    pairs = [part.split("=") for part in rest.split(",") if part]
    return int(port), {name: value if name == "congestion" else float(value) for name, value in pairs}


def read_all(connection, options):
    read = 0
    has_paused = False
    while True:
        if "after" in options and read >= options["after"] and not has_paused:
            has_paused = True
            if "reset" in options:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                return
            time.sleep(options["pause"])
        octets = connection.recv(1 << 20)
        if not octets:
            connection.close()
            return
        read += len(octets)
        if "answer" in options:
            connection.sendall(bytes(int(options["answer"])))


def serve(word):
    port, options = parse(word)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "rcvbuf" in options:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(options["rcvbuf"]))
    listener.bind(("0.0.0.0", port))
    listener.listen()

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=read_all, args=(connection, options), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def send_octets(connection, octets):
    for _ in range(int(octets) // len(BLOCK)):
        connection.sendall(BLOCK)
    connection.sendall(BLOCK[: int(octets) % len(BLOCK)])


def converse(connection, options):
    for i in range(int(options["requests"])):
        if i > 0:
            time.sleep(options["pause"])
        connection.sendall(bytes(100))
        left = int(options["answer"])
        while left > 0:
            left -= len(connection.recv(1 << 20))


def drive(connection, options):
    until = time.monotonic() + options.get("seconds", 1e9)
    if "requests" in options:
        converse(connection, options)
    elif "pause" in options:
        send_octets(connection, options["octets"] / 2)
        time.sleep(options["pause"])
        send_octets(connection, options["octets"] / 2)
    elif "every" in options:
        while time.monotonic() < until:
            send_octets(connection, options["piece"])
            time.sleep(options["every"])
    elif "octets" in options:
        send_octets(connection, options["octets"])
    else:
        while time.monotonic() < until:
            connection.sendall(BLOCK)


def send(host, word):
    port, options = parse(word)
    connection = socket.socket()
    if "sndbuf" in options:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(options["sndbuf"]))
    if "congestion" in options:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, options["congestion"].encode())
    connection.settimeout(3)
    try:
        connection.connect((host, port))
        connection.settimeout(None)
        drive(connection, options)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    except OSError as error:
        print(port, error, flush=True)
    connection.close()


if sys.argv[1] == "serve":
    for word in sys.argv[2:]:
        serve(word)
    print("ready", flush=True)
    threading.Event().wait()
else:
    threads = [threading.Thread(target=send, args=(sys.argv[2], word)) for word in sys.argv[3:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
