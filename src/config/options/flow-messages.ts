/** Options of exporters that write flow messages of protobuf: Kafka, and files. */
import type { ConfigOption } from '../types/config-option.ts';
import { nameMap } from '../types/name-map.ts';
import { text } from '../types/option-types.ts';

const AUTO = 'auto';

export const FLOW_MESSAGE_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'schema',
    type: text('the name of a .proto file, or auto for config/flow.proto', 'FILE', /^.+$/),
    default: AUTO,
    unit: '',
    help: "The messages' schema: numbers and types of their fields. auto is that of goflow2's messages.",
  },
  {
    path: 'message',
    type: text('the name of a message, or auto for the only one', 'NAME', /^[A-Za-z_][\w.]*$/),
    default: AUTO,
    unit: '',
    help: 'The message of the schema, with its package.',
  },
  {
    path: 'fields',
    type: nameMap('a map from fields to information elements: FIELD: ELEMENT, or FIELD: [ELEMENT, ELEMENT]'),
    default: [],
    unit: '',
    help:
      'What fills which field: of several elements the first that flows of the IP version have, in a repeated field ' +
      'all. Without it fields are filled that are called after elements, or as in goflow2, as far as the template goes.',
  },
  {
    path: 'samplerAddress',
    type: text('an IPv4 or IPv6 address, or auto', 'ADDRESS', /^[0-9a-fA-F:.]+$|^auto$/),
    default: AUTO,
    unit: '',
    help: 'Address of this probe in messages (sampler_address); auto is the first one of this host.',
  },
];
