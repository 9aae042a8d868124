// What the programs of this folder share: how checks are run and told.
//
// A line of the last user message that starts with #fault makes the simulated
// provider behind the gateway misbehave. ../main.go reads what is printed.
// run.sh runs copies of these files that lie beside the SDKs' folder.

import { deepStrictEqual, fail, ok } from "node:assert";

export { fail, ok };

export const env = process.env;
export const backend = env.BACKEND || "openai"; // dialect of the backends
export const direct = Boolean(env.DIRECT); // no gateway: the simulated provider itself

export const prompt = (fault = "", text = "Hello") => (fault ? `${text}\n#fault ${fault}` : text);

export const equal = (got, want, what) => deepStrictEqual(got, want, `${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);

// The error of f.
export async function thrown(f) {
  let got;
  try {
    got = await f();
  } catch (e) {
    if (e.code === "ERR_ASSERTION") throw e;
    return e;
  }
  fail(`no error: ${JSON.stringify(got)}`);
}

// The same, of an answer that had begun well.
export async function interrupted(f) {
  const e = await thrown(f);
  ok(!(e.status >= 400 || e.statusCode >= 400), `it did not begin well: ${e}`);
  return e;
}

// What the gateway says about who served; get reads a header.
export function servedBy(headers, provider, attempts) {
  if (direct) return;
  const get = (name) => headers.get?.(name) ?? headers[name];
  equal(get("x-signalbox-provider"), provider, "provider");
  if (provider === "alpha") equal(get("x-signalbox-model"), env.MODEL, "model at the provider");
  if (attempts) equal(get("x-signalbox-attempts"), attempts, "attempts");
}

export const seconds = async (f) => {
  const began = performance.now();
  await f();
  return (performance.now() - began) / 1000;
};

export const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };

export const town = { name: "sample", people: 1, twins: ["sample"] };

export async function run(sdk, checks) {
  const say = (line) => console.log(JSON.stringify(line));
  say({ sdk: `${sdk}, Node ${process.versions.node}` });
  const out = (env.LEAVE_OUT ?? "").split(" ");
  const only = process.argv.slice(2);
  let failed = false;
  for (const [check, f] of Object.entries(checks)) {
    if (out.includes(check) || (only.length && !only.includes(check))) continue;
    try {
      await f();
      say({ check });
    } catch (e) {
      failed = true;
      say({ check, fail: `${e.name}: ${e.message}`.replace(/\s+/g, " ").slice(0, 500) });
    }
  }
  process.exit(failed ? 1 : 0); // what an SDK left open does not matter
}
