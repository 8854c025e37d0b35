/**
 * Makes what the page shows. Texts become text nodes and nothing else, whatever stands in them: names of interfaces and
 * messages of collectors come from elsewhere.
 */

/** The element of this id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Makes an element.
 * @param attributes by name; those that begin with `on` are listeners, true and false are those of switches
 * @param children elements and texts
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

/** Puts these children in the place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== undefined));
}

/** Changes a text only where it differs: what is selected or read aloud stays so. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A table. @param columns `{ title, isNumber }`; @param rows cells of each, texts or elements */
export function table(caption, columns, rows) {
  const cell = (content, i) => make('td', { class: columns[i].isNumber ? 'number' : undefined }, content);
  return make(
    'table',
    {},
    make('caption', { class: 'unseen' }, caption),
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        columns.map(({ title, isNumber }) =>
          make('th', { scope: 'col', class: isNumber ? 'number' : undefined }, title),
        ),
      ),
    ),
    make(
      'tbody',
      {},
      rows.map((cells) => make('tr', {}, cells.map(cell))),
    ),
  );
}

/** Buttons of which one is pressed. @param choices `[value, label]`; @param choose called with the value */
export function choice(fieldset, choices, chosen, choose) {
  const buttons = choices.map(([value, label]) =>
    make(
      'button',
      {
        type: 'button',
        'aria-pressed': String(value === chosen),
        onclick: () => {
          for (const [i, button] of buttons.entries())
            button.setAttribute('aria-pressed', String(choices[i][0] === value));
          choose(value);
        },
      },
      label,
    ),
  );
  for (const old of fieldset.querySelectorAll('button')) old.remove();
  fieldset.append(...buttons);
}

/** A mark of how something is: a shape and a word, so that colour is not all. @param tone good, warning, bad, neutral */
export function mark(tone, word) {
  return make('span', { class: `mark ${tone}` }, word);
}
