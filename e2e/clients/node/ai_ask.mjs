// The checks of the Vercel AI SDK, for a model of either of OpenAI's APIs.

import { createRequire } from "node:module";
import { createOpenAI, openai } from "@ai-sdk/openai";
import { APICallError, Output, embed, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { city, equal, fail, ok, prompt, servedBy, thrown, town } from "./harness.mjs";

const require = createRequire(import.meta.url);
export const sdk = `ai ${require("ai/package.json").version}, @ai-sdk/openai ${require("@ai-sdk/openai/package.json").version}`;

const user = (fault, text) => [{ role: "user", content: prompt(fault, text) }];

function answered(r, text = "Hello", finish = "stop") {
  ok(r.text.includes(text), `no ${text} in ${r.text}`);
  equal(r.finishReason, finish, "finish reason");
  const u = r.usage;
  ok(u.inputTokens > 0 && u.outputTokens > 0 && u.totalTokens === u.inputTokens + u.outputTokens, `usage ${JSON.stringify(u)}`);
}

// What a stream said; the errors in it, too.
async function read(options, got = { text: "", types: [], errors: [] }) {
  const s = streamText({ maxRetries: 0, onError() {}, ...options });
  for await (const part of s.fullStream) {
    got.types.push(part.type);
    if (part.type === "text-delta") got.text += part.text;
    if (part.type === "error") got.errors.push(part.error);
    if (part.type === "finish") [got.finishReason, got.usage] = [part.finishReason, part.totalUsage];
  }
  return got;
}

async function refused(f, status) {
  const e = await thrown(f);
  ok(APICallError.isInstance(e), `error ${e}`);
  equal(e.statusCode, status, `status of ${e}`);
  ok(e.message && e.data?.error?.message, `no message in ${e}`);
  return e;
}

// Two tools that write down how they were called.
function pair() {
  const asked = [];
  const one = (name) => tool({ description: "Tells it.", inputSchema: jsonSchema(city), execute: async (args) => asked.push([name, args]) && "fine" });
  return { asked, tools: { weather: one("weather"), local_time: one("local_time") } };
}

const called = [["local_time", { city: "sample" }], ["weather", { city: "sample" }]];

// after is where a stream of the API has told some text: events, bytes.
export function checks(model, stranger, after = [4, 1500]) {
  const ask = (name = "chat", fault, more) => generateText({ model: model(name), maxRetries: 0, messages: user(fault), ...more });
  return {
    async "chat"() {
      const r = await ask("chat", "", { system: "Be brief.", temperature: 0.3, maxOutputTokens: 200 });
      answered(r);
      servedBy(r.response.headers, "alpha");
    },

    async "chat-gzip"() {
      answered(await ask("chat", "gzip"));
    },

    async "stream"() {
      const got = await read({ model: model("chat"), messages: user("tokens=60 gap=2ms") });
      equal(got.errors, [], "errors");
      answered(got);
      ok(got.text.split(" ").length > 50, `stream ${got.text}`);
    },

    async "stream-abandoned"() {
      for await (const _ of streamText({ model: model("chat"), messages: user("tokens=500 gap=5ms"), onError() {} }).textStream) break;
      answered(await ask());
    },

    async "tools"() {
      const { asked, tools } = pair();
      const r = await ask("chat", "calls=2", { tools, stopWhen: stepCountIs(3) });
      equal(asked.sort(), called, "calls");
      equal([r.steps.length, r.steps[0].finishReason], [2, "tool-calls"], "steps");
      answered(r);
    },

    async "tools-streamed"() {
      const { asked, tools } = pair();
      const got = await read({ model: model("chat"), messages: user("calls=2"), tools, stopWhen: stepCountIs(3) });
      equal([got.errors, asked.sort()], [[], called], "calls");
      ok(got.types.includes("tool-input-delta") && got.types.includes("tool-result"), `parts ${got.types}`);
      answered(got);
    },

    async "json-schema"() {
      const schema = z.object({ name: z.string(), people: z.number(), twins: z.array(z.string()) });
      equal((await ask("chat", "", { output: Output.object({ schema }) })).output, town, "answer");
    },

    async "embeddings"() {
      const { embeddings, usage } = await embedMany({ model: openai.embedding("chat"), maxRetries: 0, values: ["one", "two"] });
      const [one, two] = embeddings;
      ok(one.length > 1 && one.length === two.length && String(one) !== String(two), "vectors");
      ok(usage, "usage");
    },

    async "embeddings-refused"() {
      const e = await refused(() => embed({ model: openai.embedding("chat"), maxRetries: 0, value: "one" }), 400);
      equal(e.data.error.code, "not_translatable", "code");
    },

    async "fallback-500"() {
      const r = await ask("chat", "backend=alpha status=500");
      answered(r);
      servedBy(r.response.headers, "beta", "2");
    },

    async "error-wrong-key"() {
      const e = await refused(() => generateText({ model: stranger("chat"), maxRetries: 0, messages: user() }), 401);
      equal(e.data.error.code, "invalid_api_key", "code");
    },

    async "error-unknown-model"() {
      const e = await refused(() => ask("chad"), 404);
      equal(e.data.error.code, "model_not_found", "code");
    },

    async "error-rate-limited"() {
      const e = await refused(() => ask("solo", "status=429 retry-after=7"), 429);
      equal([e.isRetryable, e.responseHeaders["retry-after"]], [true, "7"], "retry");
    },

    async "error-all-failed"() {
      await refused(() => ask("solo", "status=500"), 500);
      const { errors } = await read({ model: model("solo"), messages: user("status=500") });
      equal(errors.map((e) => e.statusCode), [500], "errors of a stream");
    },

    async "error-in-stream"() {
      const got = await begun({ model: model("chat"), messages: user(`error-event=${after[0]}`) });
      ok(/overloaded/i.test(JSON.stringify(got.errors.map((e) => [e, String(e)]))), `errors ${got.errors}`);
    },

    async "cut-stream"() {
      for (const fault of [`cut=${after[1]}`, `reset=${after[1]}`]) await begun({ model: model("chat"), messages: user(`${fault} gap=5ms tokens=60`) });
    },
  };
}

// A stream that begins well and then fails: this SDK tells so in one of three
// ways.
async function begun(options) {
  const got = { text: "", types: [], errors: [] };
  try {
    await read(options, got);
  } catch (e) {
    if (e.code === "ERR_ASSERTION") throw e;
    got.errors.push(e);
  }
  if (!got.errors.length && got.finishReason === "stop") fail(`a legal end: ${JSON.stringify(got)}`);
  ok(got.text, `it did not begin: ${got.errors}`);
  ok(!got.errors.some((e) => APICallError.isInstance(e) && e.statusCode >= 400), `it did not begin well: ${got.errors}`);
  return got;
}

export const strange = () => createOpenAI({ apiKey: "sk-proj-not-one-of-ours" });
export { openai };
