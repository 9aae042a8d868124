// One decision: why did this request go there.
import { el, dim, soft, below, unseen } from '../dom.js';
import { at, ms, msText, money, whole, plural, percent, decimal, none, worded } from '../words.js';
import { told, signal, copyable } from '../draw.js';
import { drawing } from '../chart.js';
import { table, panel, facts, command } from '../table.js';
import { get, post } from '../api.js';
import { place, teamLink } from './parts.js';
import { drawLine, lineText, drawAttempts } from './line.js';

const replayed = { id: null, answer: null, trouble: null };

// replay asks for the decision to be made again from its record.
export async function replay(id, house) {
  Object.assign(replayed, { id, answer: null, trouble: null });
  house.paint();
  scrollTo(0, 0);
  const path = '/decisions/' + encodeURIComponent(id) + '/replay';
  const [answer, trouble] = await post(path).then(a => [a, null], e => [null, e]);
  if (replayed.id === id) Object.assign(replayed, { answer, trouble });
  house.paint();
}

export const decision = {
  title: 'Decision',
  every: 0,
  load: async ({ id }) => filled(await get('/decisions/' + encodeURIComponent(id))),
  bar: (_, d) => d && el('div.push', step(d.newer, 'Newer', '↑ ', 'k'), step(d.older, 'Older', '↓ ', 'j'),
    el('button.btn.main', { type: 'button', 'data-act': 'replay', 'data-value': d.id }, 'Replay')),
  body: d => [
    replayed.id === d.id && verdict(),
    el('section.panel', { 'aria-label': 'Summary', 'data-key': 'summary' }, el('div.pad', el('p', told(d.signal, d.outcome), dim(' · ', at(d.at), ' · '), teamLink(d.team), dim(' / ', d.key)), sentence(d))),
    panel('The line', 'from the request to the provider: clear may run, held could but not now, closed never for this request',
      el('div.pad', drawing('line', lineText(d), width => drawLine(width, d)))),
    panel('Candidates', `${d.candidates.length} considered${d.decide_us == null ? '' : ' in ' + d.decide_us + ' µs'}; what is closed stays closed on every fallback`, candidates(d)),
    el('div.wide', el('div.column', attempts(d), signals(d), again(d)), el('div.column', usage(d), rules(d), record(d))),
  ],
};

// filled has a list wherever the gateway has nothing to list.
function filled(d) {
  for (const name of ['candidates', 'attempts', 'signals', 'findings', 'rules']) if (!Array.isArray(d[name])) d[name] = [];
  for (const a of d.attempts) a.phases ??= [];
  d.usage = { lines: [], ...d.usage };
  d.usage.lines ??= [];
  return d;
}

const step = (id, name, arrow, keyName) => id && el('a.btn.quiet', { href: '#/decisions/' + id, 'data-key': name }, unseen(name + ' decision '), arrow, el('kbd', keyName));

function verdict() {
  const { answer: a, trouble } = replayed;
  const note = (state, ...content) => el('div.note', { 'data-key': 'replay', class: state, role: 'status' }, state && signal(state), el('span', ...content));
  if (trouble) return note('held', el('b', 'It cannot be replayed: '), trouble.message, '.');
  if (!a) return note('', 'Replaying from the record and the policy that decided …');
  return note(a.identical ? 'clear' : 'closed', el('b', a.identical ? 'Replayed, bit for bit the same. ' : 'The replay differs. '),
    `Compared ${a.compared.map(worded).join(', ')} under policy ${a.policy_version} in ${a.took_us} µs. `,
    a.today && `Today’s policy would choose ${a.today.same_choice ? 'the same' : 'otherwise'}.`);
}

// sentence answers what people come with.
function sentence(d) {
  const failed = d.attempts.filter(a => !a.ok), able = d.candidates.filter(c => c.signal === 'clear').length;
  const closed = d.candidates.filter(c => c.signal === 'closed').length;
  if (!d.served) {
    return el('p.why', 'No provider served it', d.http_status ? [': it ended with ', el('b', d.http_status)] : '', '. ',
      failed.length ? [plural(failed.length, 'attempt'), ' failed, the last one with ', el('b', worded(failed.at(-1).outcome)), '.'] : 'No provider was called and nothing was spent.');
  }
  const after = failed.length > 0 && [' on attempt ', el('b', d.attempts.length), ', after ', place(failed[0]), ' gave ', el('b', worded(failed[0].outcome))];
  return el('p.why', 'Served by ', el('b', d.served.model), ' at ', place(d.served), after, '. ', d.rule && ['Rule ', el('b', d.rule), d.objective && ` asks for ${worded(d.objective)}`, ': '], `${able} of ${plural(d.candidates.length, 'candidate')} could run`,
    closed > 0 && [', ', el('b', closed), ' closed'], '.', d.outcome === 'cancelled' && ' The caller left; its tokens were counted up to there.');
}

