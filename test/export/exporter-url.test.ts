import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { parseExporterUrl } from '../../src/export/exporter-url.ts';

function faultOf(url: string): string {
  try {
    parseExporterUrl(url);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return '';
}

describe('parseExporterUrl', () => {
  it.each([
    ['netflow5://10.0.0.1', 'netflow5', '10.0.0.1', 2055],
    ['netflow9://collector', 'netflow9', 'collector', 2055],
    ['ipfix://collector.example.org', 'ipfix', 'collector.example.org', 4739],
    ['ipfix://[2001:db8::1]', 'ipfix', '2001:db8::1', 4739],
    ['IPFIX://[fe80::1%eth0]:9995/', 'ipfix', 'fe80::1%eth0', 9995],
  ])('reads %s', (url, protocol, host, port) => {
    expect(parseExporterUrl(url)).toMatchObject({ protocol, host, port, options: {} });
  });

  it('reads options by the names of the configuration', () => {
    const url =
      'ipfix://c?rate=max&messageOctetsMax=1200&templateRefresh=10m&templateRefreshMessages=5&optionsData=none';
    expect(parseExporterUrl(url).options).toEqual({
      rate: 'max',
      messageOctetsMax: 1200,
      templateRefreshMs: 600_000,
      templateRefreshMessages: 5,
      optionsData: 'none',
    });
    expect(parseExporterUrl(url).url).toBe('ipfix://c:4739');
  });

  it.each([
    ['ipfx://c', 'did you mean ipfix?'],
    ['ipfix+tcp://c', 'netflow5://HOST[:PORT], netflow9://HOST[:PORT], ipfix://HOST[:PORT]'],
    ['ipfix-file:/tmp/x', 'an exporter of this version'],
    ['kafka://c/topic', 'an exporter of this version'],
    ['json:/tmp/x', 'an exporter of this version'],
    ['10.0.0.1:2055', 'ipfix://HOST[:PORT]'],
    ['ipfix://2001:db8::1', 'IPv6 addresses in brackets'],
    ['ipfix://c:0', '1 to 65535'],
    ['ipfix://c:70000', '1 to 65535'],
    ['ipfix://c?rat=1', 'did you mean rate?'],
    ['ipfix://c?constructor=1', 'option constructor'],
    ['ipfix://c?rate=0', 'messages a second'],
    ['ipfix://c?templateRefresh=10', '60s or 10m'],
    ['ipfix://c?messageOctetsMax=100', 'from 512 to 65507'],
  ])('refuses %s', (url, text) => {
    expect(faultOf(url)).toContain(text);
  });

  it('names all wrong options at once', () => {
    const fault = faultOf('ipfix://c?rate=x&templateRefreshMessages=0');
    expect(fault).toContain('rate=x');
    expect(fault).toContain('templateRefreshMessages=0');
  });
});
