// The line of a decision: caller, class and rule are stations, points fan out to
// the candidates. The road that was set is thick; a failed attempt ends in a
// cross and goes over to the next road; a line that stops short has a buffer.
import { el } from '../dom.js';
import { usdText, dollars, msText, secondsText } from '../words.js';
import { signal } from '../draw.js';
import { place } from './parts.js';

const same = (a, b) => a.model === b.model && a.backend === b.backend && (a.region ?? '') === (b.region ?? '');

export const lineText = d => `Request of ${d.team || 'no team'}, ${d.class ? 'class ' + d.class : 'no class'}, ${d.rule ? 'rule ' + d.rule : 'no rule'}. ` +
  d.candidates.map(c => `${c.model} at ${place(c)}: ${c.signal}, ${c.reason}`).join('. ');

// lay finds the places of everything for a width.
function lay(width, d) {
  const narrow = width < 720, row = narrow ? 52 : 48, top = narrow ? 118 : 4;
  const points = narrow ? 40 : 420, end = width - 12;
  const y = i => top + row * i + row / 2;
  const ran = d.attempts.map(a => d.candidates.findIndex(c => same(a, c))).filter(i => i >= 0);
  const failed = d.attempts.filter(a => !a.ok).map(a => ({ row: d.candidates.findIndex(c => same(a, c)), outcome: a.outcome })).filter(f => f.row >= 0);
  const won = d.served && d.attempts.at(-1)?.ok !== false ? ran.at(-1) ?? -1 : -1;
  return {
    width, narrow, y, points, end, ran, failed, won,
    height: top + row * d.candidates.length + 4,
    trunk: narrow ? 0 : y((d.candidates.length - 1) / 2), fork: narrow ? 12 : 318,
    text: points + 30, crossing: narrow ? width * 0.62 : points + (end - points) * 0.53,
  };
}

// branch is the road from the points to a candidate.
function branch(g, i) {
  const y = g.y(i);
  if (g.narrow) return `M12 ${Math.max(y - 26, 96)}C12 ${y - 6} 14 ${y} 32 ${y}H${g.points}`;
  return `M${g.fork} ${g.trunk}C${g.fork + 58} ${g.trunk} ${g.fork + 34} ${y} ${g.points - 14} ${y}H${g.points}`;
}

export function drawLine(width, d) {
  const g = lay(width, d);
  const rows = d.candidates.map((_, i) => i);
  const weight = i => (i === g.won ? 2 : g.failed.some(f => f.row === i) ? 1 : 0);
  const svg = [
    rows.toSorted((a, b) => weight(a) - weight(b)).map(i => road(g, d.candidates[i], i)), // what was used lies on top
    trunk(g, d), g.failed.map(f => lost(g, f)), won(g), stations(g, d),
    rows.map(i => label(g, d, i)),
  ];
  return [{ height: g.height, left: 0, right: width, x: () => 0, y: () => 0, base: [] }, el('g.track', svg)];
}

function road(g, c, i) {
  const used = i === g.won || g.failed.some(f => f.row === i), clear = c.signal === 'clear', y = g.y(i);
  return [
    el('path.rail', { class: used ? 'ink' : clear ? '' : 'off', d: branch(g, i) }),
    clear && !used && el('path.rail', { d: `M${g.points} ${y}H${g.end}` }),
    !clear && el('path.rail.buffer', { class: c.signal === 'closed' ? 'bad' : '', d: `M${g.points} ${y - 6}v12` }),
  ];
}

function trunk(g, d) {
  if (!g.narrow) return [el('path.rail.ink', { d: `M12 ${g.trunk}H${g.fork}` }), !d.served && !g.ran.length && el('path.rail.bad.buffer', { d: `M${g.fork} ${g.trunk - 8}v16` })];
  const last = g.y(d.candidates.length - 1) - 26;
  return [el('path.rail', { d: `M12 14V${Math.max(last, 80)}` }), g.ran.length > 0 && el('path.rail.ink', { d: `M12 14V${Math.max(g.y(Math.min(...g.ran)) - 26, 96)}` })];
}

function lost(g, f) {
  const y = g.y(f.row), x = g.crossing, over = g.won >= 0 && g.y(g.won) - y;
  return [
    el('path.rail.bad', { d: `M${g.points} ${y}H${x}` }),
    el('path.rail.bad.buffer', { d: `M${x - 5} ${y - 5}l10 10m0-10l-10 10` }),
    g.won >= 0 && el('path.rail.over', { d: `M${x + 9} ${y}c24 0 10 ${over} 40 ${over}` }),
  ];
}

