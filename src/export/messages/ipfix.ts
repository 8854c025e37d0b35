/** IPFIX messages (RFC 7011): header, template records, reverse and enterprise-specific field specifiers. */
import type { Template } from '../../ie/templates.ts';
import type { MessageContents, MessageFormat, MessageTotals } from './message-builder.ts';

const VERSION = 10;
const HEADER_OCTETS = 16; // RFC 7011 §3.1
export const TEMPLATE_SET = 2; // §3.3.2
export const OPTIONS_TEMPLATE_SET = 3;
const ENTERPRISE_BIT = 0x8000; // §3.2

/**
 * @param observationDomainId of the header
 */
export function ipfixFormat(observationDomainId: number): MessageFormat {
  return {
    headerOctets: HEADER_OCTETS,
    setHeaderOctets: 4,
    setAlignment: 1,
    flowRecordsMax: 0xffff,
    writeHeader(view: DataView, at: number, contents: MessageContents, before: MessageTotals): void {
      view.setUint16(at, VERSION);
      view.setUint16(at + 2, contents.octets);
      // Rounded up, so that no packet in the message is later than the message.
      view.setUint32(at + 4, Math.ceil(contents.exportMs / 1000));
      view.setUint32(at + 8, before.flowRecords + before.optionsRecords);
      view.setUint32(at + 12, observationDomainId);
    },
  };
}

/** Writes a field specifier (RFC 7011 §3.2). @returns the octet behind it */
export function writeFieldSpecifier(
  view: DataView,
  at: number,
  id: number,
  octets: number,
  enterpriseNumber: number | undefined,
): number {
  view.setUint16(at, enterpriseNumber === undefined ? id : id | ENTERPRISE_BIT);
  view.setUint16(at + 2, octets);
  if (enterpriseNumber === undefined) return at + 4;
  view.setUint32(at + 4, enterpriseNumber);
  return at + 8;
}

/** A template record: id, field count, field specifiers (RFC 7011 §3.4.1). */
export function ipfixTemplateRecord(templateId: number, template: Template): Uint8Array {
  const enterprise = template.fields.filter((field) => field.enterpriseNumber !== undefined).length;
  const record = new Uint8Array(4 + 4 * template.fields.length + 4 * enterprise);
  const view = new DataView(record.buffer);
  view.setUint16(0, templateId);
  view.setUint16(2, template.fields.length);
  let at = 4;
  for (const { id, octets, enterpriseNumber } of template.fields) {
    at = writeFieldSpecifier(view, at, id, octets, enterpriseNumber);
  }
  return record;
}
