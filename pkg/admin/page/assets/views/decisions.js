// Decisions: what is happening now. Rows never move under a reader: while the
// pointer or the focus is in the table, or it is scrolled, new ones wait.
import { el, dim, soft, below, unseen, byId, link } from '../dom.js';
import { at, ms, money, whole, plural, decimal, second, none } from '../words.js';
import { told, lens } from '../draw.js';
import { table, choice, empty } from '../table.js';
import { get } from '../api.js';
import { place } from './parts.js';

const ONLY = [['', 'All'], ['fallback', 'Fallbacks'], ['blocked', 'Blocked'], ['downgraded', 'Downgraded'], ['cancelled', 'Cancelled'], ['failed', 'Failed']];
const FIELDS = 'team, key, rule, route, class, outcome, model, backend, region';
const PAGE = 40;

const state = { limit: PAGE, sieve: null, rows: [], fresh: new Set(), waiting: 0, release: false };

export const more = () => (state.limit += PAGE);
export const release = () => (state.release = true);

function reading(house) {
  const body = byId('main').querySelector('tbody');
  return !house.running || scrollY > 140 || body?.matches(':hover') || body?.contains(document.activeElement);
}

// take puts new rows in their place, or counts them while somebody reads.
function take(sieve, rows, house) {
  const same = state.sieve === sieve && state.rows.length > 0;
  if (same && !state.release && reading(house)) {
    const i = rows.findIndex(r => r.id === state.rows[0].id);
    state.waiting = i < 0 ? rows.length : i;
    state.fresh = new Set();
    return;
  }
  const before = new Set(state.rows.map(r => r.id));
  state.fresh = new Set(same ? rows.map(r => r.id).filter(id => !before.has(id)) : []);
  Object.assign(state, { sieve, rows, waiting: 0, release: false });
}

export const decisions = {
  title: 'Decisions',
  every: 2,
  enter() {
    Object.assign(state, { limit: PAGE, sieve: null, rows: [] });
  },
  async load({ filters: p }, house) {
    const answer = await get('/decisions', { q: p.q, only: p.only, team: p.team, limit: String(state.limit) });
    take([p.q, p.only, p.team, state.limit].join('|'), answer.decisions, house);
    return answer;
  },
  bar: (p, _, house) => [
    el('label.find', lens(), unseen('Filter'), el('input', { id: 'find', 'data-filter': 'q', value: p.q ?? '', placeholder: 'team:search model:gpt rule: … or any id', size: 34, autocomplete: 'off', spellcheck: 'false' }), el('kbd.roomy', '/')),
    el('div.push', house.live()),
  ],
  body(d, p) {
    const filtered = p.q || p.only || p.team;
    const rate = el('p', decimal(d.rate_per_s, 1), ' decisions a second', d.shown_one_in > 1 && `; the live list shows one in ${d.shown_one_in}, a filter all that match`);
    const rows = state.rows.length ? [waiting(), list(), state.rows.length >= state.limit && el('div.more', el('button.btn.small', { type: 'button', 'data-act': 'older' }, 'Older decisions'))]
      : filtered ? empty('Nothing matches this filter', `Fields: ${FIELDS}. Words without a field search ids too.`, link('Clear the filter', '#/decisions', { class: 'btn' }))
        : empty('No decision yet', 'The first request that passes the listener appears here within a second.');
    return [el('div.legend', choice('Outcome', 'only', p.only ?? '', ONLY, 'small'), rate), el('section.panel', { 'aria-label': 'Decisions', 'data-key': 'decisions' }, rows)];
  },
};

function waiting() {
  const n = state.waiting;
  if (!n) return null;
  return el('div.more', { 'data-key': 'waiting' }, el('button.btn.small', { type: 'button', 'data-act': 'release' },
    `Show ${n >= state.rows.length ? 'more than ' : ''}${plural(n, 'new decision')}`));
}

const list = () => table('decisions', 'Decisions, newest first', [
  { title: 'Time', kind: 'time', bare: true, cell: r => el('a.row-link.mono', { href: '#/decisions/' + r.id, 'aria-label': `Decision at ${second(r.at)}, ${r.outcome}` }, at(r.at)) },
  { title: 'Outcome', kind: 'outcome', bare: true, cell: r => [told(r.signal, r.outcome), r.attempts_n > 1 ? below(r.attempts_n + ' attempts') : r.served && r.requested_model !== r.served.model && below('asked ' + r.requested_model)] },
  { title: 'Caller', kind: 'caller', bare: true, cell: r => [r.team || dim('no team'), below(r.key)] },
  { title: 'Served', kind: 'served', bare: true, cell: r => (r.served ? [el('b', r.served.model), below(place(r.served))] : soft('no provider')) },
  { title: 'Rule', kind: 'rule', bare: true, cell: r => [r.rule, below(r.class ? 'class ' + r.class : 'no class', r.findings > 0 && ' · ' + plural(r.findings, 'finding'))] },
  { title: 'First token', kind: 'first', number: true, cell: r => ms(r.ttft_ms) },
  { title: 'Tokens in / out', kind: 'tokens', number: true, cell: r => (!r.served || r.input_tokens === null ? none() : [whole(r.input_tokens), dim(' / '), whole(r.output_tokens)]) },
  { title: 'Cost', kind: 'cost', number: true, cell: r => (r.served ? money(r.cost_pico_usd, 5) : none()) },
], state.rows, { key: r => r.id, href: r => '#/decisions/' + r.id, fresh: r => state.fresh.has(r.id), kind: 'register live' });
