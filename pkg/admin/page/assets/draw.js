// Small drawings. A signal is told by its shape, its word and its colour at
// once: clear has a raised arm, held a notched one, closed a striped one.
import { el } from './dom.js';
import { dollars } from './words.js';

const ARMS = {
  clear: () => el('path.arm', { d: 'M4.2 6.6 12.9-.4l2.6 3.3-8.7 7z' }),
  held: () => el('path.arm', { d: 'M4 2.4h11.5l-2.6 2.5 2.6 2.5H4z' }),
  closed: () => [el('path.arm', { d: 'M4 2.4h12v5H4z' }), el('path.stripe', { d: 'M12.4 2.4v5' })],
};

export function signal(state, attributes = {}) {
  return el('svg.signal', { width: 17, height: 17, viewBox: '0 0 17 17', 'aria-hidden': 'true', ...attributes, class: state },
    el('path.post', { d: 'M4.6 1.6v14m-2.3 0h4.6' }), (ARMS[state] ?? ARMS.held)());
}

// told is a signal with its word.
export const told = (state, text = state) => el('span.tight', { class: state }, signal(state), ' ', text);

export function copyable(value, what = 'id') {
  const icon = el('svg', { width: 12, height: 12, viewBox: '0 0 12 12', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.2, 'aria-hidden': 'true' },
    el('rect', { x: 3.5, y: 3.5, width: 7.5, height: 7.5, rx: 1.5 }), el('path', { d: 'M8.5 1.5H2.6a1.1 1.1 0 0 0-1.1 1.1v5.9' }));
  return el('button.id', { type: 'button', 'data-act': 'copy', 'data-value': value, title: 'Copy ' + value, 'aria-label': `Copy ${what} ${value}` }, el('span', value), icon);
}

export const lens = () => el('svg', { width: 14, height: 14, viewBox: '0 0 14 14', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5, 'stroke-linecap': 'round', 'aria-hidden': 'true' },
  el('circle', { cx: 6, cy: 6, r: 4.2 }), el('path', { d: 'm9.2 9.2 3.4 3.4' }));

export const halves = () => el('svg', { width: 15, height: 15, viewBox: '0 0 15 15', 'aria-hidden': 'true' },
  el('circle', { cx: 7.5, cy: 7.5, r: 6, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 }), el('path', { d: 'M7.5 1.5a6 6 0 0 1 0 12z', fill: 'currentColor' }));

// sparkline draws values in equal steps; an absent one leaves a gap.
export function sparkline(values, label, state = '') {
  const width = 92, height = 22;
  const seen = values.filter(v => v !== null);
  if (seen.length < 2) return el('span.dim', '–');
  const top = Math.max(...seen) * 1.06 || 1, low = Math.min(...seen, top / 2) * 0.92;
  const x = i => (2 + (i / (values.length - 1)) * (width - 6)).toFixed(1);
  const y = v => (height - 2 - ((v - low) / (top - low)) * (height - 4)).toFixed(1);
  const last = values.findLastIndex(v => v !== null);
  return el('svg.spark', { class: state, width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
    el('path', { d: trace(values, x, y) }), el('circle', { cx: x(last), cy: y(values[last]), r: 1.8 }));
}

// trace is the path through values, broken where one is absent; one alone is a dot.
export function trace(values, x, y) {
  let d = '', pen = 'M';
  values.forEach((v, i) => {
    if (v === null) {
      pen = 'M';
      return;
    }
    const alone = pen === 'M' && (values[i + 1] ?? null) === null;
    d += pen + x(i) + ' ' + y(v) + (alone ? 'h.01' : '');
    pen = 'L';
  });
  return d;
}

// gauge shows a budget: what is spent and forecast on a bed of 100 % and some
// room, with its marks.
export function gauge(budget) {
  const limit = dollars(budget.limit_pico_usd) || 1, room = 1.3;
  const part = pico => dollars(pico) / limit;
  const x = v => ((Math.min(v, room) / room) * 100).toFixed(2) + '%';
  const spent = part(budget.spent_pico_usd), forecast = part(budget.forecast_pico_usd);
  return el('svg.gauge', { role: 'img', 'aria-label': `${(spent * 100).toFixed(1)} % spent, forecast ${Math.round(forecast * 100)} %` },
    el('rect.bed', { y: 3, height: 8, rx: 4, width: x(1) }), el('rect.forecast', { y: 5, height: 4, rx: 2, width: x(forecast) }),
    el('rect.spent', { class: budget.signal, y: 3, height: 8, rx: 3, width: x(spent) }),
    [0.7, 0.9, 1].map(m => el('line', { x1: x(m), x2: x(m), y1: m === 1 ? 0 : 2, y2: m === 1 ? 14 : 12 })));
}
