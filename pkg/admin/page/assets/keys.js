// What a reader does: clicks, filters, keys, and the two dialogs.
import { el, fill, byId, dim, unseen } from './dom.js';
import { zone } from './words.js';
import { lens } from './draw.js';
import { key as chartKey } from './chart.js';
import { sortBy } from './table.js';
import { unlock } from './api.js';
import { RANGES } from './views/overview.js';
import { more, release } from './views/decisions.js';
import { replay } from './views/decision.js';

const KEYS = [
  ['Go to anything, or paste an id', 'Ctrl K'], ['Overview', 'g o'], ['Decisions', 'g d'], ['Models and health', 'g m'], ['Teams and keys', 'g t'], ['Configuration', 'g c'],
  ['Filter', '/'], ['Next, previous row or decision', 'j k'], ['Open the row', 'Enter'], ['Back, close', 'Esc'], ['Pause or go on', 'p'],
  ['Shorter, longer time range', '[ ]'], ['Replay the decision', 'r'], ['Copy the id', 'y'], ['Theme', 't'], ['This list', '?'],
];
const GO = { o: 'overview', d: 'decisions', m: 'models', t: 'teams', c: 'config' };

export function listen(house) {
  const acts = actions(house), jump = jumper(house);
  document.addEventListener('click', e => click(e, acts));
  document.addEventListener('change', e => e.target.matches('select[data-filter]') && house.filter({ [e.target.dataset.filter]: e.target.value }));
  let typing;
  document.addEventListener('input', e => {
    if (e.target.id === 'jump-text') jump.list();
    else if (e.target.matches('input[data-filter]')) {
      clearTimeout(typing);
      typing = setTimeout(() => house.filter({ [e.target.dataset.filter]: e.target.value }), 150);
    }
  });
  document.addEventListener('submit', e => {
    e.preventDefault();
    if (e.target.dataset.form !== 'token') return;
    unlock(e.target.querySelector('input').value);
    house.trouble = null;
    house.load();
  });
  document.addEventListener('keydown', e => press(e, house, acts, jump));
  Object.assign(acts, { jump: jump.open, leap: jump.leap });
}

function click(e, acts) {
  const button = e.target.closest('[data-act]');
  if (button) {
    e.preventDefault();
    acts[button.dataset.act](button.dataset.value);
    return;
  }
  const row = e.target.closest('tr[data-href]');
  if (row && !e.target.closest('a, button') && !String(getSelection())) location.hash = row.dataset.href;
  if (e.target.nodeName === 'DIALOG') e.target.close(); // its backdrop
}

const actions = house => ({
  skip: () => byId('main').focus(),
  retry: () => house.load(),
  live: () => house.pause(),
  theme: () => house.nextTheme(),
  help: () => help(house),
  close: () => document.querySelector('dialog[open]')?.close(),
  single: () => {
    house.keysOnOff();
    help(house);
  },
  set: text => house.filter(Object.fromEntries(new URLSearchParams(text))),
  sort: text => {
    const [name, column] = text.split(' ');
    sortBy(name, Number(column));
    house.paint();
  },
  older: () => {
    more();
    house.load();
  },
  release: () => {
    release();
    scrollTo(0, 0);
    house.load();
  },
  replay: id => replay(id, house),
  copy: async text => {
    await navigator.clipboard.writeText(text).then(() => house.say('Copied ' + (text.length > 48 ? text.slice(0, 46) + '…' : text)), () => house.say('The browser does not let this page copy'));
  },
});

function help(house) {
  const dialog = byId('keys');
  fill(dialog, el('header', el('h2', { id: 'keys-title' }, 'Keys'), el('button.btn.small', { type: 'button', 'data-act': 'close' }, 'Close')),
    el('dl.keys', KEYS.map(([what, keys]) => el('div', el('dt', what), el('dd', keys.split(' ').map((k, i) => [i > 0 && ' ', el('kbd', k)]))))),
    el('div.foot', el('button.btn.small', { type: 'button', 'data-act': 'single', 'aria-pressed': String(house.singleKeys) }, 'Single keys ' + (house.singleKeys ? 'on' : 'off')),
      dim(`Times are shown in ${zone}. Money is exact in the ledger, rounded here.`)));
  if (!dialog.open) dialog.showModal();
}

