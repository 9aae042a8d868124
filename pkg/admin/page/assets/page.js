// The house: which view is shown, what it loads and when it is painted. The
// filters of a view live in the URL, so that a link shows what its sender saw.
import { el, fill, byId, dim, unseen, link } from './dom.js';
import { second, capital } from './words.js';
import { signal, lens, halves } from './draw.js';
import { drawAll, follow, hide } from './chart.js';
import { empty } from './table.js';
import { get } from './api.js';
import { overview } from './views/overview.js';
import { decisions } from './views/decisions.js';
import { decision } from './views/decision.js';
import { models } from './views/models.js';
import { teams, team } from './views/teams.js';
import { config } from './views/config.js';
import { worst } from './views/parts.js';
import { listen } from './keys.js';

// The views that this page can show; which of them it does, /status says.
const VIEWS = [
  { name: 'overview', title: 'Overview', brief: 'Overview', all: overview },
  { name: 'decisions', title: 'Decisions', brief: 'Decisions', all: decisions, one: decision },
  { name: 'models', title: 'Models and health', brief: 'Models', all: models },
  { name: 'teams', title: 'Teams and keys', brief: 'Teams', all: teams, one: team },
  { name: 'config', title: 'Configuration', brief: 'Config', all: config },
];

const store = {
  get: name => localStorage.getItem('signalbox-' + name),
  set: (name, value) => (value === null ? localStorage.removeItem('signalbox-' + name) : localStorage.setItem('signalbox-' + name, value)),
};

export const house = {
  route: null, // {name, id, filters}
  status: null,
  items: [],
  data: null, // of the view
  loaded: null, // when
  trouble: null,
  running: store.get('live') !== 'off',
  singleKeys: store.get('keys') !== 'off',
  turn: 0, // of loads: an answer to an earlier one is dropped

  views() {
    const served = this.status?.views ?? VIEWS.map(v => v.name);
    return VIEWS.filter(v => served.includes(v.name));
  },

  view() {
    const v = VIEWS.find(x => x.name === this.route.name);
    return this.route.id && v.one ? v.one : v.all;
  },

  filter(pairs) {
    const filters = { ...this.route.filters, ...pairs };
    for (const name of Object.keys(filters)) if (!filters[name]) delete filters[name];
    const query = new URLSearchParams(filters).toString();
    const id = this.route.id ? '/' + encodeURIComponent(this.route.id) : '';
    history.replaceState(null, '', '#/' + this.route.name + id + (query ? '?' + query : ''));
    this.route = parse();
    this.load();
  },

  async load() {
    const turn = ++this.turn, view = this.view();
    try {
      const [status, attention, data] = await Promise.all([get('/status'), get('/attention'), view.load(this.route, this)]);
      if (turn !== this.turn) return;
      Object.assign(this, { status, items: attention.items, data, trouble: null, loaded: Date.now() });
    } catch (e) {
      if (turn !== this.turn) return;
      if (e.status === undefined) throw e;
      this.trouble = e;
    }
    this.paint();
  },

  live() {
    const [lamp, word] = this.trouble?.status === 0 ? ['out', 'No answer'] : this.running ? ['', 'Live'] : ['off', 'Paused'];
    return el('button.btn', { type: 'button', 'data-act': 'live', 'aria-pressed': String(!this.running), title: this.running ? 'Pause (p)' : 'Go on (p)' }, el('span.lamp', { class: lamp }), word);
  },

  pause() {
    this.running = !this.running;
    store.set('live', this.running ? null : 'off');
    this.say(this.running ? 'Live' : 'Paused');
    if (this.running) this.load();
    else this.paint();
  },

  keysOnOff() {
    this.singleKeys = !this.singleKeys;
    store.set('keys', this.singleKeys ? null : 'off');
  },

  theme: () => store.get('theme') ?? 'system',

  nextTheme() {
    const all = ['system', 'light', 'dark'], next = all[(all.indexOf(this.theme()) + 1) % all.length];
    store.set('theme', next === 'system' ? null : next);
    dress();
    this.say('Theme: ' + next);
    this.paint();
  },

  say(text) {
    const toast = byId('toast');
    toast.textContent = text;
    toast.classList.add('on');
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => toast.classList.remove('on'), 1600);
  },

  paint() {
    const { route, status, data, trouble } = this, view = this.view();
    document.title = (route.id ?? VIEWS.find(v => v.name === route.name).title) + ' · Signalbox';
    document.body.classList.toggle('stale', Boolean(trouble && data));
    fill(byId('nav'), el('ul', this.views().map(v => entry(v, route, this.items))));
    fill(byId('state'), status && summary(status), actions(this));
    fill(byId('bar'), heading(route, view), view.bar(route.filters, data, this));
    const main = byId('main'), locked = trouble?.status === 401;
    main.setAttribute('aria-busy', String(!data && !trouble));
    fill(main, trouble && troubled(trouble, data, this.loaded), data && !locked ? content(view, data, route, this) : !trouble && skeleton());
    drawAll();
  },
};

// content is the view, or a word where what came is not what this page knows.
function content(view, data, route, h) {
  try {
    return view.body(data, route.filters, h);
  } catch (e) {
    console.error(e);
    return el('div.note.closed', { role: 'alert' }, signal('closed'), el('span', el('b', 'This view cannot be drawn. '), 'The answer is not as this page expects it: reload the page, it may be older than the program.'));
  }
}

