-- Flow records from Kafka into ClickHouse; docs/kafka.md explains it. Set brokers and topic below, and put flow.proto
-- into the server's format_schema_path.

CREATE TABLE IF NOT EXISTS flows_kafka
(
    time_received_ns UInt64,
    time_flow_start_ns UInt64,
    time_flow_end_ns UInt64,
    sequence_num UInt32,
    sampling_rate UInt64,
    sampler_address String,
    observation_domain_id UInt32,
    src_addr String,
    dst_addr String,
    etype UInt32,
    proto UInt32,
    src_port UInt32,
    dst_port UInt32,
    bytes UInt64,
    packets UInt64,
    in_if UInt32,
    out_if UInt32,
    src_mac UInt64,
    dst_mac UInt64,
    vlan_id UInt32,
    ip_tos UInt32,
    ip_ttl UInt32,
    tcp_flags UInt32,
    icmp_type UInt32,
    icmp_code UInt32,
    ipv6_flow_label UInt32,
    layer2_octet_delta_count UInt64,
    flow_end_reason UInt32,
    biflow_direction UInt32
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'localhost:9092',
    kafka_topic_list = 'flows',
    kafka_group_name = 'clickhouse',
    kafka_format = 'Protobuf',
    kafka_schema = 'flow.proto:FlowMessage',
    kafka_num_consumers = 1;

-- A record's identity is its order: records that arrived twice are one after a merge, or with FINAL.
CREATE TABLE IF NOT EXISTS flows
(
    time_received DateTime64(9),
    time_flow_start DateTime64(9),
    time_flow_end DateTime64(9),
    sequence_num UInt32,
    sampling_rate UInt32,
    sampler_address IPv6,
    observation_domain_id UInt32,
    src_addr IPv6,
    dst_addr IPv6,
    etype UInt16,
    proto UInt8,
    src_port UInt16,
    dst_port UInt16,
    bytes UInt64,
    packets UInt64,
    in_if UInt32,
    out_if UInt32,
    src_mac UInt64,
    dst_mac UInt64,
    vlan_id UInt16,
    ip_tos UInt8,
    ip_ttl UInt8,
    tcp_flags UInt16,
    icmp_type UInt8,
    icmp_code UInt8,
    ipv6_flow_label UInt32,
    layer2_bytes UInt64,
    flow_end_reason Enum8('unknown' = 0, 'idle timeout' = 1, 'active timeout' = 2, 'end of flow' = 3, 'forced' = 4, 'lack of resources' = 5),
    biflow_direction Enum8('unknown' = 0, 'initiator' = 1, 'responder' = 2)
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time_flow_end)
ORDER BY (toStartOfMinute(time_flow_end), sampler_address, observation_domain_id, src_addr, dst_addr, proto, src_port, dst_port, in_if, vlan_id, time_flow_start, time_flow_end);

-- IPv4 addresses are stored as ::ffff:a.b.c.d.
CREATE MATERIALIZED VIEW IF NOT EXISTS flows_view TO flows AS
SELECT
    fromUnixTimestamp64Nano(toInt64(time_received_ns)) AS time_received,
    fromUnixTimestamp64Nano(toInt64(time_flow_start_ns)) AS time_flow_start,
    fromUnixTimestamp64Nano(toInt64(time_flow_end_ns)) AS time_flow_end,
    sequence_num,
    toUInt32(sampling_rate) AS sampling_rate,
    if(length(sampler_address) = 4, toIPv6(IPv4NumToString(reinterpretAsUInt32(reverse(sampler_address)))), toIPv6(IPv6NumToString(toFixedString(sampler_address, 16)))) AS sampler_address,
    observation_domain_id,
    if(length(src_addr) = 4, toIPv6(IPv4NumToString(reinterpretAsUInt32(reverse(src_addr)))), toIPv6(IPv6NumToString(toFixedString(src_addr, 16)))) AS src_addr,
    if(length(dst_addr) = 4, toIPv6(IPv4NumToString(reinterpretAsUInt32(reverse(dst_addr)))), toIPv6(IPv6NumToString(toFixedString(dst_addr, 16)))) AS dst_addr,
    etype,
    proto,
    src_port,
    dst_port,
    bytes,
    packets,
    in_if,
    out_if,
    src_mac,
    dst_mac,
    vlan_id,
    ip_tos,
    ip_ttl,
    tcp_flags,
    icmp_type,
    icmp_code,
    ipv6_flow_label,
    layer2_octet_delta_count AS layer2_bytes,
    flow_end_reason,
    biflow_direction
FROM flows_kafka;
