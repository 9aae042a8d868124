// Overview: is anything wrong, what does it cost, how fast is it.
import { el, dim, link } from '../dom.js';
import { digits, short, shortText, money, usdText, dollars, percent, percentText, msText, whole, ms, dayMinute, minute, capital, none } from '../words.js';
import { gauge } from '../draw.js';
import { stacked, lines } from '../chart.js';
import { table, panel, figures, choice, select, empty, scroll } from '../table.js';
import { get } from '../api.js';
import { attention } from './parts.js';

export const RANGES = [['1h', '1 h'], ['6h', '6 h'], ['24h', '24 h'], ['7d', '7 d'], ['30d', '30 d']];
const BY = ['model', 'team', 'backend'];
const COLOURS = 7;

const rangeOf = p => p.range ?? '24h';
const byOf = p => p.by ?? 'model';

export const overview = {
  title: 'Overview',
  every: 5,
  load: ({ filters: p }) => get('/overview', { range: rangeOf(p), team: p.team, model: p.model, by: byOf(p) }),
  bar: (p, _, house) => [
    choice('Time range', 'range', rangeOf(p), RANGES),
    select('Team', 'team', p.team, house.status?.teams ?? []), select('Model', 'model', p.model, house.status?.models ?? []),
    el('div.push', house.live()),
  ],
  body(o, p, house) {
    const list = attention(house.items);
    if (!o.total.requests) {
      return [list, el('section.panel', empty('No traffic in this time', 'No request passed the listener that Signalbox watches. Choose a longer range, clear the filters, or send a first one.'))];
    }
    return [list, totals(o), el('div.wide', course(o, byOf(p)), groups(o, byOf(p))), small(o)];
  },
};

const share = (part, of) => (of ? (part / of) * 100 : null);

// change is how a figure compares with the same time last week.
function change(now, then, compared) {
  if (!then) return dim('nothing to compare');
  const x = (now / then - 1) * 100;
  return [(x >= 0 ? '+' : '−') + percentText(Math.abs(x), 1), ' on ', compared];
}

const was = text => ['was ', text ?? '–'];

function totals(o) {
  const t = o.total, p = o.previous ?? {}, then = (part, form) => (p.requests ? form(part) : null);
  const spend = t.spend_pico_usd === null ? [none(), 'no price is known'] : [money(t.spend_pico_usd), change(Number(t.spend_pico_usd), Number(p.spend_pico_usd), o.compared)];
  return el('section.panel', { 'aria-label': 'Figures of the time range', 'data-key': 'totals' }, figures('', [
    ['Spend', ...spend],
    ['Requests', short(t.requests), change(t.requests, p.requests, o.compared)],
    ['Tokens in / out', [short(t.input_tokens), dim(' / '), short(t.output_tokens)], change(t.input_tokens, p.input_tokens, o.compared)],
    ['Errors', percent(share(t.errors, t.requests)), [whole(t.errors), ' · ', was(then(share(p.errors, p.requests), percentText))]],
    ['First token p50 / p95', [whole(t.ttft_p50_ms), dim(' / '), ms(t.ttft_p95_ms)], was(p.ttft_p50_ms == null ? null : `${digits(Math.round(p.ttft_p50_ms))} / ${msText(p.ttft_p95_ms)}`)],
    ['Fallbacks', percent(share(t.fallbacks, t.requests)), [whole(t.fallbacks), ' · ', was(then(share(p.fallbacks, p.requests), percentText))]],
  ]));
}

const stepText = s => (s >= 86400 ? s / 86400 + ' d' : s >= 3600 ? s / 3600 + ' h' : s / 60 + ' min');

// course is spend over time, or requests while nothing has a price.
function course(o, by) {
  const priced = o.total.spend_pico_usd !== null;
  const what = priced ? 'Spend' : 'Requests';
  const form = priced ? v => usdText(v, 2) : v => shortText(v);
  const axis = priced ? v => usdText(v, v % 1 ? 2 : 0) : form;
  const parts = priced ? o.groups.map((g, i) => ({ name: g.name || 'none', values: g.spend_usd, colour: i % COLOURS }))
    : [{ name: 'requests', values: o.series.requests_per_s.map(v => v && v * o.step_s), colour: 0 }];
  const series = parts.toReversed(); // the largest stands on top
  const columns = [{ title: 'Time', head: true, cell: i => dayMinute(o.t[i]) }, ...parts.map(s => ({ title: s.name, number: true, cell: i => form(s.values[i] ?? 0) }))];
  const rows = o.t.map((_, i) => i);
  return panel(what, `${dayMinute(o.t[0])} to ${minute(o.to)}, ${priced ? 'USD ' : ''}per ${stepText(o.step_s)}`, [
    el('div.pad', stacked('course', { times: o.t, series, form, axis, height: 264, label: priced ? `Spend over time by ${by}` : 'Requests over time' })),
    el('details', { 'data-key': 'values' }, el('summary', 'Values as a table'), scroll(what + ' values', table('values', what + ' by time', columns, rows, { kind: '' }))),
  ], choice('Group by', 'by', by, BY.map(b => [b, b]), 'small'));
}