// jumper is the dialog that goes to anything.
function jumper(house) {
  const dialog = byId('jump');
  let places = [], at = 0;
  const show = () => {
    fill(byId('jump-list'), places.map(([name, kind, href], i) => el('li', { role: 'option', id: 'jump-' + i, 'aria-selected': String(i === at), 'data-act': 'leap', 'data-value': href }, name, el('small', kind))));
    const chosen = byId('jump-' + at);
    if (chosen) byId('jump-text').setAttribute('aria-activedescendant', chosen.id);
    else byId('jump-text').removeAttribute('aria-activedescendant');
    chosen?.scrollIntoView({ block: 'nearest' });
  };
  const list = () => {
    places = found(house, byId('jump-text').value.trim());
    at = 0;
    show();
  };
  return {
    open() {
      fill(dialog, el('label.find', lens(), unseen('Go to'), el('input', { id: 'jump-text', placeholder: 'View, team, model, or paste an id', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'jump-list', autocomplete: 'off' })),
        el('ul', { id: 'jump-list', role: 'listbox', 'aria-label': 'Places' }));
      byId('jump-text').value = '';
      dialog.showModal();
      byId('jump-text').focus();
      list();
    },
    list,
    move(step) {
      at = Math.max(0, Math.min(places.length - 1, at + step));
      show();
    },
    leap(href = places[at]?.[2]) {
      if (!href) return;
      dialog.close();
      location.hash = href;
    },
    dialog,
  };
}

const ID = /^[0-9a-f]{8}[0-9a-f-]{8,}$/i; // of a request, a trace or a ticket

function found(house, text) {
  const s = house.status, q = text.toLowerCase(), team = t => [t, 'team', '#/teams/' + encodeURIComponent(t)];
  const all = [
    ...house.views().map(v => [v.title, 'view', '#/' + v.name]), ...(s?.teams ?? []).map(team),
    ...(s?.models ?? []).flatMap(m => [[m, 'health', '#/models?model=' + encodeURIComponent(m)], [m, 'decisions', '#/decisions?q=' + encodeURIComponent('model:' + m)]]),
  ].filter(([name, kind]) => (name + ' ' + kind).toLowerCase().includes(q));
  if (ID.test(text)) all.unshift([text, 'open this id', '#/decisions/' + encodeURIComponent(text)]);
  else if (text) all.push([`“${text}”`, 'filter decisions', '#/decisions?q=' + encodeURIComponent(text)]);
  return all.slice(0, 12);
}

let leader = 0; // when g was pressed, in milliseconds

function press(e, house, acts, jump) {
  const on = e.target;
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
    e.preventDefault();
    if (jump.dialog.open) jump.dialog.close();
    else jump.open();
  } else if (on.id === 'jump-text') {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) jump.move(step);
    if (e.key === 'Enter') jump.leap();
    if (step || e.key === 'Enter') e.preventDefault();
  } else if (on.dataset?.chart && chartKey(on, e.key)) {
    e.preventDefault();
  } else if (!e.ctrlKey && !e.metaKey && !e.altKey && !document.querySelector('dialog[open]')) {
    single(e, house, acts, jump);
  }
}

function single(e, house, acts, jump) {
  const on = e.target, { name, id, filters } = house.route;
  if (e.key === 'Escape') {
    if (on.matches('input')) on.blur();
    else if (id) location.hash = '#/' + name;
    return;
  }
  if (on.matches('input, select, textarea') || !house.singleKeys) return;
  const led = Date.now() - leader < 900;
  leader = 0;
  if (led && GO[e.key]) {
    location.hash = '#/' + GO[e.key];
    return;
  }
  const ranges = RANGES.map(r => r[0]), range = ranges.indexOf(filters.range ?? '24h');
  const widen = n => name === 'overview' && ranges[range + n] && house.filter({ range: ranges[range + n] });
  const one = name === 'decisions' && id;
  const act = {
    '?': acts.help, p: acts.live, t: acts.theme, g: () => (leader = Date.now()),
    '/': () => {
      e.preventDefault();
      if (byId('find')) byId('find').focus();
      else jump.open();
    },
    j: () => step(house, 1), k: () => step(house, -1), '[': () => widen(-1), ']': () => widen(1),
    r: () => one && acts.replay(id), y: () => id && acts.copy(id),
  }[e.key];
  act?.();
}

// step goes to the next row, or from one decision to the next.
function step(house, n) {
  if (house.route.name === 'decisions' && house.route.id) {
    const next = n > 0 ? house.data?.older : house.data?.newer;
    if (next) location.hash = '#/decisions/' + encodeURIComponent(next);
    return;
  }
  const rows = [...byId('main').querySelectorAll('a.row-link')], i = rows.indexOf(document.activeElement);
  (i < 0 ? rows[0] : rows[i + n])?.focus();
}
