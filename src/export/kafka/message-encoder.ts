/**
 * Encodes one batch of flow records after the other into blocks of messages: chooses the columns for each record by its
 * IP version and direction, and makes the heads. What runs for every record is in flow-encoder.ts.
 */
import { compileTemplate } from '../../ie/templates.ts';
import type { FlowRecordBatch, RecordParts } from '../../records/flow-layout.ts';
import { ExportClock } from '../export-clock.ts';
import { KIND_IPV6, LANES, RowSelection, SIDE_BOTH, SIDE_REVERSE, SIDES } from '../row-selection.ts';
import { encodeMessages, type MessageRun } from './flow-encoder.ts';
import type { KafkaSinkOptions } from './kafka-options.ts';
import { ENTRY_HEAD_OCTETS, type MessageBlock } from './message-block.ts';
import { compileMessageColumns, type MessageColumn } from './message-columns.ts';
import { createHeadMaker } from './message-head.ts';
import { FIELD_OCTETS_MAX } from './put-protobuf.ts';

/** The longest value of JSON: an IPv6 address in quotes. */
const JSON_VALUE_OCTETS_MAX = 48;
const HEAD_OCTETS_MAX = 512;

/** Columns of a lane, and how long their messages can be. */
interface MessageLane {
  readonly columns: readonly MessageColumn[];
  readonly messageOctetsMax: number;
}

export class MessageEncoder {
  /** Optional parts of records that templates read. */
  readonly needs: RecordParts;
  readonly #options: KafkaSinkOptions;
  readonly #lanes: readonly MessageLane[];
  readonly #clock: ExportClock;
  readonly #selection = new RowSelection();
  readonly #makeHead: ReturnType<typeof createHeadMaker>;
  #recordNumber = 0;
  /** The batch that is being encoded, and how far it is. */
  #batch: FlowRecordBatch | undefined;
  #lane = 0;
  #row = 0;

  /** @throws ConfigError for faults in the templates */
  constructor(options: KafkaSinkOptions) {
    this.#options = options;
    this.#clock = new ExportClock(options.timestamps);
    const { lanes, needs } = compileMessageLanes(options);
    this.#lanes = lanes;
    this.needs = needs;
    this.#makeHead = createHeadMaker(options.head, options.format === 'json');
  }

  /** Takes a batch, which must stay as it is until `encode` has returned true. */
  begin(batch: FlowRecordBatch): void {
    const selection = this.#selection;
    selection.select(batch, this.#options.isBiflow);
    // The clock's system start is NetFlow's business alone.
    if (!selection.isEmpty) this.#clock.update(batch, selection.firstNs, selection.lastNs);
    this.#batch = batch;
    this.#lane = 0;
    this.#row = 0;
  }

  /** Appends messages to a block. @returns true when the batch is done, false when the block is full */
  encode(block: MessageBlock): boolean {
    const batch = this.#batch;
    if (batch === undefined) return true;
    const { counts, rows } = this.#selection;
    for (; this.#lane < LANES; this.#lane++, this.#row = 0) {
      const count = counts[this.#lane]!;
      if (this.#row === count) continue;
      const run = this.#run(batch, rows[this.#lane]!);
      this.#row = encodeMessages(run, this.#row, count, block);
      this.#recordNumber = run.recordNumber;
      if (this.#row < count) return false;
    }
    this.#batch = undefined;
    return true;
  }

  #run(batch: FlowRecordBatch, rows: Int32Array): MessageRun {
    const lane = this.#lane;
    const { columns, messageOctetsMax } = this.#lanes[lane]!;
    const { epochSeconds, nowMs } = this.#clock;
    const exportNs = (nowMs - epochSeconds * 1000) * 1e6;
    const head = this.#makeHead(lane >= KIND_IPV6 * SIDES ? 6 : 4, epochSeconds, exportNs);
    const isJson = this.#options.format === 'json';
    const recordNumber = this.#recordNumber;
    return { batch, columns, head, rows, epochSeconds, recordNumber, isJson, messageOctetsMax };
  }
}

/** Columns for each lane of row-selection.ts: kind of flow × side. */
function compileMessageLanes(options: KafkaSinkOptions): {
  lanes: MessageLane[];
  needs: RecordParts;
} {
  const { template, origin, isBiflow, values, format } = options;
  let encapsulation = false;
  let health = false;
  const lanes = Array.from({ length: LANES }, (_, lane): MessageLane => {
    const ipVersion = lane >= KIND_IPV6 * SIDES ? 6 : 4;
    const side = lane % SIDES;
    const compiled = compileTemplate(ipVersion === 4 ? template.ipv4 : template.ipv6, {
      protocol: 'text',
      ipVersion,
      withReverse: isBiflow && side === SIDE_BOTH,
      path: `template.ipv${ipVersion}`,
      origin,
    });
    encapsulation ||= compiled.needsEncapsulation;
    health ||= compiled.needsHealth;
    const columns = compileMessageColumns(compiled, side === SIDE_REVERSE, values);
    const valueOctets = (column: MessageColumn) =>
      format === 'json' ? column.label.length + JSON_VALUE_OCTETS_MAX : FIELD_OCTETS_MAX;
    const octets = columns.reduce((sum, column) => sum + valueOctets(column), HEAD_OCTETS_MAX);
    return { columns, messageOctetsMax: ENTRY_HEAD_OCTETS + octets };
  });
  return { lanes, needs: { encapsulation, health } };
}
