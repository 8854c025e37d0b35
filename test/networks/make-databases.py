#!/usr/bin/env python3
"""Makes the databases of this folder, and what another reader finds in them:

    pip install mmdb_writer==0.2.7 maxminddb==3.2.0; python3 make-databases.py

The writer is mmdb_writer (MIT), the reader maxminddb's own of MaxMind (Apache-2.0). Addresses are those for documentation
and private use, and any others; names are made up. The same files every time.
"""
import ipaddress
import json
import os
import random

import maxminddb
import mmdb_writer
from netaddr import IPSet

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'databases')
BUILD_EPOCH = 1760000000

ASN = {
    '10.0.0.0/8': (64500, 'Ten Networks'),
    '10.1.0.0/16': (64501, 'Within Ten'),
    '10.1.2.128/25': (4200000001, 'Long "Number", Quoted'),
    '192.0.2.0/24': (64496, 'Unité de test 字 😀'),
    '198.51.100.0/24': (64497, 'A name that is longer than the sixty-four octets there is room for é'),
    '203.0.113.7/32': (65536, 'One Address'),
    '2001:db8::/32': (64498, 'Six'),
    '2001:db8:1::/48': (64499, 'Within Six'),
    'fd00::/8': (4294967295, 'Local'),
}
COUNTRY = {
    '10.0.0.0/8': 'FR', '10.1.2.0/24': 'DE', '192.0.2.0/24': 'CN', '198.51.100.0/25': 'US', '2001:db8::/33': 'JP',
}


class Writer(mmdb_writer.MMDBWriter):
    def _build_meta(self):
        return {**super()._build_meta(), 'build_epoch': BUILD_EPOCH}


def write(name, database_type, record_size, networks, ip_version=6):
    class Tree(mmdb_writer.TreeWriter):
        def _adjust_record_size(self):
            self.record_size = record_size
            self.data_offset = record_size * 2 / 8 * self._node_counter

    mmdb_writer.TreeWriter, usual = Tree, mmdb_writer.TreeWriter
    writer = Writer(ip_version, database_type, ['en'], 'test of flowtap', ipv4_compatible=ip_version == 6)
    for prefix, content in networks.items():
        if ip_version == 4 and ':' in prefix:
            continue
        writer.insert_network(IPSet([prefix]), content)
    writer.to_db_file(os.path.join(HERE, name))
    mmdb_writer.TreeWriter = usual


def asn(number, name):
    return {'autonomous_system_number': number, 'autonomous_system_organization': name}


def country(code):
    return {'country': {'iso_code': code, 'names': {'en': code}}, 'registered_country': {'iso_code': 'ZZ'}}


def city(code, name):
    names = {'de': f'{name} auf Deutsch', 'en': name, 'zh-CN': '城'}
    return {'city': {'geoname_id': 1, 'names': names}, 'location': {'latitude': 48.5, 'accuracy_radius': 5},
            'registered_country': {'iso_code': code}, 'subdivisions': [{'iso_code': 'A'}, {'iso_code': 'B'}],
            'traits': {'is_anycast': True}}


def addresses():
    """Ends of each network and beyond them, and any others."""
    random.seed(7)
    found = []
    for prefix in [*ASN, *COUNTRY]:
        network = ipaddress.ip_network(prefix)
        for address in (network[0], network[-1], network[network.num_addresses // 2]):
            found.append(str(address))
        for beyond in (int(network[0]) - 1, int(network[-1]) + 1):
            if 0 <= beyond < 2 ** network.max_prefixlen:
                found.append(str(type(network[0])(beyond)))
    for _ in range(12):
        found.append(str(ipaddress.IPv4Address(random.getrandbits(32))))
        found.append(str(ipaddress.IPv4Address(0x0a010000 + random.getrandbits(16))))
        found.append(str(ipaddress.IPv6Address((0x20010db8 << 96) + random.getrandbits(96))))
    return sorted(set(found))


os.makedirs(HERE, exist_ok=True)
write('asn-24.mmdb', 'Test-ASN', 24, {prefix: asn(*row) for prefix, row in ASN.items()})
write('country-28.mmdb', 'Test-Country', 28, {prefix: country(code) for prefix, code in COUNTRY.items()})
write('city-32.mmdb', 'Test-City', 32, {prefix: city(code, f'City of {code}') for prefix, code in COUNTRY.items()})
write('ipinfo-24.mmdb', 'ipinfo test', 24, {
    prefix: {'asn': f'AS{number}', 'as_name': name, 'as_domain': 'example.org', 'country_code': 'lu', 'country': 'Luxembourg'}
    for prefix, (number, name) in ASN.items()})
write('ipv4-28.mmdb', 'Test-ASN', 28, {prefix: asn(*row) for prefix, row in ASN.items()}, ip_version=4)
write('newer-24.mmdb', 'Test-ASN', 24, {prefix: asn(row[0] + 1 if row[0] < 65536 else row[0], 'Newer') for prefix, row in ASN.items()})
write('other-24.mmdb', 'Test-Other', 24, {'10.0.0.0/8': {'is_vpn': True, 'note': 'nothing of networks'}})

with open(os.path.join(HERE, 'expected.tsv'), 'w', encoding='utf-8') as file:
    for name in sorted(os.listdir(HERE)):
        if not name.endswith('.mmdb'):
            continue
        with maxminddb.open_database(os.path.join(HERE, name), maxminddb.MODE_FILE) as reader:
            for address in addresses():
                if ':' in address and reader.metadata().ip_version == 4:
                    continue
                value, bits = reader.get_with_prefix_len(address)
                value = json.dumps(value, ensure_ascii=False, sort_keys=True)
                print(name, address, bits, value, sep='\t', file=file)
