// Charts over time. Each draws itself for the width that it has, and is read by
// the pointer or, with focus, by the arrow keys, which say the values aloud.
import { el, byId, become } from './dom.js';
import { day, minute, dayMinute } from './words.js';
import { trace } from './draw.js';

const known = new Map(); // by name: {label, times, read, dots, draw, frame, index}

function place(name, spec) {
  known.set(name, { ...known.get(name), ...spec });
  return el('div.chart', {
    'data-chart': name, 'data-key': 'chart-' + name, tabindex: 0, role: 'group', 'aria-roledescription': 'chart',
    'aria-label': spec.label + '. Arrow keys read the values.',
  });
}

// stacked draws areas one above the other; series: [{name, values, colour}].
export function stacked(name, { times, series, label, form, axis = form, height = 236 }) {
  const total = times.map((_, i) => series.reduce((sum, s) => sum + (s.values[i] ?? 0), 0));
  return place(name, {
    label, times,
    read: i => [...series.map(s => [s.name, form(s.values[i] ?? 0), s.colour]).reverse(), ['total', form(total[i])]],
    dots: (i, f) => [[f.x(i), f.y(total[i])]],
    draw(width) {
      const f = frame(width, height, times, Math.max(...total, 0), axis);
      let floor = times.map(() => 0);
      const areas = series.map(s => {
        const top = floor.map((y, i) => y + (s.values[i] ?? 0));
        const d = trace(top, f.x, f.y) + back(floor, f) + 'Z';
        floor = top;
        return el('path.area.fill' + s.colour, { d, 'data-key': s.name });
      });
      return [f, areas];
    },
  });
}

const back = (values, f) => values.map((v, i) => 'L' + f.x(i) + ' ' + f.y(v)).reverse().join('');

// lines draws one or more lines; the later ones are thin. least is the top of
// the scale at least.
export function lines(name, { times, series, label, form, least = 0, wash = false, height = 112 }) {
  const all = series.flatMap(s => s.values.filter(v => v !== null));
  return place(name, {
    label, times,
    read: i => series.map(s => [s.name, s.values[i] === null ? '–' : form(s.values[i]), s.colour]),
    dots: (i, f) => series.filter(s => s.values[i] !== null).map(s => [f.x(i), f.y(s.values[i])]),
    draw(width) {
      const f = frame(width, height, times, Math.max(least, ...all), form, 2);
      const first = series[0];
      const under = wash && first.values.every(v => v !== null) &&
        el('path.wash.fill' + first.colour, { d: trace(first.values, f.x, f.y) + `L${f.right} ${f.bottom}L${f.left} ${f.bottom}Z` });
      return [f, [under, series.map((s, i) => el('path.line.stroke' + s.colour, { class: i > 0 && 'thin', d: trace(s.values, f.x, f.y) }))]];
    },
  });
}

// frame is the grid, the axes and the scales of a chart.
function frame(width, height, times, highest, form, steps = 3) {
  const left = 48, right = width - 6, top = 8, bottom = height - 20;
  const most = roundUp(highest), from = times[0], span = times.at(-1) - from || 1;
  const x = i => (left + ((right - left) * i) / (times.length - 1 || 1)).toFixed(1);
  const y = v => (bottom - ((bottom - top) * v) / most).toFixed(1);
  const xAt = t => left + ((right - left) * (t - from)) / span;
  const levels = Array.from({ length: steps + 1 }, (_, k) => (most * k) / steps);
  const grid = levels.map(v => [
    el('line', { class: v ? 'grid' : 'axis', x1: left, x2: right, y1: y(v), y2: y(v) }),
    el('text', { x: left - 7, y: +y(v) + 4, 'text-anchor': 'end' }, form(v)),
  ]);
  const ticks = hours(from, from + span, right - left).map(([t, text]) =>
    el('text', { x: xAt(t), y: height - 4, 'text-anchor': xAt(t) > right - 18 ? 'end' : xAt(t) < left + 14 ? 'start' : 'middle' }, text));
  return { left, right, top, bottom, x, y, width, height, base: [grid, ticks] };
}

