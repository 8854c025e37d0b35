/** Flows as lines for programs: JSON, one object a line, or CSV. The lines themselves are made by ie/flow-text.ts. */

import { asksForDnsNames, isEnriching } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';
import { FlowText } from '../ie/flow-text.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import type { RecordSections } from '../records/record-sections.ts';
import type { FlowWriter } from './flow-writer.ts';
import type { OutputStream } from './standard-output.ts';

/**
 * Sections that are switched on are shown, unless a template says what is to be shown. Columns of CSV are the same
 * with path health as without, since programs may count them.
 */
function shownTemplate(form: 'json' | 'csv', config: FlowtapConfig): FlowtapConfig['template'] {
  const { template, metering, applications, enrichment } = config;
  const profile = [
    ...(metering.pathHealth === 'on' && form === 'json' ? ['health'] : []),
    ...(applications.inspect === 'on' || asksForDnsNames(config) ? ['applications'] : []),
    ...(isEnriching(enrichment) ? ['networks'] : []),
  ].join('+');
  const shown = (names: readonly string[]) => (names.join() === 'default' ? [profile || 'default'] : names);
  return { ipv4: shown(template.ipv4), ipv6: shown(template.ipv6) };
}

export class LineWriter implements FlowWriter {
  readonly needs: RecordSections;
  readonly #output: OutputStream;
  readonly #text: FlowText;
  #hasHeader = false;

  /** @throws ConfigError for faults in the templates */
  constructor(output: OutputStream, form: 'json' | 'csv', config: FlowtapConfig) {
    this.#output = output;
    const { biflow, observation } = config;
    const template = shownTemplate(form, config);
    const { domainId, ingressInterface, egressInterface } = observation;
    const values = { observationDomainId: domainId, ingressInterface, egressInterface };
    this.#text = new FlowText({ form, template, biflow, values });
    this.needs = this.#text.needs;
  }

  get isClosed(): boolean {
    return this.#output.isClosed;
  }

  write(batch: FlowRecordBatch): Promise<void> | void {
    // The text lies in memory that the next batch overwrites: the caller waits for the promise before that.
    const lines = this.#text.batch(batch);
    return this.#hasHeader ? this.#output.write(lines) : this.#writeFirst(lines);
  }

  async #writeFirst(lines: Uint8Array): Promise<void> {
    await this.#writeHeader();
    await this.#output.write(lines);
  }

  async #writeHeader(): Promise<void> {
    this.#hasHeader = true;
    if (this.#text.header !== '') await this.#output.write(Buffer.from(this.#text.header));
  }

  /** CSV of no flow at all still names its columns. */
  async end(): Promise<void> {
    if (!this.#hasHeader) await this.#writeHeader();
  }
}
