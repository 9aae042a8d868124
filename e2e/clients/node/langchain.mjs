// LangChain on OpenAI's chat completions and embeddings.

import { createRequire } from "node:module";
import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { z } from "zod";
import { backend, env, equal, interrupted, ok, prompt, run, thrown, town } from "./harness.mjs";

const { version } = createRequire(import.meta.url)("@langchain/openai/package.json");
const configuration = { baseURL: env.OPENAI_BASE_URL };

const model = (name = "chat", more = {}) => new ChatOpenAI({ model: name, maxRetries: 0, timeout: 20_000, configuration, ...more });
const user = (fault, text) => [new HumanMessage(prompt(fault, text))];

function answered(m, text = "Hello", finish = "stop") {
  ok(m.text.includes(text), `no ${text} in ${JSON.stringify(m.content)}`);
  equal(m.response_metadata.finish_reason, finish, "finish reason");
  const u = m.usage_metadata;
  ok(u?.input_tokens > 0 && u.output_tokens > 0 && u.total_tokens === u.input_tokens + u.output_tokens, `usage ${JSON.stringify(u)}`);
}

// The pieces of a stream put together, as LangChain does it.
async function whole(stream) {
  let total;
  let chunks = 0;
  for await (const c of await stream) {
    chunks++;
    total = total ? total.concat(c) : c;
  }
  return { m: total, chunks };
}

const place = { schema: z.object({ city: z.string() }), description: "Tells it." };
const weather = tool(({ city }) => `fine in ${city}`, { name: "weather", ...place });
const localTime = tool(({ city }) => `noon in ${city}`, { name: "local_time", ...place });
const bound = () => model().bindTools([weather, localTime]);

// The second turn of two parallel calls.
async function finishTools(m) {
  equal(m.tool_calls.map((c) => [c.name, c.args]), [["weather", { city: "sample" }], ["local_time", { city: "sample" }]], "calls");
  const results = [await weather.invoke(m.tool_calls[0]), await localTime.invoke(m.tool_calls[1])];
  ok(results.every((r) => ToolMessage.isInstance(r) && r.text.includes("sample")), "results");
  answered(await bound().invoke([...user("", "Paris?"), m, ...results]), "Paris?");
}

const embedder = () => new OpenAIEmbeddings({ model: "chat", maxRetries: 0, configuration });

await run(`@langchain/openai ${version}`, {
  async "chat"() {
    answered(await model().invoke([new SystemMessage("Be brief."), ...user()]));
  },

  async "chat-gzip"() {
    answered(await model().invoke(user("gzip")));
  },

  async "stream"() {
    const { m, chunks } = await whole(model().stream(user("tokens=60 gap=2ms")));
    answered(m);
    ok(chunks > 20 && m.text.split(" ").length > 50, `${chunks} chunks ${m.text}`);
  },

  async "stream-abandoned"() {
    for await (const _ of await model().stream(user("tokens=500 gap=5ms"))) break;
    answered(await model().invoke(user()));
  },

  async "tools"() {
    const m = await bound().invoke(user("calls=2"));
    equal(m.response_metadata.finish_reason, "tool_calls", "finish reason");
    await finishTools(m);
  },

  async "tools-streamed"() {
    await finishTools((await whole(bound().stream(user("calls=2")))).m);
  },

  async "json-schema"() {
    const Town = z.object({ name: z.string(), people: z.number(), twins: z.array(z.string()) });
    equal(await model().withStructuredOutput(Town, { method: "jsonSchema" }).invoke(user()), town, "answer");
    equal(await model().withStructuredOutput(Town, { method: "functionCalling" }).invoke(user()), town, "answer by a call");
  },

  async "embeddings"() {
    const [one, two] = await embedder().embedDocuments(["one", "two"]);
    ok(one.length > 1 && one.length === two.length && String(one) !== String(two), "vectors");
    equal((await embedder().embedQuery("three")).length, one.length, "length");
  },

  async "embeddings-refused"() {
    const e = await thrown(() => embedder().embedQuery("one"));
    equal([e.status, e.code], [400, "not_translatable"], `error ${e}`);
  },

  async "fallback-500"() {
    answered(await model().invoke(user("backend=alpha status=500")));
  },

  async "error-wrong-key"() {
    const e = await thrown(() => model("chat", { apiKey: "sk-proj-not-one-of-ours" }).invoke(user()));
    equal([e.status, e.code], [401, "invalid_api_key"], `error ${e}`);
  },

  async "error-unknown-model"() {
    const e = await thrown(() => model("chad").invoke(user()));
    equal([e.status, e.code], [404, "model_not_found"], `error ${e}`);
  },

  async "error-rate-limited"() {
    const e = await thrown(() => model("solo").invoke(user("status=429 retry-after=7")));
    equal([e.status, e.headers.get("retry-after")], [429, "7"], `error ${e}`);
    if (backend === "openai") equal(e.code, "rate_limit_exceeded", "code");
  },

  async "error-all-failed"() {
    equal((await thrown(() => model("solo").invoke(user("status=500")))).status, 500, "status");
    equal((await thrown(() => whole(model("solo").stream(user("status=500"))))).status, 500, "status of a stream");
  },

  async "error-in-stream"() {
    const e = await interrupted(() => whole(model().stream(user("error-event=4"))));
    ok(/overloaded/i.test(e.message), `error ${e}`);
  },

  async "cut-stream"() {
    for (const fault of ["cut=1500", "reset=1500"]) await interrupted(() => whole(model().stream(user(`${fault} gap=5ms`))));
  },
});
