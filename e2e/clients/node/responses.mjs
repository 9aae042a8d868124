// The official OpenAI SDK on the Responses API.

import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { VERSION } from "openai/version";
import { z } from "zod";
import { city, direct, equal, interrupted, ok, prompt, run, servedBy, thrown, town } from "./harness.mjs";

const client = new OpenAI({ maxRetries: 0, timeout: 20_000 });

function ask({ model = "chat", fault, text, at = client, ...more } = {}) {
  return at.responses.create({ model, input: prompt(fault, text), ...more });
}

function answered(r, text = "Hello") {
  equal([r.object, r.status, r.error], ["response", "completed", null], "answer");
  ok(r.output_text.includes(text), `no ${text} in ${r.output_text}`);
  const u = r.usage;
  ok(u.input_tokens > 0 && u.output_tokens > 0 && u.total_tokens === u.input_tokens + u.output_tokens, `usage ${JSON.stringify(u)}`);
}

// Text and types of the events of a stream, and the answer at its end.
async function read(stream) {
  const got = { text: "", types: [] };
  for await (const e of stream) {
    got.types.push(e.type);
    if (e.type === "response.output_text.delta") got.text += e.delta;
    if (e.type === "response.completed") got.last = e.response;
  }
  return got;
}

const textOf = (r) => r.output.flatMap((o) => o.content ?? []).map((c) => c.text ?? "").join("");

const tools = ["weather", "local_time"].map((name) => ({ type: "function", name, strict: true, parameters: city }));

// The second turn of two parallel calls.
async function finishTools(r) {
  const calls = r.output.filter((o) => o.type === "function_call");
  equal(calls.map((c) => [c.name, JSON.parse(c.arguments)]), [["weather", { city: "sample" }], ["local_time", { city: "sample" }]], "calls");
  ok(calls[0].call_id !== calls[1].call_id, "ids");
  const results = calls.map((c) => ({ type: "function_call_output", call_id: c.call_id, output: "fine" }));
  answered(await client.responses.create({ model: "chat", tools, input: [{ role: "user", content: "Paris?" }, ...r.output, ...results] }), "Paris?");
}

async function raises(kind, f, status, code) {
  const e = await thrown(f);
  equal([e.constructor.name, e.status, e.code], [kind.name, status, code], `error ${e}`);
  equal(Object.keys(e.error).sort(), ["code", "message", "param", "type"], "members of the error");
  ok(direct || e.requestID, "request id");
  return e;
}

await run(`openai ${VERSION}`, {
  async "chat"() {
    const { data, response } = await ask({ instructions: "Be brief." }).withResponse();
    servedBy(response.headers, "alpha");
    answered(data);
  },

  async "chat-gzip"() {
    answered(await ask({ fault: "gzip" }));
  },

  async "stream"() {
    const got = await read(await ask({ stream: true, fault: "tokens=60 gap=2ms" }));
    equal([got.types[0], got.types.at(-1)], ["response.created", "response.completed"], "first and last event");
    ok(got.text === textOf(got.last) && got.text.split(" ").length > 50, `deltas ${got.text}`);
  },

  async "stream-helper"() {
    let seen = "";
    const s = client.responses.stream({ model: "chat", input: prompt() });
    s.on("response.output_text.delta", (e) => (seen += e.delta));
    const last = await s.finalResponse();
    answered(last);
    equal(seen, last.output_text, "deltas");
  },

  async "stream-abandoned"() {
    for await (const _ of await ask({ stream: true, fault: "tokens=500 gap=5ms" })) break;
    answered(await ask());
  },

  async "tools"() {
    await finishTools(await ask({ fault: "calls=2", tools }));
  },

  async "tools-streamed"() {
    const done = [];
    const s = client.responses.stream({ model: "chat", input: prompt("calls=2"), tools });
    s.on("event", (e) => e.type === "response.function_call_arguments.done" && done.push(JSON.parse(e.arguments)));
    const last = await s.finalResponse();
    equal(done, [{ city: "sample" }, { city: "sample" }], "arguments");
    await finishTools({ ...last, output: last.output.map(({ parsed_arguments, ...o }) => o) });
  },

  async "json-schema"() {
    const Town = z.object({ name: z.string(), people: z.number(), twins: z.array(z.string()) });
    const r = await client.responses.parse({ model: "chat", input: prompt(), text: { format: zodTextFormat(Town, "town") } });
    equal(r.output_parsed, town, "parsed");
  },

  async "fallback-500"() {
    const { data, response } = await ask({ fault: "backend=alpha status=500" }).withResponse();
    servedBy(response.headers, "beta", "2");
    answered(data);
  },

  async "error-wrong-key"() {
    await raises(OpenAI.AuthenticationError, () => ask({ at: new OpenAI({ maxRetries: 0, apiKey: "sk-proj-not-one-of-ours" }) }), 401, "invalid_api_key");
  },

  async "error-unknown-model"() {
    await raises(OpenAI.NotFoundError, () => ask({ model: "chad" }), 404, "model_not_found");
  },

  async "error-rate-limited"() {
    const e = await raises(OpenAI.RateLimitError, () => ask({ model: "solo", fault: "status=429 retry-after=7" }), 429, "rate_limit_exceeded");
    equal(e.headers.get("retry-after"), "7", "retry-after");
  },

  async "error-all-failed"() {
    for (const stream of [false, true]) await raises(OpenAI.InternalServerError, () => ask({ model: "solo", fault: "status=500", stream }), 500, null);
  },

  async "error-in-stream"() {
    await interrupted(async () => read(await ask({ fault: "error-event=8", stream: true })));
    await interrupted(() => client.responses.stream({ model: "chat", input: prompt("error-event=8") }).finalResponse());
  },

  async "cut-stream"() {
    for (const fault of ["cut=6000", "reset=6000"]) {
      await interrupted(async () => read(await ask({ fault: `${fault} gap=5ms tokens=60`, stream: true })));
    }
  },
});
