/** Lines of a configuration file: keys and values, quoted by the `yaml` package where YAML wants it. */
import { Document, isCollection, Scalar, visit } from 'yaml';

/** Texts that may stand bare, if the package finds that they mean nothing else; others are quoted in any case. */
const BARE = /^[\w.:/+%-]*$/;

/** `key: value` on one line, lists in brackets. */
export function yamlLine(key: string, value: unknown): string {
  const document = new Document({});
  const node = document.createNode(value);
  if (isCollection(node)) node.flow = true;
  document.set(key, node);
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && !BARE.test(scalar.value)) {
        scalar.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  const text = document.toString({
    lineWidth: 0,
    blockQuote: false,
    flowCollectionPadding: false,
    // Line breaks as \n: a value stays on its line.
    doubleQuotedAsJSON: true,
  });
  return text.replace(/\n$/, '');
}
