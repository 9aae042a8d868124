// Configuration: what is serving, what changed, what check says, and which Envoy
// has it.
import { el, dim, soft, below, link } from '../dom.js';
import { at, ago, whole, money, none, dayMinute } from '../words.js';
import { told, signal, copyable } from '../draw.js';
import { table, panel, figures, empty, scroll } from '../table.js';
import { get } from '../api.js';

export const config = {
  title: 'Configuration',
  every: 10,
  load: () => get('/config'),
  bar: (p, d, house) => el('div.push', house.live()),
  body: d => [
    d.refused && el('div.note.held', { 'data-key': 'refused', role: 'status' }, signal('held'), el('span', el('b', 'An edit was refused. '), el('code', d.refused.where), ' ', d.refused.text, ' ', soft(d.refused.note), dim(' ', ago(d.refused.at), ' ago'))),
    el('section.panel', { 'aria-label': 'Version', 'data-key': 'version' }, figures('four', [
      ['Serving', el('span.mono', d.version), d.sha256 && copyable(d.sha256.slice(0, 16), 'hash of the file')],
      ['Loaded', at(d.loaded_at), [ago(d.loaded_at), ' ago, ', d.loaded_by]],
      ['Compiled in', d.compile_ms === null ? none() : [d.compile_ms.toFixed(d.compile_ms < 10 ? 1 : 0), el('span.unit', 'ms')], d.swap_us === null ? '' : `swapped in ${d.swap_us} µs; no request waited`],
      ['Decided since', whole(d.requests_since), 'requests under this version'],
    ])),
    el('div.wide', changes(d), el('div.column', lints(d), envoys(d))),
    rules(d), history(d),
  ],
};

const KIND = { '+': 'added', '-': 'removed', '@': 'place' };

function changes(d) {
  if (!d.diff.length) return panel('Changes', '', empty('The first version', 'There is nothing to compare with yet.'));
  const line = l => el('div', { class: KIND[l.op] }, el('span', l.op === '@' ? '' : String(l.line)), el('span', l.op === '@' ? '' : l.op), el('span', l.text));
  return panel('Changes', d.previous ? 'against ' + d.previous : '', el('div.diff', { tabindex: 0, role: 'region', 'aria-label': 'Difference from the previous version' }, d.diff.map(line)));
}

const lints = d => panel('Lints', 'what signalbox check says', d.lints.length
  ? el('ul.notices', d.lints.map(l => el('li', { 'data-key': l.at + l.text }, el('div.row.lint', l.level === 'note' ? dim('i') : signal('held'), el('div', el('b', l.text), below(el('code', l.at), l.fix && ' · ' + l.fix))))))
  : el('p.pad', told('clear', 'nothing to complain about')));

const envoys = d => panel('Envoys', 'what each has acknowledged', d.envoys.length ? table('envoys', 'Envoys', [
  { title: 'Node', head: true, cell: e => [told(e.signal, e.node), below([e.version, e.profile, e.streams === null ? '' : e.streams + ' streams'].filter(Boolean).join(' · '))] },
  { title: 'Policy', cell: e => (e.config ? el('span.mono', e.config) : none()) },
  { title: 'Acknowledged', number: true, cell: e => ago(e.acked_at) },
], d.envoys, { key: e => e.node }) : el('p.pad.dim', 'No Envoy has connected yet.'));

const rules = d => panel('Rules', 'in the order they are tried; the first match decides', d.rules.length ? scroll('Rules', table('rules', 'Rules', [
  { title: '#', number: true, drop: true, cell: r => whole(r.n) },
  { title: 'Rule', head: true, cell: r => link(r.name, '#/decisions?q=' + encodeURIComponent('rule:' + r.name)) },
  { title: 'When', wide: true, cell: r => el('code.soft', r.when || 'always') },
  { title: 'Matched, 24 h', number: true, sort: r => r.hits, cell: r => (r.hits === 0 ? el('span.held', 'never') : whole(r.hits)) },
  { title: 'Spend, 24 h', number: true, sort: r => Number(r.spend_pico_usd), cell: r => money(r.spend_pico_usd, 2) },
], d.rules, { key: r => r.name })) : el('p.pad.dim', 'There is no route: every request takes the defaults.'));

const RESULT = { serving: 'clear', refused: 'closed' };

const history = d => panel('History', '', table('history', 'Versions', [
  { title: 'Version', head: true, cell: v => el('span.mono', v.version) },
  { title: 'Loaded', cell: v => at(v.at, dayMinute) },
  { title: 'Result', cell: v => (RESULT[v.result] ? told(RESULT[v.result], v.result) : dim(v.result)) },
  { title: 'What', wide: true, cell: v => soft(v.what) },
], d.history, { key: v => v.version + v.at }));
