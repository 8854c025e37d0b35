/** Names of elements, counters and reasons in the form that protobuf and Prometheus have them in. */

/** `sourceIPv4Address` as `source_ipv4_address`. */
export function snakeCase(name: string): string {
  return name
    .replaceAll('IPv', 'Ipv')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
