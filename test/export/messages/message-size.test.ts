/** Records have to fit into a message: an exporter whose templates need longer ones is refused before anything is sent. */
import { expect, it } from 'vitest';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';
import { CONFIG, collector } from '../exporter-support.ts';

/** Every element of path health and of flowtap's own, which take 8 octets each in a template (RFC 7011 §3.2). */
const OWN = INFORMATION_ELEMENTS.filter(({ isEnterprise }) => isEnterprise).map(({ name }) => name);

it.each(['ipfix', 'ipfix+tcp'] as const)(
  '%s: templates that do not fit messageOctetsMax are refused at the start',
  async (protocol) => {
    const config = { ...CONFIG, template: { ipv4: OWN, ipv6: OWN } };
    const to = { ...collector(protocol, { messageOctetsMax: 512 }), host: '127.0.0.1' };
    const failed = createExportingProcess(config, [to]);
    await expect(failed).rejects.toThrow(
      /:\/\/192\.0\.2\.2:2055 template: found (flow|template) records that need messages of \d+ octets; allowed: at most messageOctetsMax, 512 octets/,
    );
  },
);

it('an IPFIX template that fills a message to the last octet is accepted', async () => {
  // 16 octets of message header, 4 of set header, 4 of template header, 4 for each field and 8 for one with a number.
  const fields = OWN.slice(0, 61);
  const octets = 16 + 4 + 4 + 8 * fields.length;
  expect(octets).toBeGreaterThanOrEqual(512);
  const config = { ...CONFIG, template: { ipv4: fields, ipv6: fields } };
  const open = (messageOctetsMax: number) =>
    createExportingProcess(config, [{ ...collector('ipfix', { messageOctetsMax }), host: '127.0.0.1' }]);
  await (await open(octets)).close();
  await expect(open(octets - 1)).rejects.toThrow(`template records that need messages of ${octets} octets`);
});
