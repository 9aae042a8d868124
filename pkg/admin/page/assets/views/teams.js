// Teams and keys: who asks for how much, and whose key it is. Budgets show where
// the gateway has them.
import { el, dim, soft, below } from '../dom.js';
import { ago, whole, money, short, percent, percentText, dollars, usdText, plural, none } from '../words.js';
import { told, gauge, copyable } from '../draw.js';
import { table, panel, figures, empty } from '../table.js';
import { lines } from '../chart.js';
import { get } from '../api.js';
import { rank, notices, dayTime } from './parts.js';

const sum = (list, key) => list.reduce((a, x) => (x[key] === null || x[key] === undefined ? a : (a ?? 0) + Number(x[key])), null);
const spent = list => (sum(list, 'spent_pico_usd') === null ? null : list.reduce((a, x) => a + BigInt(x.spent_pico_usd ?? 0), 0n).toString());
const budgeted = b => b.limit_pico_usd !== null && b.limit_pico_usd !== undefined;
const used = b => (dollars(b.spent_pico_usd) / dollars(b.limit_pico_usd)) * 100;
const filter = name => '#/teams/' + encodeURIComponent(name);

export const teams = {
  title: 'Teams and keys',
  every: 10,
  load: () => get('/teams'),
  bar: (p, d, house) => el('div.push', house.live()),
  body(d) {
    if (!d.teams.length) return el('section.panel', empty('No team is configured', 'Keys without a team work. Teams say which models a group may use, and where its requests may go.', el('pre', { tabindex: 0 }, 'teams:\n  - name: support\n    models: ["gpt-*"]')));
    const limits = d.teams.some(budgeted);
    const columns = [
      { title: 'Team', head: true, sort: t => t.id, cell: t => el('a.row-link', { href: filter(t.id) }, t.id) },
      limits && { title: 'Signal', wide: true, sort: rank, cell: t => told(t.signal) },
      limits && { title: 'Budget', wide: true, kind: 'burn', cell: t => (budgeted(t) ? gauge(t) : none()) },
      limits && { title: 'Used', number: true, sort: t => (budgeted(t) ? used(t) : null), cell: t => (budgeted(t) ? percent(used(t), 1) : none()) },
      { title: 'Requests', number: true, sort: t => t.requests, cell: t => short(t.requests) },
      { title: 'Tokens in / out', number: true, sort: t => t.input_tokens, cell: t => [short(t.input_tokens), dim(' / '), short(t.output_tokens)] },
      { title: 'Spent', number: true, sort: t => Number(t.spent_pico_usd), cell: t => money(t.spent_pico_usd) },
      { title: 'Blocked', number: true, sort: t => t.blocked, cell: t => whole(t.blocked) },
    ].filter(Boolean);
    return [
      el('section.panel', { 'aria-label': 'All teams', 'data-key': 'all' }, figures('three', [
        ['Teams', whole(d.teams.length), d.period ? 'in ' + d.period : ''],
        ['Requests', short(sum(d.teams, 'requests')), 'in this period'],
        ['Spent', money(d.org?.spent_pico_usd ?? spent(d.teams)), budgeted(d.org ?? {}) ? percentText(used(d.org)) + ' of ' + usdText(dollars(d.org.limit_pico_usd)) : 'no budget is set'],
      ])),
      panel('Teams', '', table('teams', 'Teams', columns, d.teams, { key: t => t.id, href: t => filter(t.id) })),
    ];
  },
};

const states = { active: 'clear', expired: 'closed', revoked: 'closed' };

export const team = {
  title: 'Team',
  every: 10,
  load: ({ id }) => get('/teams/' + encodeURIComponent(id)),
  bar: (p, d, house) => el('div.push', house.live()),
  body: t => [
    el('section.panel', { 'aria-label': 'Figures', 'data-key': 'figures' }, figures('four', [
      ['Requests', short(t.requests), t.period ? 'in ' + t.period : ''],
      ['Tokens in / out', [short(t.input_tokens), dim(' / '), short(t.output_tokens)], ''],
      ['Spent', money(t.spent_pico_usd), budgeted(t) ? percentText(used(t)) + ' of the budget' : 'no budget is set'],
      ['Blocked', whole(t.blocked), t.rate_limited === null || t.rate_limited === undefined ? '' : plural(t.rate_limited, 'request') + ' over a limit'],
    ])),
    t.used_usd?.length > 1 && panel('Spent so far', 'end of each day', el('div.pad', lines('spent', {
      times: days(t), form: v => usdText(v), label: 'Spent since the period began', height: 200, wash: true, series: [{ name: 'spent', values: t.used_usd, colour: 0 }],
    }))),
    t.thresholds?.length > 0 && panel('Marks', 'each alert is sent once', marks(t)),
    panel('Keys', 'the key itself is kept nowhere: its hash is, under this id', t.keys.length ? keys(t) : empty('No key yet', 'Make one on the gateway’s machine.', el('pre', { tabindex: 0 }, `signalbox keys new --team ${t.id} NAME`))),
  ],
};

function days(t) {
  const first = Date.parse(t.period + '-01T00:00:00Z');
  return t.used_usd.map((_, i) => first + (i + 1) * 864e5);
}

const marks = t => notices(t.thresholds.map(p => {
  const crossed = t.crossed.find(c => c.percent === p);
  return { key: String(p), signal: crossed ? (p >= 100 ? 'closed' : 'held') : 'clear', text: p + ' %', more: crossed ? 'crossed on ' + dayTime(crossed.at) : 'not reached' };
}));

const keys = t => table('keys', 'Keys of ' + t.id, [
  { title: 'Key', head: true, cell: k => [k.name || dim('no name'), below(copyable(k.id, 'key id'))] },
  { title: 'State', wide: true, cell: k => told(states[k.state] ?? 'held', k.state) },
  { title: 'Models', wide: true, drop: true, cell: k => soft(k.models.length ? k.models.join(', ') : 'all that the team may use') },
  { title: 'Requests', number: true, sort: k => k.requests, cell: k => whole(k.requests) },
  { title: 'Spent', number: true, sort: k => Number(k.spent_pico_usd), cell: k => money(k.spent_pico_usd, 2) },
  { title: 'Last used', number: true, sort: k => k.last_used_at, cell: k => ago(k.last_used_at) },
  { title: 'Age', number: true, sort: k => k.created_at, cell: k => ago(k.created_at) },
], t.keys, { key: k => k.id });
