// Models and health: which cell is ill, since when, what does it cost.
import { el, dim, below, unseen, link } from '../dom.js';
import { ago, whole, decimal, percent, digits, dollars, short, plural, none, msText } from '../words.js';
import { told, signal, sparkline } from '../draw.js';
import { table, panel, select, empty, scroll } from '../table.js';
import { get } from '../api.js';
import { place, worst, rank, notices } from './parts.js';

export const models = {
  title: 'Models and health',
  every: 5,
  load: () => get('/health'),
  bar: (p, _, house) => [select('Model', 'model', p.model, house.status?.models ?? []), el('div.push', house.live())],
  body(d, p) {
    if (!d.cells.length) return el('section.panel', empty('No backend is configured', 'Add a provider and a model to the configuration: they appear here at the next reload.'));
    const chosen = d.cells.filter(c => (!p.model || c.model === p.model) && (!p.cell || p.cell === cellOf(c)));
    return [
      grid(d.cells, p.cell),
      panel('Models', plural(chosen.length, 'cell') + ', last 30 s', cells(chosen)),
      panel('Breakers', 'what changed, newest first', d.events.length
        ? notices(d.events.map(e => ({ key: e.at + e.cell, signal: e.signal, text: [e.cell, ' ', el('span', { class: e.signal }, e.what)], more: e.why, when: e.at })))
        : el('p.pad.dim', 'No breaker has moved.')),
    ];
  },
};

const cellOf = c => c.backend + '/' + (c.region ?? '');

function grid(cells, chosen) {
  const backends = [...new Set(cells.map(c => c.backend))], regions = [...new Set(cells.map(c => c.region ?? ''))];
  const box = (b, r) => {
    const here = cells.filter(c => c.backend === b && (c.region ?? '') === r), name = b + '/' + r;
    if (!here.length) return el('td', el('span.dim', { role: 'img', 'aria-label': 'none' }, '·'));
    const state = worst(here), slow = Math.max(...here.map(c => c.ttft_p95_ms ?? -1));
    return el('td', { class: chosen === name && 'marked' }, el('a', { href: chosen === name ? '#/models' : '#/models?cell=' + encodeURIComponent(name), 'aria-current': chosen === name ? 'true' : null },
      unseen(state, ': '), signal(state), ' ', decimal(here.reduce((sum, c) => sum + (c.requests_per_s ?? 0), 0), 1), el('span.unit', '/s'), below(slow < 0 ? '–' : msText(slow))));
  };
  return panel('Backends and regions', 'requests and first token p95; choose one to see its models alone', scroll('Backends and regions',
    el('table.grid', el('caption.unseen', 'Backends by region'), el('thead', el('tr', el('th', { scope: 'col' }, 'Backend'), regions.map(r => el('th', { scope: 'col' }, r || 'no region')))),
      el('tbody', backends.map(b => el('tr', { 'data-key': b }, el('th', { scope: 'row' }, b), regions.map(r => box(b, r))))))),
  chosen && link('Show all', '#/models', { class: 'btn small' }));
}

const perMillion = (pico, places = 2) => (pico == null ? '–' : digits(dollars(pico + '000000'), places)); // cached tokens cost little: three places

const cells = list => table('cells', 'Models by backend and region', [
  { title: 'Model', head: true, sort: c => c.model, cell: c => [c.model, below(place(c))] },
  { title: 'Signal', wide: true, sort: rank, cell: c => [told(c.signal, c.state), c.signal !== 'clear' && c.since && below('for ', ago(c.since))] },
  { title: 'Requests', number: true, sort: c => c.requests_per_s, cell: c => [decimal(c.requests_per_s, 2), el('span.unit', '/s')] },
  { title: 'Errors', number: true, sort: c => c.error_pct, cell: c => el('span', { class: c.error_pct > 20 ? 'closed' : c.error_pct > 1 ? 'held' : '' }, percent(c.error_pct)) },
  { title: '429', number: true, sort: c => c.capacity_pct, cell: c => percent(c.capacity_pct) },
  { title: 'First token p50 / p95', number: true, wide: true, sort: c => c.ttft_p95_ms, cell: c => [c.ttft_p95_ms === null ? none() : [whole(c.ttft_p50_ms), dim(' / '), msText(c.ttft_p95_ms)], c.tokens_per_s !== null && below(short(c.tokens_per_s), ' tok/s')] },
  { title: '20 min', wide: true, cell: c => sparkline(c.ttft_spark_ms, 'time to the first token, 20 minutes', c.signal) },
  { title: '$/1M in / cached / out', number: true, wide: true, sort: c => (c.price ? Number(c.price.output_pico_usd) : null), cell: c => (c.price ? [perMillion(c.price.input_pico_usd), dim(' / '), perMillion(c.price.cache_read_pico_usd, 3), dim(' / '), perMillion(c.price.output_pico_usd)] : none()) },
], list, { key: c => place(c) + ' ' + c.model, kind: 'register cells' });
