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


def alias(writer):
    """As MaxMind's own files: IPv4-mapped addresses, 6to4 and Teredo lead to the tree of IPv4, which is ::/96."""
    def walk(bits):
        node = writer.tree
        for bit in bits:
            node = node.get_or_create(bit)
        return node
    ipv4 = walk([0] * 96)
    for prefix in ('::ffff:0:0/96', '2002::/16', '2001::/32'):
        network = ipaddress.ip_network(prefix)
        bits = [int(bit) for bit in f'{int(network[0]):0128b}'[:network.prefixlen]]
        walk(bits[:-1])[bits[-1]] = ipv4


def write(name, database_type, record_size, networks, ip_version=6, aliased=False, int_type='auto'):
    class Tree(mmdb_writer.TreeWriter):
        def _adjust_record_size(self):
            self.record_size = record_size
            self.data_offset = record_size * 2 / 8 * self._node_counter

    mmdb_writer.TreeWriter, usual = Tree, mmdb_writer.TreeWriter
    writer = Writer(ip_version, database_type, ['en'], 'test of flowtap', ipv4_compatible=ip_version == 6, int_type=int_type)
    for prefix, content in networks.items():
        if ip_version == 4 and ':' in prefix:
            continue
        writer.insert_network(IPSet([prefix]), content)
    if aliased:
        alias(writer)
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
    # IPv4 addresses in IPv6: mapped, 6to4 (RFC 3056), the server of Teredo (RFC 4380), and within ::/96.
    for address in ('10.1.2.200', '10.2.0.1', '192.0.2.9', '203.0.113.8'):
        ipv4 = int(ipaddress.IPv4Address(address))
        for number in (0xffff << 32 | ipv4, 0x2002 << 112 | ipv4 << 80, 0x20010000 << 96 | ipv4 << 64, ipv4):
            found.append(str(ipaddress.IPv6Address(number)))
    return sorted(set(found))


def shaped(name, database_type, record_size, row, **options):
    """A file in the shape of a maker's: `row` makes it from a prefix's number, name and country; '' where it has none."""
    write(name, database_type, record_size, {
        prefix: row(*ASN[prefix], COUNTRY.get(prefix, '')) for prefix in ASN if prefix != '198.51.100.0/24'}, **options)


def dbip_full(number, name, code):
    """DB-IP's IP to Location and ISP: everything in one."""
    return {'city': {'geoname_id': 1, 'names': {'en': f'City {code}', 'fa': 'شهر'}}, 'continent': {'code': 'EU', 'names': {'en': 'Europe'}},
            'country': {'geoname_id': 2, 'is_in_european_union': True, 'iso_code': code, 'names': {'en': f'Land {code}'}},
            'location': {'latitude': 1.5, 'longitude': -2.5, 'time_zone': 'Europe/Paris'}, 'postal': {'code': '1'},
            'subdivisions': [{'names': {'en': 'Part'}}],
            'traits': {'autonomous_system_number': number, 'autonomous_system_organization': name, 'isp': name,
                       'connection_type': 'Corporate', 'user_type': 'business'}}


def ipinfo_lite(number, name, code):
    return {'as_domain': 'example.org', 'as_name': name, 'asn': f'AS{number}', 'continent': 'Europe', 'continent_code': 'EU',
            'country': f'Land {code}', 'country_code': code}


def ipinfo_asn(number, name, code):
    """Older: the name of the autonomous system is `name`."""
    return {'asn': f'AS{number}', 'name': name, 'domain': 'example.org', 'route': '10.0.0.0/8', 'type': 'isp', 'country': code}


def ipinfo_nested(number, name, code):
    """As its newer API has them."""
    return {'geo': {'city': f'City {code}', 'country': f'Land {code}', 'country_code': code, 'region': 'Part'},
            'as': {'asn': f'AS{number}', 'name': name, 'domain': 'example.org', 'type': 'isp'}, 'is_anycast': False}


def ipinfo_location(number, name, code):
    """All of it texts; what is not known is an empty one."""
    return {'city': f'City {code}' if code else '', 'country': code, 'lat': '1.5', 'lng': '-2.5', 'region': '', 'postal': ''}


def ip2location(number, name, code):
    """What is not known is a hyphen; numbers are texts."""
    return {'autonomous_system_number': str(number), 'autonomous_system_organization': name if code else '-',
            'country': {'iso_code': code or '-', 'names': {'en': '-'}}, 'city': {'names': {'en': '-'}}}


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

shaped('aliases-28.mmdb', 'GeoLite2-ASN', 28, lambda number, name, code: asn(number, name), aliased=True)
shaped('dbip-full-32.mmdb', 'DBIP-Location-ISP', 32, dbip_full)
shaped('ipinfo-lite-32.mmdb', 'ipinfo lite', 32, ipinfo_lite, aliased=True)
shaped('ipinfo-asn-28.mmdb', 'ipinfo asn', 28, ipinfo_asn)
shaped('ipinfo-nested-28.mmdb', 'ipinfo plus', 28, ipinfo_nested)
shaped('ipinfo-location-24.mmdb', 'ipinfo location', 24, ipinfo_location)
shaped('ip2location-24.mmdb', 'IP2LITE-ASN', 24, ip2location)
for wide in ('u64', 'u128'):
    shaped(f'asn-{wide}-24.mmdb', 'Test-ASN', 24, lambda number, name, code: asn(number, name), int_type=wide)

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