function roundUp(v) {
  if (!(v > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find(k => k * power >= v) * power;
}

const MIN = 6e4, HOUR = 60 * MIN, DAY = 24 * HOUR;
const STEPS = [10 * MIN, 20 * MIN, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY];

// hours are round local times between two.
function hours(from, to, room) {
  const step = STEPS.find(s => (to - from) / s <= room / 62) ?? STEPS.at(-1);
  const shift = new Date(from).getTimezoneOffset() * MIN;
  const out = [];
  for (let t = Math.ceil((from - shift) / step) * step + shift; t <= to; t += step) out.push([t, step >= DAY ? day(t) : minute(t)]);
  return out;
}

// drawAll draws the charts that are in the page.
export function drawAll() {
  for (const box of document.querySelectorAll('[data-chart]')) {
    const c = known.get(box.dataset.chart), width = box.clientWidth;
    if (!c || !width) continue;
    const [f, content] = c.draw(width);
    c.frame = f;
    const svg = el('svg', { width, height: f.height, viewBox: `0 0 ${width} ${f.height}`, 'aria-hidden': 'true' }, f.base, content,
      el('g.cross', { 'data-key': 'cross', 'data-own': true, visibility: 'hidden' }));
    if (box.firstChild) become(box.firstChild, svg);
    else box.append(svg);
  }
}

export const hide = () => {
  byId('tip').hidden = true;
  for (const g of document.querySelectorAll('.cross')) g.setAttribute('visibility', 'hidden');
};

// point shows the values at one time; y is where the pointer is, if there is one.
function point(box, index, y) {
  const c = known.get(box.dataset.chart), cross = box.querySelector('.cross');
  if (!c?.frame || !cross) return;
  c.index = Math.max(0, Math.min(c.times.length - 1, index));
  const f = c.frame, x = f.x(c.index), rows = c.read(c.index), head = dayMinute(c.times[c.index]);
  cross.replaceChildren(el('line', { x1: x, x2: x, y1: f.top, y2: f.bottom }), ...c.dots(c.index, f).map(([cx, cy]) => el('circle', { cx, cy, r: 3.2 })));
  cross.setAttribute('visibility', 'visible');
  const tip = byId('tip');
  tip.replaceChildren(el('b', head), el('dl', rows.map(([name, text, colour]) => el('div', el('dt', colour !== undefined && el('i.swatch.fill' + colour), name), el('dd', text)))));
  tip.hidden = false;
  const at = box.getBoundingClientRect(), px = at.left + Number(x), wide = tip.offsetWidth;
  tip.style.left = (px + wide + 24 > innerWidth ? Math.max(4, px - wide - 14) : px + 14) + 'px';
  tip.style.top = Math.max(4, Math.min((y ?? at.top + 30) - 20, innerHeight - tip.offsetHeight - 8)) + 'px';
  if (y === undefined) byId('voice').textContent = head + ': ' + rows.map(r => r[0] + ' ' + r[1]).join(', ');
}

// follow listens to the pointer and the keys.
export function follow() {
  document.addEventListener('pointermove', e => {
    const box = e.target.closest?.('[data-chart]'), c = box && known.get(box.dataset.chart), f = c?.frame;
    if (!f || !c.read) {
      if (!document.activeElement?.dataset.chart) hide();
      return;
    }
    hide();
    const share = (e.clientX - box.getBoundingClientRect().left - f.left) / (f.right - f.left);
    point(box, Math.round(share * (c.times.length - 1)), e.clientY);
  });
  document.addEventListener('focusout', e => e.target.dataset?.chart && hide());
}

// key takes a key that was pressed on a chart, and says whether it was its own.
export function key(box, name) {
  const c = known.get(box.dataset.chart);
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[name];
  if (name === 'Escape') hide();
  else if (c && step) point(box, Number.isFinite(step) ? (c.index ?? c.times.length) + step : step > 0 ? c.times.length - 1 : 0);
  return step !== undefined || name === 'Escape';
}

// drawing is a chart without values to read: its label says all that it shows.
// draw gives, for a width, a frame and what stands in it.
export function drawing(name, label, draw) {
  known.set(name, { label, times: [], draw });
  return el('div.chart', { 'data-chart': name, 'data-key': 'chart-' + name, role: 'img', 'aria-label': label });
}
