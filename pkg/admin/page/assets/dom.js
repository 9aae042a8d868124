// Nodes. Text gets into the page through text nodes alone, so that no string
// ever becomes markup. A view is built anew each time and the living page is
// made to look like it: what did not change keeps its focus, scroll and state.

const VECTOR = new Set(['svg', 'g', 'path', 'rect', 'circle', 'line', 'text']);

export const byId = id => document.getElementById(id);

// el makes an element: el('a.btn.main', {href}, 'text', node, [more]). Absent
// and false attributes and children are left out.
export function el(spec, ...rest) {
  const [tag, ...classes] = spec.split('.');
  const plain = rest.length && isAttributes(rest[0]);
  const attributes = plain ? rest[0] : {};
  const node = VECTOR.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  const all = classes.concat(attributes.class || []).join(' ');
  if (all) node.setAttribute('class', all);
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== 'class' && present(value)) node.setAttribute(name, value === true ? '' : value);
  }
  append(node, plain ? rest.slice(1) : rest);
  return node;
}

function isAttributes(x) {
  return x !== null && typeof x === 'object' && !x.nodeType && !Array.isArray(x);
}

const present = x => x !== null && x !== undefined && x !== false;

export function append(node, children) {
  for (const c of children.flat(Infinity)) {
    if (present(c) && c !== '') node.append(c.nodeType ? c : document.createTextNode(c));
  }
}

const nameOf = n => (n.nodeType === 1 ? n.getAttribute('data-key') : null);

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && nameOf(a) === nameOf(b);

// become makes the living node look like the model, which is used up.
export function become(living, model) {
  if (!alike(living, model)) {
    living.replaceWith(model);
    return;
  }
  if (living.nodeType !== 1) {
    if (living.data !== model.data) living.data = model.data;
    return;
  }
  if (living.hasAttribute('data-own')) return; // it looks after itself
  attributes(living, model);
  if (living.hasAttribute('data-chart')) return; // drawn for its width, by chart.js
  children(living, model);
  if (living.nodeName === 'SELECT') {
    const chosen = [...living.options].find(o => o.hasAttribute('selected'));
    if (chosen) living.value = chosen.value;
  }
}

function attributes(living, model) {
  for (const { name } of [...living.attributes]) {
    const opened = name === 'open' && living.nodeName === 'DETAILS'; // by its reader
    if (!model.hasAttribute(name) && !opened) living.removeAttribute(name);
  }
  for (const { name, value } of model.attributes) {
    if (living.getAttribute(name) !== value) living.setAttribute(name, value);
  }
  if (living.nodeName === 'INPUT' && living !== document.activeElement) living.value = model.getAttribute('value') ?? '';
}

function children(living, model) {
  const named = new Map();
  for (const n of living.childNodes) if (nameOf(n)) named.set(nameOf(n), n);
  let next = living.firstChild;
  for (const want of [...model.childNodes]) {
    const name = nameOf(want);
    const old = name ? named.get(name) : next && !nameOf(next) ? next : null;
    if (!old) {
      living.insertBefore(want, next);
      continue;
    }
    if (old === next) next = next.nextSibling;
    else living.insertBefore(old, next);
    named.delete(name);
    become(old, want);
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

// fill gives a living element new content.
export function fill(living, ...content) {
  const model = living.cloneNode(false);
  append(model, content);
  become(living, model);
}

export const dim = (...c) => el('span.dim', ...c);
export const soft = (...c) => el('span.soft', ...c);
export const below = (...c) => el('span.below', ...c);
export const unseen = (...c) => el('span.unseen', ...c);
export const link = (text, href, attributes = {}) => el('a', { href, ...attributes }, text);
