/** The values of flags that are no options of the configuration: what is wrong with them, and the form of a listing. */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { allowedInPlaceOf, choice } from '../config/types/option-types.ts';
import { type Arguments, COMMAND_LINE, type Flag } from './command.ts';

/** How a listing is printed. */
export const LISTING: Flag = {
  name: 'output',
  letter: 'o',
  type: choice(['table', 'json']),
  help: 'A table for people, or one JSON object a line',
};

/** Faults in the values of these flags. Of a flag that was given more than once, the last one counts. */
export function valueFaults(flags: readonly Flag[], args: Arguments): ConfigFault[] {
  return flags.flatMap(({ name, type }) => {
    const text = args.flags.get(name)?.at(-1);
    if (type === undefined || text === undefined || type.parse(text) !== undefined) return [];
    return [{ path: `--${name}`, found: JSON.stringify(text), allowed: allowedInPlaceOf(text, type) }];
  });
}

/** The form that `-o` of a listing asks for, where its value is right. */
export function listingForm(args: Arguments): 'table' | 'json' {
  return (args.flags.get(LISTING.name)?.at(-1) ?? 'table') as 'table' | 'json';
}

/** The same. @throws ConfigError where it is wrong */
export function checkedListingForm(args: Arguments): 'table' | 'json' {
  const faults = valueFaults([LISTING], args);
  if (faults.length > 0) throw new ConfigError(COMMAND_LINE, faults);
  return listingForm(args);
}
