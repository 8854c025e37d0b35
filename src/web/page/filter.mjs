/** What people type into the filter, as conditions of the API. */

const KINDS = ['address', 'port', 'protocol', 'interface'];

/**
 * `192.0.2.1 443 tcp` becomes `address 192.0.2.1 port 443 protocol tcp`; conditions that are complete stay as they are.
 * Whether they can be is for the daemon to say, which names what is allowed.
 * @param interfaces names that are known
 */
export function conditionsOf(text, interfaces) {
  const words = text.split(/[\s,]+/).filter((word) => word !== '' && word.toLowerCase() !== 'and');
  const conditions = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const kind = KINDS.find((name) => name === word.toLowerCase());
    if (kind !== undefined && words[i + 1] !== undefined) conditions.push(kind, words[++i]);
    else conditions.push(kind ?? kindOf(word, interfaces), ...(kind === undefined ? [bare(word)] : []));
  }
  return conditions.join(' ');
}

/** An end as the table shows it: without brackets. */
function bare(word) {
  return word.replace(/^\[(.*)\]$/, '$1');
}

function kindOf(word, interfaces) {
  if (interfaces.includes(word)) return 'interface';
  if (/^\d{1,5}$/.test(word)) return 'port';
  return /[.:]/.test(word) ? 'address' : 'protocol';
}
