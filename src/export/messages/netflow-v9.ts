/**
 * NetFlow version 9 messages (RFC 3954): header, template FlowSets and the fields of options. The RFC's own words stand
 * here alone: a FlowSet is a set, the source id an observation domain, and the sequence number counts messages.
 */
import type { Template } from '../../ie/templates.ts';
import { systemUpTimeMs } from '../contract/export-clock.ts';
import type { MessageContents, MessageFormat, MessageTotals } from './message-builder.ts';

const VERSION = 9;
const HEADER_OCTETS = 20; // RFC 3954 §5.1
export const TEMPLATE_SET_V9 = 0; // §5.2
export const OPTIONS_TEMPLATE_SET_V9 = 1; // §6.1

/**
 * @param sourceId of the header: the observation domain
 * @param clock whose system up times the records have
 */
export function netflow9Format(sourceId: number, clock: { readonly systemInitMs: number }): MessageFormat {
  return {
    headerOctets: HEADER_OCTETS,
    setHeaderOctets: 4,
    setAlignment: 4,
    flowRecordsMax: 0xffff,
    writeHeader(view: DataView, at: number, contents: MessageContents, before: MessageTotals): void {
      // The header has whole seconds only. Rounded up, and the up time with it, their difference is the system's
      // start for every message, so milliseconds survive; and no packet is later than the up time.
      const seconds = Math.ceil(contents.exportMs / 1000);
      const records = contents.templateRecords + contents.optionsRecords + contents.flowRecords;
      view.setUint16(at, VERSION);
      view.setUint16(at + 2, records);
      view.setUint32(at + 4, systemUpTimeMs(seconds * 1000, clock.systemInitMs));
      view.setUint32(at + 8, seconds);
      view.setUint32(at + 12, before.messages);
      view.setUint32(at + 16, sourceId);
    },
  };
}

/** A template record: id, field count, and type and length of each field (RFC 3954 §5.2). */
export function netflow9TemplateRecord(templateId: number, template: Template): Uint8Array {
  const record = new Uint8Array(4 + 4 * template.fields.length);
  const view = new DataView(record.buffer);
  view.setUint16(0, templateId);
  view.setUint16(2, template.fields.length);
  template.fields.forEach((field, i) => {
    view.setUint16(4 + 4 * i, field.id);
    view.setUint16(6 + 4 * i, field.octets);
  });
  return record;
}