function won(g) {
  if (g.won < 0) return null;
  const y = g.y(g.won), from = g.failed.length ? g.crossing + 49 : g.points;
  return [
    g.failed.length > 0 && el('path.rail', { d: `M${g.points} ${y}H${from}` }),
    el('path.rail.set', { d: `M${from} ${y}H${g.end}` }), el('circle.arrived', { cx: g.end, cy: y, r: 6 }),
  ];
}

function stations(g, d) {
  const list = [['caller', d.team || 'no team', d.key], ['class', d.class || 'none'], ['rule', d.rule || 'none']];
  if (g.narrow) {
    return list.map(([what, name], i) => [el('circle.station', { cx: 12, cy: 14 + i * 32, r: 5 }), el('text', { x: 30, y: 18 + i * 32 }, what), el('text.name', { x: 76, y: 18 + i * 32 }, name)]);
  }
  return list.map(([what, name, more], i) => {
    const x = 12 + i * 126, anchor = i ? 'middle' : 'start', at = i ? x : x - 5;
    return [
      el('circle.station', { cx: x, cy: g.trunk, r: 5.5 }), el('text', { x: at, y: g.trunk - 15, 'text-anchor': anchor }, what),
      el('text.name', { x: at, y: g.trunk + 24, 'text-anchor': anchor }, clip(name, 18)), more && el('text', { x: at, y: g.trunk + 40, 'text-anchor': anchor }, clip(more, 18)),
    ];
  });
}

const clip = (s = '', n) => (s.length > n ? s.slice(0, n - 1) + '…' : s);
const LETTER = 6.6; // width of one, about

function label(g, d, i) {
  const c = d.candidates[i], y = g.y(i), failure = g.failed.find(f => f.row === i), clear = c.signal === 'clear';
  const room = Math.floor((g.width - g.text - 6) / LETTER);
  const won = i === g.won && !g.narrow;
  const first = won && d.ttft_ms !== null ? 'first token ' + msText(d.ttft_ms) : '';
  const cost = won && d.cost_pico_usd !== null ? usdText(dollars(d.cost_pico_usd), 4) : '';
  return [
    signal(c.signal, { x: g.points + 6, y: y - 20, width: 18, height: 18 }),
    el('text.name', { x: g.text, y: y - 8, class: clear ? '' : 'soft' }, clip(c.model, room)),
    el('text', { x: g.text + c.model.length * 7.4 + 10, y: y - 8 }, clip(place(c), Math.max(3, room - c.model.length - 2))),
    el('text', { x: g.text, y: y + 16, class: clear ? '' : c.signal }, clip(c.reason ?? '', room)),
    failure && !g.narrow && el('text.closed', { x: g.crossing + 62, y: y + (g.won > i ? -8 : 16) }, failure.outcome),
    (first || cost) && el('text.name', { x: g.end, y: y - 10, 'text-anchor': 'end' }, [cost, first].filter(Boolean).join(' · ')),
  ];
}

// drawAttempts draws when each attempt waited, began and answered.
export function drawAttempts(width, d) {
  const narrow = width < 520, left = narrow ? 0 : 210, row = narrow ? 46 : 36;
  const total = Math.max(d.total_ms ?? 0, ...d.attempts.flatMap(a => a.phases.map(p => p.to_ms)), 1);
  const x = v => left + ((width - left - 4) * v) / total, height = 24 + row * d.attempts.length + 8;
  const step = nice(total / (narrow ? 3 : 5));
  const marks = Array.from({ length: Math.floor(total / step) + 1 }, (_, k) => k * step).map(v => [
    el('line.grid', { x1: x(v), x2: x(v), y1: 18, y2: height }), el('text', { x: x(v), y: 12, 'text-anchor': v ? 'middle' : 'start' }, v ? (total >= 1e4 ? secondsText(v) : msText(v)) : '0'),
  ]);
  const bars = d.attempts.map((a, i) => {
    const y = 26 + i * row, at = narrow ? y + 20 : y + 2;
    return [
      el('text.name', { x: 0, y: y + 11 }, `${a.n}  ${a.model}`), !narrow && el('text', { x: 0, y: y + 25 }, place(a)),
      a.phases.map(p => {
        const from = x(p.from_ms), wide = Math.max(2, x(p.to_ms) - from - 1);
        return [el('rect', { class: p.kind, x: from, y: at, width: wide, height: 16, rx: 2 }), p.kind === 'bad' && el('text.closed', { x: Math.min(from + wide + 6, width - 190), y: at + 12 }, a.outcome)];
      }),
    ];
  });
  return [{ height, left, right: width, x: () => 0, y: () => 0, base: marks }, el('g.attempts', bars)];
}

function nice(v) {
  const power = 10 ** Math.floor(Math.log10(v || 1));
  return [1, 2, 5, 10].find(k => k * power >= v) * power;
}