const candidates = d => table('candidates', 'Candidates with estimates and reasons', [
  { title: 'Signal', cell: c => told(c.signal) },
  { title: 'Order', number: true, cell: c => c.order ?? none() },
  { title: 'Candidate', head: true, cell: c => [c.model, below(place(c))] },
  { title: 'Why', wide: true, cell: c => el('span', { class: c.order === 1 ? '' : 'soft' }, c.reason) },
  { title: 'Cost, est.', number: true, cell: c => money(c.est_cost_pico_usd, 5) },
  { title: 'First token, est.', number: true, cell: c => ms(c.est_ttft_ms) },
  { title: 'Total, est.', number: true, cell: c => ms(c.est_total_ms) },
  { title: 'Quality', number: true, cell: c => decimal(c.quality, 3) },
], d.candidates, { key: c => place(c) + ' ' + c.model, kind: 'register legend-table' });

const KINDS = [['wait', 'until the answer'], ['first', 'until the first token'], ['stream', 'answer'], ['bad', 'failed']];

function attempts(d) {
  if (!d.attempts.length) return panel('Attempts', 'none', el('p.pad.dim', 'No provider was called.'));
  const text = 'Attempts: ' + d.attempts.map(a => `${a.n}, ${a.model} at ${place(a)}: ${worded(a.outcome)}, ${a.phases.map(p => `${p.name} ${p.to_ms - p.from_ms} ms`).join(', ')}`).join('; ');
  const swatch = kind => el('svg.attempts', { width: 10, height: 10, 'aria-hidden': 'true' }, el('rect', { class: kind, width: 10, height: 10, rx: 3 }));
  return panel('Attempts', d.total_ms === null ? '' : msText(d.total_ms) + ' in all', el('div.pad', drawing('attempts', text, width => drawAttempts(width, d)),
    el('div.legend', KINDS.map(([kind, name]) => el('span', swatch(kind), name)))));
}

function signals(d) {
  const chips = [...d.signals.map(s => [s.name + ' ', s.value, s.from]), ...d.findings.map(f => ['found ', `${f.type} × ${f.count}`, f.action])];
  if (!chips.length) return panel('Signals', '', el('p.pad.dim', 'No rule asked what the request is like.'));
  return panel('Signals', 'only those that a rule asked for', el('ul.chips.pad', chips.map(([name, value, from]) => el('li', dim(name), el('b', String(value)), from && el('small', from)))));
}

const again = d => panel('Ask again', 'the same answer without this page', el('div.pad.commands', command('signalbox explain ' + d.request_id), command('signalbox replay ' + d.request_id)));

function usage(d) {
  const u = d.usage;
  if (!u.lines.length) return panel('Tokens and money', '', el('p.pad.dim', 'Nothing was spent, or it is not known yet.'));
  const rows = [...u.lines, u.settled_pico_usd !== null && { name: 'Settled', cost_pico_usd: u.settled_pico_usd, sum: true }, u.reserved_pico_usd !== null && { name: 'Reserved before', cost_pico_usd: u.reserved_pico_usd }].filter(Boolean);
  return panel('Tokens and money', u.source === 'provider' ? 'from the provider’s own usage' : u.source, table('usage', 'Tokens and money', [
    { title: 'Part', head: true, cell: l => (l.sum ? el('b', l.name) : l.name) },
    { title: 'Tokens', number: true, cell: l => (l.tokens === undefined ? '' : whole(l.tokens)) },
    { title: '$ per 1M', number: true, cell: l => (l.tokens === undefined ? '' : l.price_pico_usd === null ? none() : money(l.price_pico_usd + '000000', 2)) },
    { title: 'Cost', number: true, cell: l => el(l.sum ? 'b' : 'span', money(l.cost_pico_usd, 6)) },
  ], rows, { key: l => l.name }));
}

const rules = d => panel('Rule', '', el('div.pad', el('ol.rules', d.rules.map(r => el('li', signal(r.result === 'matched' ? 'clear' : 'closed'), ' ', el('b', r.name), dim(' ', worded(r.result))))),
  d.when && el('div.command', el('code', { tabindex: 0 }, d.when))));

const record = d => panel('Record', '', el('div.pad', facts([
  d.id !== d.request_id && ['Decision', copyable(d.id, 'decision'), true], ['Request', copyable(d.request_id, 'request'), true], d.trace_id && ['Trace', copyable(d.trace_id, 'trace'), true],
  ['Policy', copyable(d.policy_version, 'policy')], d.price_book && ['Price book', d.price_book], ['Route', d.route], d.stayed && ['Signalbox stayed', soft(worded(d.stayed))],
  d.budget && ['Budget of ' + d.budget.id, percent(d.budget.used_pct)],
].filter(Boolean))));
