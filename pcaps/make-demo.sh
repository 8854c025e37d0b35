#!/bin/bash
# Makes demo.pcapng: a small office for a dozen seconds, recorded on the two outer links of its gateway.
#
#     10.1.0.0/24, fd00:1::/64  clients ── lan0 ┐
#                                               gateway ── dmz0 ── servers 10.2.0.10, fd00:2::10 (web, DNS, ssh, iperf3)
#                                               └── wan0 ── far hosts 10.3.0.20 … 23, fd00:3::20 (https, ntp, mail)
#
# The traffic is real: the kernel's own TCP and ICMP, in network namespaces that this script makes and removes, nothing
# leaves them. Needs root and: iproute2 ethtool wireshark-common (dumpcap) iperf3 curl bind9-dnsutils (dig)
# dnsmasq-base iputils-ping traceroute openssl netcat-openbsd python3. Writes the file named by the first argument.
set -euo pipefail
out=$(realpath "${1:?usage: make-demo.sh OUT.pcapng}")
work=$(mktemp -d)
n="ftdemo$$"
pids=()

cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for role in lan gw dmz wan; do ip netns del "$n-$role" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

for role in lan gw dmz wan; do
  ip netns add "$n-$role"
  ip -n "$n-$role" link set lo up
done
ip netns exec "$n-gw" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

# link ROLE NUMBER: a cable from the gateway's ROLE0 to eth0 of ROLE, with offloads off, so that frames are what a
# wire would carry: at most the MTU long, with checksums.
link() {
  ip -n "$n-gw" link add "$1"0 type veth peer name eth0 netns "$n-$1"
  for end in "gw ${1}0" "$1 eth0"; do
    read -r role device <<<"$end"
    ip netns exec "$n-$role" ethtool -K "$device" tso off gso off gro off tx off rx off >/dev/null 2>&1
    ip -n "$n-$role" link set "$device" up
  done
  ip -n "$n-gw" addr add "10.$2.0.1/24" dev "$1"0
  ip -n "$n-gw" addr add "fd00:$2::1/64" dev "$1"0 nodad
}
link lan 1
link dmz 2
link wan 3
for host in 11 12 13 14; do
  ip -n "$n-lan" addr add "10.1.0.$host/24" dev eth0
  ip -n "$n-lan" addr add "fd00:1::$host/64" dev eth0 nodad
done
ip -n "$n-dmz" addr add 10.2.0.10/24 dev eth0
ip -n "$n-dmz" addr add fd00:2::10/64 dev eth0 nodad
for host in 20 21 22 23; do ip -n "$n-wan" addr add "10.3.0.$host/24" dev eth0; done
ip -n "$n-wan" addr add fd00:3::20/64 dev eth0 nodad
number=1
for role in lan dmz wan; do
  ip -n "$n-$role" route add default via "10.$number.0.1"
  ip -n "$n-$role" -6 route add default via "fd00:$number::1"
  number=$((number + 1))
done

# in ROLE COMMAND…: run it there; serve ROLE COMMAND…: the same in the background until the end.
in_ns() { ip netns exec "$n-$1" "${@:2}"; }
# (ip becomes the command, so that the process id is the command's own.)
serve() {
  ip netns exec "$n-$1" "${@:2}" >/dev/null 2>&1 &
  pids+=($!)
}

mkdir "$work/www"
head -c 60000 /dev/zero >"$work/www/report.bin"
printf '<h1>Hello</h1>\n' >"$work/www/index.html"
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=far.example -keyout "$work/key.pem" -out "$work/cert.pem" \
  2>/dev/null
cat >"$work/servers.py" <<'PYTHON'
"""web PORT ADDRESS FOLDER | tls PORT ADDRESS FOLDER CERT KEY | shell ADDRESS | clock ADDRESS | log ADDRESS"""
import functools, http.server, socket, socketserver, ssl, struct, sys, time

kind, *args = sys.argv[1:]

def family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET

