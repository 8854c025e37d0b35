/** Lines of a configuration file: keys and values, quoted by the `yaml` package where YAML wants it. */
import { Document, isCollection } from 'yaml';

/** `key: value` on one line, lists in brackets. */
export function yamlLine(key: string, value: unknown): string {
  const document = new Document({});
  const node = document.createNode(value);
  if (isCollection(node)) node.flow = true;
  document.set(key, node);
  const text = document.toString({ lineWidth: 0, blockQuote: false, flowCollectionPadding: false });
  return text.replace(/\n$/, '');
}