function entry(v, route, items) {
  const mine = items.filter(i => i.href.startsWith('#/' + v.name));
  return el('li', { 'data-key': v.name }, el('a', { href: '#/' + v.name, 'aria-current': route.name === v.name ? 'page' : null },
    el('span.roomy', v.title), el('span.tight-only', v.brief), mine.length > 0 && el('span.count', { class: worst(mine) }, mine.length, unseen(' to look at'))));
}

function summary(s) {
  const known = (x, form) => (x === null || x === undefined ? '–' : form(x));
  return el('dl', [
    ['Policy', el('a.mono', { href: '#/config' }, s.policy)],
    ['Envoys', known(s.envoys, e => `${e.connected} of ${e.of}`)],
    ['Witness matched', known(s.witness?.matched_pct, x => x + ' %')],
    ['Ledger lag', known(s.ledger?.lag_ms, x => x + ' ms')],
    ['Version', s.version],
  ].map(([name, value]) => el('div', el('dt', name), el('dd', value))));
}

const actions = h => el('div.actions',
  el('button.btn.small.quiet', { type: 'button', 'data-act': 'jump', title: 'Go to (Ctrl K)' }, unseen('Go to '), lens(), el('kbd.roomy', 'Ctrl K')),
  el('button.btn.small.quiet', { type: 'button', 'data-act': 'theme', 'aria-label': 'Theme: ' + h.theme(), title: 'Theme: ' + h.theme() }, halves()),
  el('button.btn.small.quiet', { type: 'button', 'data-act': 'help', title: 'Keys' }, unseen('Keys and help '), '?'));

function heading(route, view) {
  if (!route.id) return el('h1', view.title);
  const v = VIEWS.find(x => x.name === route.name);
  return el('div.crumb', link(v.brief, '#/' + v.name), dim({ 'aria-hidden': 'true' }, '/'), el('h1', { class: route.name === 'decisions' && 'mono' }, route.id));
}

const skeleton = () => [
  el('div.panel', el('div.pad', el('div.bone'))), el('div.panel', el('div.pad.bones', [1, 2, 3].map(() => el('div.bone')))),
  el('div.panel', el('div.pad', el('div.bone.tall'))), unseen({ role: 'status' }, 'Loading'),
];

function troubled(e, data, loaded) {
  if (e.status === 401) {
    return el('section.panel', { 'data-key': 'lock' }, empty('This page is locked', capital(e.message) + ' The token is kept in this tab only.',
      el('form.legend', { 'data-form': 'token' }, el('label.find', unseen('Admin token'), el('input', { type: 'password', placeholder: 'Admin token', autocomplete: 'off', size: 32 })), el('button.btn.main', 'Unlock'))));
  }
  if (e.status === 404) return el('section.panel', { 'data-key': 'gone' }, empty('Not here', capital(e.message), link('All decisions', '#/decisions', { class: 'btn' })));
  return el('div.note.closed', { role: 'alert', 'data-key': 'trouble' }, signal('closed'), el('span', el('b', e.status === 0 ? 'Signalbox does not answer: ' : 'Signalbox has a problem: '), e.message,
    '. Traffic may well be fine: Envoy goes on without this page.', data && ` Below is what it said at ${second(loaded)}.`), el('button.btn.small', { type: 'button', 'data-act': 'retry' }, 'Try now'));
}

function parse() {
  const [path, query] = (location.hash.slice(2) || 'overview').split('?');
  const [name, id] = path.split('/');
  const known = VIEWS.some(v => v.name === name);
  return { name: known ? name : 'overview', id: known && id ? decodeURIComponent(id) : null, filters: Object.fromEntries(new URLSearchParams(query ?? '')) };
}

async function go() {
  const before = house.route, route = parse();
  const first = !before, stays = before && before.name === route.name && before.id === route.id;
  const steps = before?.id && route.id && before.name === route.name; // from one to the next: no flicker
  house.route = route;
  if (stays) {
    house.load();
    return;
  }
  if (!steps) Object.assign(house, { data: null, trouble: null });
  hide();
  house.view().enter?.();
  const slow = setTimeout(() => house.data || house.trouble || house.paint(), 120);
  await house.load();
  clearTimeout(slow);
  if (!first && !steps) {
    scrollTo(0, 0);
    if (!document.activeElement.matches('input')) byId('main').focus({ preventScroll: true }); // who types already goes on
  }
  byId('voice').textContent = document.title;
}

function dress() {
  const theme = house.theme();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

// beat loads again what lives: each view says how often. One that nobody can see
// is left alone, and a gateway that does not answer, or has a problem, is asked
// every five seconds.
let beats = 0;
function beat() {
  beats++;
  if (!house.route || document.hidden) return;
  const status = house.trouble?.status, lost = status !== undefined && status !== 401 && status !== 404;
  const every = lost ? 5 : house.running && !house.trouble && house.view().every;
  if (every && beats % every === 0) house.load();
}

dress();
listen(house);
follow();
addEventListener('hashchange', go);
addEventListener('resize', () => requestAnimationFrame(drawAll));
setInterval(beat, 1000);
go();
