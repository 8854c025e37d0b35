/** Configuration files: what they make, and every fault at once with its line. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { buildConfig } from '../../src/config/config.ts';
import { crossFaults } from '../../src/config/cross-faults.ts';
import { parseConfigFile } from '../../src/config/load.ts';
import { renderYaml } from '../../src/config/render.ts';

/** The message of the ConfigError that this text gives, as lines. */
function faultsOf(text: string): string[] {
  try {
    parseConfigFile('f.yaml', text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('defaults', () => {
  it('are those of the design', () => {
    expect(buildConfig(new Map(), [])).toEqual({
      metering: {
        idleTimeoutMs: 15_000,
        activeTimeoutMs: 60_000,
        tcpEndDelayMs: 2_000,
        flowTableEntries: 262_144,
        pathHealth: 'on',
        pathHealthIntervalMs: 5000,
        flowKey: {
          vlan: true,
          pppoe: true,
          interface: true,
          direction: false,
          tos: false,
          mac: false,
          mpls: false,
          tunnel: false,
        },
      },
      applications: {
        inspect: 'auto',
        flows: 65_536,
        dnsNames: 'auto',
        dnsNameEntries: 262_144,
        bufferCount: 1024,
        portGuess: true,
        ja4: true,
        httpTarget: 'path',
        certificate: false,
      },
      decode: {
        decapsulate: [],
        tunnelDepthMax: 8,
        udpPorts: { vxlan: [4789, 8472], geneve: [6081], gtpu: [2152], l2tp: [1701], teredo: [3544] },
      },
      observation: {
        domainId: 1,
        ingressInterface: 'auto',
        egressInterface: 0,
        vlanInterfaces: [],
        macInterfaces: [],
        localMacs: [],
      },
      template: { ipv4: ['default'], ipv6: ['default'] },
      enrichment: { databases: [], networks: [], prefixLengths: true },
      paths: [],
      biflow: false,
      timestamps: 'capture',
      privateEnterpriseNumber: 32_473,
      export: {
        rate: 'auto',
        messageOctetsMax: 'auto',
        templateRefreshMs: 60_000,
        templateRefreshMessages: 1000,
        optionsData: 'auto',
        samplingForms: ['auto'],
        exporterAddress: 'auto',
        sourceAddress: 'auto',
        dscp: 'auto',
        ttl: 'auto',
        resolveIntervalMs: 60_000,
        queueRecords: 65_536,
        reconnectMaxMs: 30_000,
        giveUpAfterMs: 30_000,
        spoolDirectory: 'auto',
        spoolOctets: 2 ** 30,
      },
      anonymization: {
        method: 'none',
        keyFile: '',
        ipv4PrefixLength: 24,
        ipv6PrefixLength: 48,
        macAddresses: 'keep',
        names: 'drop',
        networks: 'keep',
      },
      exporters: [],
      replay: {
        output: 'table',
        paths: false,
        top: 25,
        topBy: 'flow',
        speed: 'max',
        merge: false,
        reorderWindowMs: 2,
        workers: 1,
      },
      live: {
        interfaces: [],
        waitForInterfaces: 'auto',
        capture: 'ring',
        workers: 'auto',
        filter: '',
        snapLength: 'auto',
        promiscuous: true,
        outgoing: false,
        ring: { blocks: 64, blockOctets: 1_048_576, blockTimeoutMs: 50 },
        sampling: { interval: 1, method: 'random', scale: false },
      },
      metrics: { listen: '127.0.0.1:9669' },
      web: { enabled: true },
      control: { socket: 'auto' },
      log: { level: 'info', format: 'auto' },
    });
  });
});

describe('parseConfigFile', () => {
  it('takes an empty file', () => expect(faultsOf('')).toEqual([]));

  it('reads options of every kind, and exporters as URLs and objects', () => {
    const file = parseConfigFile(
      'f.yaml',
      `metering:
  idleTimeout: 500ms
  flowKey: { tos: true }
decode: { decapsulate: [gre, vxlan] }
exporters:
  - netflow9://[2001:db8::1]?rate=max
  - { protocol: netflow5, host: collector.example.net, port: 9995, templateRefresh: 10m }
  - { url: "ipfix://192.0.2.1:4740", messageOctetsMax: 600 }
replay: { speed: 1 }
export: { rate: 500 }
`,
    );
    const config = buildConfig(file.values, file.exporters);
    expect(config.metering).toMatchObject({ idleTimeoutMs: 500, activeTimeoutMs: 60_000 });
    expect(config.metering.flowKey).toMatchObject({ tos: true, vlan: true });
    expect(config.decode.decapsulate).toEqual(['gre', 'vxlan']);
    expect(config.replay.speed).toBe(1);
    const refresh = {
      rate: 500,
      templateRefreshMs: 60_000,
      templateRefreshMessages: 1000,
      resolveIntervalMs: 60_000,
      queueRecords: 65_536,
    };
    // Of those with templates, which may have a spool.
    const spool = { spool: false, spoolOctets: 2 ** 30, reconnectMaxMs: 30_000, giveUpAfterMs: 30_000 };
    expect(config.exporters).toEqual([
      {
        protocol: 'netflow9',
        host: '2001:db8::1',
        port: 2055,
        options: { ...refresh, ...spool, rate: 'max' },
        url: 'netflow9://[2001:db8::1]:2055',
      },
      {
        protocol: 'netflow5',
        host: 'collector.example.net',
        port: 9995,
        options: { ...refresh, templateRefreshMs: 600_000 },
        url: 'netflow5://collector.example.net:9995',
      },
      {
        protocol: 'ipfix',
        host: '192.0.2.1',
        port: 4740,
        options: { ...refresh, ...spool, messageOctetsMax: 600 },
        url: 'ipfix://192.0.2.1:4740',
      },
    ]);
    const again = parseConfigFile('again.yaml', renderYaml(config, true));
    expect(buildConfig(again.values, again.exporters)).toEqual(config);
  });

  it('names every fault at once, with line, value, and what is allowed', () => {
    const faults = faultsOf(`metering:
  idle_timeout: 15s
  activeTimeout: soon
  flowTableEntries: 0
  flowKey: on
replays: 1
biflow:
timestamps: later
speed: 1
exporters:
  - http://192.0.2.1
  - ipfix://192.0.2.1:99999
  - ipfix://192.0.2.1?speed=1
`);
    expect(faults).toEqual([
      'f.yaml:2: metering.idle_timeout: found an unknown option; allowed: idleTimeout (did you mean it?)',
      expect.stringMatching(/^f\.yaml:3: metering\.activeTimeout: found "soon"; allowed: a duration from /),
      'f.yaml:4: metering.flowTableEntries: found 0; allowed: a whole number from 16 to 16,777,214',
      'f.yaml:5: metering.flowKey: found "on"; allowed: a group of vlan, pppoe, interface, direction, tos, mac, mpls, tunnel',
      'f.yaml:6: replays: found an unknown option; allowed: replay (did you mean it?)',
      'f.yaml:7: biflow: found nothing; allowed: true or false',
      'f.yaml:8: timestamps: found "later"; allowed: capture or now',
      'f.yaml:9: speed: found an unknown option; allowed: replay.speed (did you mean it?)',
      expect.stringMatching(
        /^f\.yaml:11: exporters\[0\]: found "http:\/\/192\.0\.2\.1"; allowed: netflow5, /,
      ),
      'f.yaml:12: exporters[1]: found port 99999; allowed: a port from 1 to 65,535',
      expect.stringMatching(/^f\.yaml:13: exporters\[2\]\.speed: found an unknown option; allowed: rate, /),
    ]);
  });

  it('tells where a file is not YAML, or a list', () => {
    expect(faultsOf('a: [1\nb: 2')[0]).toMatch(/^f\.yaml:\d: YAML: found .+; allowed: a well-formed YAML/);
    expect(faultsOf('- 1')).toEqual(['f.yaml:1: the file: found [1]; allowed: options as KEY: VALUE']);
    expect(faultsOf('biflow: true\nbiflow: false')[0]).toMatch(/^f\.yaml:2: YAML: found .*unique/);
    expect(faultsOf('exporters: ipfix://h')[0]).toMatch(/^f\.yaml:1: exporters: .*a list of URLs/);
  });

  it('is not fooled by names that every object has', () => {
    expect(faultsOf('constructor: 1\n__proto__: {}\nmetering: { toString: 1 }')).toHaveLength(3);
  });
});

describe('crossFaults', () => {
  it('wants idle ≤ active and each collector once', () => {
    const { values, exporters } = parseConfigFile(
      'f.yaml',
      'metering: { idleTimeout: 2m }\nexporters: ["ipfix://h", "ipfix://h:4739"]',
    );
    const faults = crossFaults(buildConfig(values, exporters), (path) => path);
    expect(faults).toEqual([
      {
        path: 'metering.idleTimeout',
        found: '2m',
        allowed: 'at most metering.activeTimeout, which is 60s',
      },
      {
        path: 'exporters',
        found: 'ipfix://h:4739 twice',
        allowed: 'each collector once, since it would count every flow twice',
      },
    ]);
  });

  it('wants each UDP port with one of the tunnels that are looked into', () => {
    const faults = (tunnels: string) => {
      const text = `decode: { decapsulate: ${tunnels}, udpPorts: { vxlan: [4789, 6081], teredo: 5000 } }`;
      return crossFaults(buildConfig(parseConfigFile('f.yaml', text).values, []), (path) => path);
    };
    expect(faults('[vxlan, gtpu]')).toEqual([]);
    expect(faults('all')).toEqual([
      {
        path: 'decode.udpPorts.geneve',
        found: '6081',
        allowed: 'a port that is not one of decode.udpPorts.vxlan',
      },
    ]);
  });

  it.each(['[0]', '[]', '[65536]', '[4789, 4789]', '[a]', '4789.5', '{}'])('has no ports %s', (ports) => {
    expect(() => parseConfigFile('f.yaml', `decode: { udpPorts: { vxlan: ${ports} } }`)).toThrow(
      /decode.udpPorts.vxlan: found .*allowed: one or more ports from 1 to 65535/s,
    );
  });
});
