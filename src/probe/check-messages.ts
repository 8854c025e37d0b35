/** Checks what only a schema can tell of a configuration: the flow messages that its exporters would write. */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';

/**
 * Compiles the messages of every exporter that writes some, as the exporter would.
 * @returns what is wrong with schemas and fields; with a template, it has been said before
 */
export async function flowMessageFaults(config: FlowtapConfig): Promise<readonly ConfigFault[]> {
  const writing = config.exporters.filter(({ protocol }) => protocol === 'kafka' || protocol === 'protobuf');
  if (writing.length === 0) return [];
  const { compileMessageClasses } = await import('../export/flow-messages/message-classes.ts');
  const { flowMessageOptions } = await import('../export/flow-messages/message-options.ts');
  return writing.flatMap((exporter) => {
    try {
      compileMessageClasses(flowMessageOptions(config, exporter));
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.faults;
    }
  });
}
