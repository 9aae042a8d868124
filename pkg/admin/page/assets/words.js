// Numbers, money and times as text. What is not known is a dash, never a zero.
import { el, dim } from './dom.js';

const THIN = '\u202f';

export const none = () => dim('–');
const known = x => x !== null && x !== undefined;

export const digits = (n, decimals = 0) => n.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

export const whole = n => (known(n) ? digits(n) : none());
export const decimal = (n, places) => (known(n) ? digits(n, places) : none());
const withUnit = (n, unit) => [n, el('span.unit', unit)];
const joined = ([n, unit]) => (unit ? n + THIN + unit : n);

// Money comes as pico-dollars in a text, since a double cannot hold them.
export const dollars = pico => Number(BigInt(pico)) / 1e12;

// usdText never writes nothing for a little: what is below the last place has two
// significant digits.
export function usdText(x, places = x >= 1000 ? 0 : x >= 1 || x === 0 ? 2 : 4) {
  const size = Math.abs(x), tiny = size > 0 && size < 10 ** -places;
  return (x < 0 ? '−$' : '$') + digits(size, tiny ? Math.min(12, 1 - Math.floor(Math.log10(size))) : places);
}

export const money = (pico, places) => (known(pico) ? usdText(dollars(pico), places) : none());

function shortened(n) {
  const three = x => digits(x, x >= 100 ? 0 : x >= 10 ? 1 : 2);
  if (n >= 1e9) return [three(n / 1e9), 'B'];
  if (n >= 1e6) return [three(n / 1e6), 'M'];
  if (n >= 1e4) return [three(n / 1e3), 'k'];
  return [digits(n, Number.isInteger(n) || n >= 100 ? 0 : n >= 10 ? 1 : 2), ''];
}

export const short = n => (known(n) ? unit(shortened(n)) : none());
export const shortText = n => joined(shortened(n));
const unit = ([n, u]) => (u ? withUnit(n, u) : n);

const spanned = n => (n >= 1e4 ? [digits(n / 1e3, 1), 's'] : [digits(n), 'ms']);
export const ms = n => (known(n) ? unit(spanned(n)) : none());
export const msText = n => joined(spanned(n));
export const secondsText = n => joined([digits(n / 1e3, n % 1e3 ? 1 : 0), 's']);

const places = n => (n < 10 ? 2 : 1);
export const percent = (n, d) => (known(n) ? withUnit(digits(n, d ?? places(n)), '%') : none());
export const percentText = (n, d) => joined([digits(n, d ?? places(n)), '%']);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = n => String(n).padStart(2, '0');

export const minute = t => two(new Date(t).getHours()) + ':' + two(new Date(t).getMinutes());
export const second = t => minute(t) + ':' + two(new Date(t).getSeconds());
export const day = t => new Date(t).getDate() + ' ' + MONTHS[new Date(t).getMonth()];
export const dayMinute = t => day(t) + ' ' + minute(t);
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function agoText(t) {
  const s = Math.max(0, (Date.now() - new Date(t)) / 1e3);
  if (s < 90) return Math.round(s) + THIN + 's';
  if (s < 5400) return Math.round(s / 60) + THIN + 'min';
  if (s < 129600) return Math.round(s / 3600) + THIN + 'h';
  return Math.round(s / 86400) + THIN + 'd';
}

export const at = (t, form = second) => (t ? el('time.tight', { datetime: t, title: t }, form(t)) : none());
export const ago = t => (t ? el('time.tight', { datetime: t, title: t }, agoText(t)) : none());

export const plural = (n, one, many = one + 's') => digits(n) + ' ' + (n === 1 ? one : many);
export const capital = s => s.charAt(0).toUpperCase() + s.slice(1);
export const worded = s => (s ?? '').replaceAll('_', ' ');
