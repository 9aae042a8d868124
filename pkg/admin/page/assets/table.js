// Tables and panels. A column is {title, cell, number, sort, head, wide, drop}:
// cell makes its content from a row; sort gives what it is sorted by; head marks
// the row's name; on a narrow screen, where a table becomes a register, a wide
// column has a line to itself and one with drop is left out.
import { el } from './dom.js';

const order = new Map(); // by table: [column, direction]

export function sortBy(name, column) {
  const [was, direction] = order.get(name) ?? [];
  order.set(name, [column, was === column ? -direction : -1]);
}

export function table(name, caption, columns, rows, { key, href, marked, fresh, kind = 'register' } = {}) {
  const [by, direction] = order.get(name) ?? [];
  if (by !== undefined) rows = rows.toSorted((a, b) => compare(columns[by].sort(a), columns[by].sort(b)) * direction);
  const heads = columns.map((c, i) => el('th', {
    scope: 'col', role: 'columnheader', class: names(c.number && 'number', c.drop && 'drop'),
    'aria-sort': by === i ? (direction > 0 ? 'ascending' : 'descending') : null,
  }, c.sort ? el('button', { type: 'button', 'data-act': 'sort', 'data-value': name + ' ' + i }, c.title, by === i && (direction > 0 ? ' ↑' : ' ↓')) : c.title));
  const line = row => el('tr', { role: 'row', 'data-key': key?.(row), 'data-href': href?.(row), class: names(marked?.(row) && 'marked', fresh?.(row) && 'fresh') },
    columns.map(c => el(c.head ? 'th' : 'td', {
      scope: c.head ? 'row' : null, role: c.head ? 'rowheader' : 'cell', 'data-label': c.head || c.bare ? null : c.title,
      class: names(c.number && 'number', (c.wide || c.head) && 'full', c.drop && 'drop', c.kind),
    }, el('div', c.cell(row)))));
  return el('table', { class: kind, role: 'table', 'data-key': 'table-' + name }, el('caption.unseen', caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, heads)), el('tbody', { role: 'rowgroup' }, rows.map(line)));
}

const names = (...list) => list.filter(Boolean).join(' ');

// compare puts what is not known at the end of a falling order.
function compare(a, b) {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : -1;
  if (b === null || b === undefined) return 1;
  return a > b ? 1 : a < b ? -1 : 0;
}

export const scroll = (label, ...content) => el('div.scroll', { tabindex: 0, role: 'region', 'aria-label': label }, ...content);

export function panel(title, note, body, right) {
  return el('section.panel', { 'data-key': 'panel-' + title },
    el('header', el('h2', title), note && el('p', note), right && el('div.push', right)), body);
}

export const figures = (kind, list) => el('dl.figures', { class: kind }, list.map(([label, value, detail]) =>
  el('div', el('dt', label), el('dd.value', value), el('dd.detail', detail))));

export const facts = list => el('dl.facts', list.map(([name, value, wide]) => el('div', { class: wide && 'all' }, el('dt', name), el('dd', value))));

// choice is a row of buttons of which one is pressed; each sets a filter.
export const choice = (label, filter, value, list, kind = '') => el('div.choice', { class: kind, role: 'group', 'aria-label': label },
  list.map(([v, text]) => el('button', { type: 'button', 'data-act': 'set', 'data-value': filter + '=' + v, 'aria-pressed': String(v === value) }, text)));

export const select = (label, filter, value, list) => el('select', { 'aria-label': label, 'data-filter': filter },
  el('option', { value: '', selected: !value }, label + ': all'), list.map(v => el('option', { value: v, selected: v === value }, v)));

// empty says what a view without rows is waiting for.
export function empty(title, text, ...more) {
  return el('div.empty', el('svg', { width: 84, height: 38, viewBox: '0 0 84 38', fill: 'none', stroke: 'currentColor', 'stroke-width': 2, 'stroke-linecap': 'round', 'aria-hidden': 'true' },
    el('path', { d: 'M2 30h80M16 30c13 0 13-18 28-18h14' }), el('path', { d: 'M58 7v10', 'stroke-width': 3 })), el('h2', title), el('p', text), more);
}

export const command = text => el('div.command', el('code', { tabindex: 0 }, text),
  el('button.btn.small', { type: 'button', 'data-act': 'copy', 'data-value': text, 'aria-label': 'Copy: ' + text }, 'Copy'));
