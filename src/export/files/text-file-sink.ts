/** Flow records in files of JSON lines or CSV: the same text as `-o json` and `-o csv`, rotated. */
import { FlowText } from '../../ie/flow-text.ts';
import type { SinkFactory } from '../contract/record-sink.ts';
import { FileClock } from './file-clock.ts';
import { createRotatingFile } from './file-options.ts';
import { createRotatedSink } from './rotated-sink.ts';

/** @throws ConfigError for faults in the templates or in the file's name, ExportError for a folder that is not there */
export const createTextFileSink: SinkFactory = async (config, exporter, context) => {
  const { domainId, ingressInterface, egressInterface } = config.observation;
  const { templateIpv4, templateIpv6, biflow } = exporter.options;
  const text = new FlowText({
    form: exporter.protocol === 'csv' ? 'csv' : 'json',
    template: {
      ipv4: templateIpv4 ?? config.template.ipv4,
      ipv6: templateIpv6 ?? config.template.ipv6,
    },
    biflow: biflow ?? config.biflow,
    values: {
      observationDomainId: domainId,
      ingressInterface,
      egressInterface,
      samplingInterval: config.sampling?.interval ?? 1,
    },
    ...(config.origin === undefined ? {} : { origin: config.origin }),
  });
  const header = text.header === '' ? undefined : Buffer.from(text.header);
  const file = createRotatingFile(exporter, context, { header: () => header, isWorthlessWhenCut: false });
  const clock = new FileClock(config.timestamps, context);
  return createRotatedSink({
    url: exporter.url,
    file,
    clock,
    needs: { encapsulation: text.needsEncapsulation, health: text.needsHealth },
    offered: () => text.lines,
    write: (timed) => {
      const before = text.lines;
      const lines = text.batch(timed);
      return lines.length === 0 ? undefined : file.append(lines, text.lines - before);
    },
  });
};
