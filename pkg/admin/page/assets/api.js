// The JSON of /admin/v1. The token stays in this tab, and goes out in a header
// alone.

const KEY = 'signalbox-token';

// Trouble is an answer that is none: status 0 is a gateway that does not answer.
export class Trouble extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export function unlock(token) {
  sessionStorage.setItem(KEY, token);
}

const PATIENCE = 10000; // milliseconds that an answer may take

async function ask(method, path, query) {
  const url = new URL('admin/v1' + path, document.baseURI);
  for (const [name, value] of Object.entries(query ?? {})) if (value) url.searchParams.set(name, value);
  const token = sessionStorage.getItem(KEY);
  let answer;
  try {
    answer = await fetch(url, { method, headers: token ? { authorization: 'Bearer ' + token } : {}, cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(PATIENCE) });
  } catch (e) {
    throw new Trouble(0, e.name === 'TimeoutError' ? 'it takes longer than ten seconds' : 'no connection');
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Trouble(answer.status, body.detail ?? body.title ?? 'status ' + answer.status);
  return body;
}

export const get = (path, query) => ask('GET', path, query);
export const post = path => ask('POST', path);
