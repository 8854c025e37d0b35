/** A schema as a user would bring it, with every kind of field, and what fills them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OWN = `syntax = "proto3";
package acme;
import "google/protobuf/timestamp.proto";
message Flow {
  message Endpoint {
    oneof ip { fixed32 v4 = 1; bytes v6 = 2; }
    uint32 port = 3;
    string mac = 20000;
  }
  enum Protocol { OTHER = 0; TCP = 6; UDP = 17; }
  Endpoint source = 1;
  Endpoint destination = 2;
  google.protobuf.Timestamp start = 3;
  double octets = 4;
  sint64 packets = 5;
  Protocol protocol = 6;
  repeated uint32 ports = 7;
  optional uint32 tos = 8;
  repeated string addresses = 21;
  bytes exporter = 22;
  float ttl = 24;
  sfixed64 mac = 25;
  repeated sint32 ttls = 26 [packed = false];
  bytes mac_octets = 27;
  string end = 28;
}
`;
export const FIELDS = [
  'source.v4:sourceIPv4Address',
  'source.v6:sourceIPv6Address',
  'source.port:sourceTransportPort',
  'source.mac:sourceMacAddress',
  'destination.port:destinationTransportPort',
  'start:flowStartMicroseconds',
  'octets:octetDeltaCount',
  'packets:packetDeltaCount',
  'protocol:protocolIdentifier',
  'ports:sourceTransportPort|destinationTransportPort',
  'tos:ipClassOfService',
  'addresses:sourceIPv4Address|destinationIPv4Address|sourceIPv6Address',
  'exporter:exporterAddress',
  'ttl:minimumTTL',
  'mac:destinationMacAddress',
  'ttls:minimumTTL|maximumTTL',
  'mac_octets:sourceMacAddress',
  'end:flowEndMilliseconds',
];

/** Writes the schema, and what it imports, into a folder. @returns its path */
export function writeOwnSchema(folder: string): string {
  const own = join(folder, 'own.proto');
  writeFileSync(own, OWN);
  // As protobuf ships it; protoc has it in a package of its own.
  mkdirSync(join(folder, 'google/protobuf'), { recursive: true });
  const timestamp = 'message Timestamp { int64 seconds = 1; int32 nanos = 2; }';
  writeFileSync(
    join(folder, 'google/protobuf/timestamp.proto'),
    `syntax = "proto3"; package google.protobuf; ${timestamp}`,
  );
  return own;
}