function groups(o, by) {
  const all = Number(o.total.spend_pico_usd ?? 0);
  const priced = g => g.spend_pico_usd !== null;
  const name = g => [el('i.swatch.fill' + (o.groups.indexOf(g) % COLOURS)), by === 'team' && g.name ? link(g.name, '#/teams/' + encodeURIComponent(g.name)) : g.name || dim('none')];
  return panel('By ' + by, '', table('groups', 'Share of each ' + by, [
    { title: capital(by), head: true, cell: name },
    ...(o.total.spend_pico_usd === null ? counted(o) : [
      { title: 'Spend', number: true, sort: g => (priced(g) ? Number(g.spend_pico_usd) : null), cell: g => (priced(g) ? usdText(dollars(g.spend_pico_usd), dollars(g.spend_pico_usd) >= 10 ? 0 : undefined) : none()) },
      { title: 'Share', number: true, cell: g => (priced(g) && all ? percent((Number(g.spend_pico_usd) / all) * 100, 1) : none()) },
      { title: 'Per 1k', number: true, sort: g => (priced(g) ? g.spend_pico_usd / g.requests : null), cell: g => (priced(g) && g.requests ? usdText((dollars(g.spend_pico_usd) / g.requests) * 1e3, 2) : none()) },
    ]),
  ], o.groups, { key: g => g.name || 'none', kind: 'register legend-table' }));
}

// counted are the columns of a gateway that knows no price.
const counted = o => [
  { title: 'Requests', number: true, sort: g => g.requests, cell: g => short(g.requests) },
  { title: 'Share', number: true, cell: g => percent(share(g.requests, o.total.requests), 1) },
];

const last = values => values.findLast(v => v !== null);

function small(o) {
  const s = o.series;
  const figure = (title, now, name, spec) => el('figure', { 'data-key': name }, el('figcaption', title, el('b', now)), lines(name, { times: o.t, label: title + ', now ' + now, ...spec }));
  const one = (title, key, colour, form, more = {}) => {
    const v = last(s[key]);
    return figure(title, v === undefined ? '–' : form(v), key, { form, wash: true, series: [{ name: title.toLowerCase(), values: s[key], colour }], ...more });
  };
  const p50 = last(s.ttft_p50_ms), p95 = last(s.ttft_p95_ms);
  return el('section.panel', { 'aria-label': 'Small charts', 'data-key': 'small' }, el('div.multiples',
    one('Requests', 'requests_per_s', 0, v => shortText(v) + ' /s'),
    one('Tokens', 'tokens_per_s', 1, v => shortText(v) + ' /s'),
    one('Errors', 'error_pct', 4, v => percentText(v, 1), { least: 1 }),
    figure('First token, p50 and p95', p50 === undefined ? '–' : msText(p50) + ' / ' + msText(p95), 'ttft', {
      form: msText, series: [{ name: 'p50', values: s.ttft_p50_ms, colour: 0 }, { name: 'p95', values: s.ttft_p95_ms, colour: 2 }],
    }),
    one('Fallbacks', 'fallback_pct', 3, v => percentText(v, 1), { least: 1 }),
    o.budget && budget(o.budget)));
}

function budget(b) {
  const used = (dollars(b.spent_pico_usd) / dollars(b.limit_pico_usd)) * 100;
  return el('figure', { 'data-key': 'budget' }, el('figcaption', 'Budgets of all teams', el('b', percentText(used))),
    gauge({ ...b, signal: dollars(b.forecast_pico_usd) > dollars(b.limit_pico_usd) ? 'held' : 'clear' }),
    el('p.dim', money(b.spent_pico_usd), ' of ', money(b.limit_pico_usd), `, ${Math.round(b.elapsed_pct)} % of the time gone. Forecast `, money(b.forecast_pico_usd), '.'),
    el('p', link('Budgets of the teams', '#/teams')));
}