if kind in ('web', 'tls'):
    port, address, folder = int(args[0]), args[1], args[2]
    class Server(http.server.ThreadingHTTPServer):
        address_family = family(address)
        def server_bind(self): # without the inherited one's look-up of a name
            socketserver.TCPServer.server_bind(self)
            self.server_name, self.server_port = address, port
    server = Server((address, port), functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder))
    if kind == 'tls':
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args[3], args[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
elif kind == 'shell':
    class Shell(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(b'SSH-2.0-demo\r\n')
            while data := self.request.recv(4096):
                self.request.sendall(data * 3)
    class ShellServer(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
    ShellServer((args[0], 22), Shell).serve_forever()
else:
    port = {'clock': 123, 'log': 514}[kind]
    with socket.socket(family(args[0]), socket.SOCK_DGRAM) as server:
        server.bind((args[0], port))
        while True:
            data, sender = server.recvfrom(2048)
            if kind == 'clock':
                now = struct.pack('>II', int(time.time()) + 2208988800, 0)
                server.sendto(b'\x24\x02' + data[2:24] + data[40:48] + now + now, sender)
PYTHON
serve dmz python3 "$work/servers.py" web 80 10.2.0.10 "$work/www"
serve dmz python3 "$work/servers.py" web 80 fd00:2::10 "$work/www"
serve dmz python3 "$work/servers.py" shell 10.2.0.10
serve dmz python3 "$work/servers.py" log 10.2.0.10
serve dmz dnsmasq -d -C /dev/null --no-resolv --no-hosts --port=53 --listen-address=10.2.0.10,fd00:2::10 \
  --bind-interfaces --user=root --address=/www.example/10.2.0.10 --address=/far.example/10.3.0.20 \
  --address=/www.example/fd00:2::10
serve dmz iperf3 -s -B 10.2.0.10
for address in 10.3.0.20 10.3.0.21 fd00:3::20; do
  serve wan python3 "$work/servers.py" tls 443 "$address" "$work/www" "$work/cert.pem" "$work/key.pem"
done
serve wan python3 "$work/servers.py" clock 10.3.0.22
sleep 1.5

ip netns exec "$n-gw" dumpcap -q -s 128 -i dmz0 -i wan0 -w "$out" >/dev/null 2>&1 &
recorder=$!
sleep 1.5

# A terminal session that lives through the whole recording.
cat >"$work/session.py" <<'PYTHON'
import socket, time
with socket.create_connection(('10.2.0.10', 22), source_address=('10.1.0.11', 0)) as session:
    for step in range(36):
        session.sendall(b'k' * (20 + step % 7 * 16))
        session.recv(4096)
        time.sleep(0.25)
PYTHON
in_ns lan python3 "$work/session.py" &
session=$!

quiet() { "$@" >/dev/null 2>&1 || true; }
for host in 11 12 13 14; do
  from="10.1.0.$host"
  for name in www.example far.example "mail$host.example"; do
    quiet in_ns lan dig +tries=1 +time=1 -b "$from" @10.2.0.10 "$name" A
    quiet in_ns lan dig +tries=1 +time=1 -b "fd00:1::$host" @fd00:2::10 "$name" AAAA
  done
  for page in index.html missing.html; do
    quiet in_ns lan curl -s -m 3 --interface "$from" "http://10.2.0.10/$page"
    quiet in_ns lan curl -s -m 3 --interface "fd00:1::$host" "http://[fd00:2::10]/$page"
  done
  quiet in_ns lan curl -sk -m 3 --interface "$from" https://10.3.0.20/ https://10.3.0.21/index.html
  quiet in_ns lan curl -sk -m 3 --interface "fd00:1::$host" "https://[fd00:3::20]/"
  quiet in_ns lan python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); s.bind(('$from', 0))
s.sendto(b'\x23' + bytes(47), ('10.3.0.22', 123)); s.recv(100)
for i in range(5): s.sendto(b'<134>host$host app: line %d of the log' % i, ('10.2.0.10', 514))"
  quiet in_ns lan ping -q -c 3 -i 0.2 -I "$from" 10.3.0.20
done
quiet in_ns lan curl -s -m 5 --interface 10.1.0.12 http://10.2.0.10/report.bin
quiet in_ns lan curl -sk -m 5 --interface 10.1.0.13 https://10.3.0.20/report.bin
quiet in_ns lan iperf3 -c 10.2.0.10 -B 10.1.0.14 -n 400K
quiet in_ns lan iperf3 -c 10.2.0.10 -B 10.1.0.13 -n 150K -R
quiet in_ns lan iperf3 -c 10.2.0.10 -B 10.1.0.13 -u -b 2M -n 60K
quiet in_ns lan ping -6 -q -c 3 -i 0.2 fd00:3::20
quiet in_ns lan ping -q -c 2 -i 0.2 -s 3000 10.3.0.21 # in fragments
quiet in_ns lan traceroute -n -q 1 -w 1 -m 4 10.3.0.23
quiet in_ns lan nc -z -w 1 -s 10.1.0.12 10.2.0.10 23 # refused: RST
quiet in_ns lan nc -z -w 1 -s 10.1.0.12 10.3.0.20 25
quiet in_ns lan python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('10.3.0.23', 5060)); s.send(b'OPTIONS sip:a')" # nobody there
for port in 21 110 143 389 445 3306 3389 5900; do # someone tries doors
  quiet in_ns lan nc -z -w 1 -s 10.1.0.14 10.2.0.10 "$port"
done
wait "$session"
sleep 1
kill -INT "$recorder"
wait "$recorder" || true

# Leave out what the recording says of the machine it was made on (hardware, operating system).
cat >"$work/anonymous.py" <<'PYTHON'
import struct, sys

SECTION, INTERFACE = 0x0A0D0D0A, 1
data = open(sys.argv[1], 'rb').read()
result, at = b'', 0
while at < len(data):
    kind, length = struct.unpack_from('<II', data, at)
    block = data[at:at + length]
    if kind in (SECTION, INTERFACE):
        fixed, hidden = (24, (2, 3)) if kind == SECTION else (16, (12,))
        kept, option = block[8:fixed], fixed
        while option + 4 <= length - 4:
            code, size = struct.unpack_from('<HH', block, option)
            end = option + 4 + (size + 3) // 4 * 4
            if code not in hidden:
                kept += block[option:end]
            option = end
        total = struct.pack('<I', len(kept) + 12)
        block = block[:4] + total + kept + total
    result += block
    at += length
open(sys.argv[1], 'wb').write(result)
PYTHON
python3 "$work/anonymous.py" "$out"
chmod 644 "$out"
