// What several views show alike.
import { el, dim, link, unseen } from '../dom.js';
import { ago, minute, day } from '../words.js';
import { signal } from '../draw.js';

const CLEAR = 'no breaker is open and every Envoy has the current policy';

// attention lists what needs a person, the worst first.
export function attention(items) {
  const lines = items.length
    ? items.map(a => el('li', { 'data-key': a.text }, el('a', { href: a.href }, signal(a.signal), el('b', unseen(a.signal, ': '), a.text), el('span.dim.rest', a.more), dim(ago(a.since)))))
    : el('li', el('div.row', signal('clear'), el('b', 'All lines clear'), el('span.dim.rest', CLEAR)));
  return el('section.panel', { 'aria-label': 'Needs attention', 'data-key': 'attention' }, el('ul.notices', lines));
}

// notices is a list of rows of a signal, a bold text, more, and when.
export const notices = list => el('ul.notices', list.map(n => el('li', { 'data-key': n.key },
  el('div.row', signal(n.signal), el('b', n.text), el('span.dim.rest', n.more), dim(n.when ? ago(n.when) : '')))));

export const place = p => [p.backend, p.region].filter(Boolean).join(' · ');

export const teamLink = name => (name ? link(name, '#/teams/' + encodeURIComponent(name), { class: 'in-text' }) : dim('no team'));

export const dayTime = t => (t ? day(t) + ' ' + minute(t) : '–');

const RANK = { closed: 0, held: 1, clear: 2 };
export const rank = x => RANK[x.signal] ?? 3;
export const worst = list => list.reduce((w, x) => (rank(x) < rank({ signal: w }) ? x.signal : w), 'clear');
