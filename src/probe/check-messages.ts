/** Checks what only a schema can tell of a configuration: the flow messages that its exporters would write. */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import { joinSections, NO_SECTIONS, type RecordSections } from '../records/record-sections.ts';

/** What came of compiling messages. */
export interface CheckedMessages {
  readonly faults: readonly ConfigFault[];
  /** Sections of records that they read. */
  readonly needs: RecordSections;
}

/**
 * Compiles the messages of every exporter that writes some, as the exporter would.
 * @returns what is wrong with schemas and fields; with a template, it has been said before
 */
export async function checkFlowMessages(config: FlowtapConfig): Promise<CheckedMessages> {
  const writing = config.exporters.filter(({ protocol }) => protocol === 'kafka' || protocol === 'protobuf');
  if (writing.length === 0) return { faults: [], needs: NO_SECTIONS };
  const { compileMessageClasses } = await import('../export/flow-messages/message-classes.ts');
  const { flowMessageOptions } = await import('../export/flow-messages/message-options.ts');
  const checked = writing.map((exporter): CheckedMessages => {
    try {
      return { faults: [], needs: compileMessageClasses(flowMessageOptions(config, exporter)).needs };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { faults: error.faults, needs: NO_SECTIONS };
    }
  });
  return {
    faults: checked.flatMap(({ faults }) => faults),
    needs: joinSections(checked.map(({ needs }) => needs)),
  };
}
