// Checks in which everything goes well, in the end.

import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { backend, city, direct, equal, ok, servedBy, town } from "./harness.mjs";
import { answered, ask, client, limited, raises, read, user } from "./openai_ask.mjs";

const tool = (name) => ({ type: "function", function: { name, description: "Tells it.", strict: true, parameters: city } });
const tools = [tool("weather"), tool("local_time")];
const Town = z.object({ name: z.string(), people: z.number(), twins: z.array(z.string()) });

// The second turn of two parallel calls.
async function finishTools(message) {
  const calls = message.tool_calls;
  equal(calls.map((c) => [c.type, c.function.name, JSON.parse(c.function.arguments)]), [
    ["function", "weather", { city: "sample" }],
    ["function", "local_time", { city: "sample" }],
  ], "calls");
  ok(calls[0].id && calls[0].id !== calls[1].id, "ids");
  const results = calls.map((c) => ({ role: "tool", tool_call_id: c.id, content: "fine" }));
  answered(await client.chat.completions.create({ model: "chat", tools, messages: [...user("", "Paris?"), message, ...results] }), "Paris?");
}

async function fallsBack(to, how, model = "chat") {
  const fault = `backend=alpha ${how}`;
  const { data, response } = await ask({ model, fault }).withResponse();
  servedBy(response.headers, to, "2");
  answered(data);
  const streamed = await ask({ model, fault, stream: true }).withResponse();
  servedBy(streamed.response.headers, to);
  const got = await read(streamed.data);
  equal([got.text.includes("Hello"), got.finish, got.usage], [true, "stop", []], "stream");
}

export const answers = {
  async "chat"() {
    const { data, response } = await ask().withResponse();
    servedBy(response.headers, "alpha");
    answered(data);
  },

  async "chat-parts"() {
    const content = [
      { type: "text", text: "Grüße \u2028 \u{1f642}" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    const messages = [{ role: "system", content: "Be brief." }, { role: "user", content }];
    answered(await client.chat.completions.create({ model: "chat", messages }), content[0].text);
  },

  async "chat-large"() {
    const c = await ask({ text: "Hello " + "0123456789".repeat(100_000) });
    answered(c);
    ok(c.usage.prompt_tokens > 200_000, `usage ${JSON.stringify(c.usage)}`);
  },

  async "chat-gzip"() {
    answered(await ask({ fault: "gzip" }));
  },

  async "chat-options"() {
    const messages = [
      { role: "developer", content: "Be brief." },
      { role: "user", content: "One" },
      { role: "user", content: "Two" },
      { role: "assistant", content: "Three" },
      ...user(),
    ];
    const more = { temperature: 0.3, top_p: 0.9, stop: ["##"], max_completion_tokens: 200, user: "u-1", reasoning_effort: "low" };
    answered(await client.chat.completions.create({ model: "chat", messages, ...more }));
  },

  async "chat-length"() {
    answered(await ask({ max_completion_tokens: 3 }), "This is", "length");
    equal((await read(await ask({ max_completion_tokens: 3, stream: true }))).finish, "length", "finish reason of a stream");
  },

  async "request-id"() {
    const { data, response, request_id } = await ask().withResponse();
    equal([request_id, data._request_id], Array(2).fill(response.headers.get("x-signalbox-request-id")), "request id of an answer");
    ok(request_id.length > 30 && !request_id.startsWith("req_"), `no request id of the gateway's own: ${request_id}`);
    const e = await raises(OpenAI.NotFoundError, () => ask({ model: "chad" }), 404, "model_not_found", "invalid_request_error");
    ok(e.requestID !== request_id, "the same request id again");
  },

  async "lost-fields"() {
    const logit_bias = { 50256: -100 };
    const { data, response } = await ask({ logit_bias }).withResponse();
    equal(response.headers.get("x-signalbox-lost-fields"), "logit_bias", "lost fields");
    answered(data);
    const options = { headers: { "signalbox-strict": "true" } };
    equal((await ask({ options }).withResponse()).response.headers.get("x-signalbox-lost-fields"), null, "lost fields");
    await raises(OpenAI.BadRequestError, () => ask({ logit_bias, options }), 400, "fields_lost", "invalid_request_error");
  },

  async "stream"() {
    const got = await read(await ask({ stream: true, fault: "tokens=60 gap=2ms" }));
    equal([got.finish, got.text.split(" ").length > 50, got.text.includes("Hello")], ["stop", true, true], `stream ${got.text}`);
  },

  async "stream-without-usage"() {
    for (const fault of ["", "drip", "crlf", ...(direct ? [] : ["backend=alpha status=500"])]) {
      const got = await read(await ask({ stream: true, fault }));
      equal([got.finish, got.usage, got.bare], ["stop", [], 0], `${fault}: end, usage and chunks without choices`);
    }
  },

  async "stream-with-usage"() {
    const got = await read(await ask({ stream: true, stream_options: { include_usage: true } }));
    equal([got.finish, got.usage.length, got.bare], ["stop", 1, 1], "end, usage and chunks without choices");
    equal(got.usage[0].total_tokens, got.usage[0].prompt_tokens + got.usage[0].completion_tokens, "total_tokens");
  },

  async "stream-helper"() {
    let seen = "";
    const s = client.chat.completions.stream({ model: "chat", messages: user(), stream_options: { include_usage: true } });
    s.on("content", (delta) => (seen += delta));
    const c = await s.finalChatCompletion();
    answered(c);
    equal(seen, c.choices[0].message.content, "deltas");
    const { choices } = await client.chat.completions.stream({ model: "chat", messages: user() }).finalChatCompletion();
    equal(choices[0].message.content, seen, "without usage");
  },

  async "stream-abandoned"() {
    for await (const chunk of await ask({ stream: true, fault: "tokens=500 gap=5ms" })) {
      if (chunk.choices.length) break;
    }
    answered(await ask());
  },

  async "tools"() {
    const c = await ask({ tools, fault: "calls=2", tool_choice: "auto", parallel_tool_calls: true });
    equal(c.choices[0].finish_reason, "tool_calls", "finish_reason");
    await finishTools(c.choices[0].message);
    for (const tool_choice of ["required", { type: "function", function: { name: "local_time" } }]) {
      const { choices } = await ask({ tools, tool_choice });
      equal(choices[0].message.tool_calls[0].type, "function", `call for ${JSON.stringify(tool_choice)}`);
    }
  },

  async "tools-streamed"() {
    const done = [];
    const s = client.chat.completions.stream({ model: "chat", messages: user("calls=2"), tools });
    s.on("tool_calls.function.arguments.done", (e) => done.push([e.name, JSON.parse(e.arguments)]));
    const c = await s.finalChatCompletion();
    equal(done, [["weather", { city: "sample" }], ["local_time", { city: "sample" }]], "events");
    await finishTools(c.choices[0].message);
  },

  async "tools-run"() {
    const asked = [];
    const fn = (name) => ({
      type: "function",
      function: { ...tool(name).function, parse: JSON.parse, function: (args) => asked.push([name, args]) && "fine" },
    });
    const run = client.chat.completions.runTools({ model: "chat", messages: user("calls=2", "Paris?"), tools: [fn("weather"), fn("local_time")] });
    const text = await run.finalContent();
    ok(text.includes("Paris?"), `answer ${text}`);
    equal(asked.sort(), [["local_time", { city: "sample" }], ["weather", { city: "sample" }]], "calls");
  },

  async "json-schema"() {
    const response_format = zodResponseFormat(Town, "town");
    const c = await client.chat.completions.parse({ model: "chat", messages: user(), response_format });
    equal(c.choices[0].message.parsed, town, "parsed");
    const s = await client.chat.completions.stream({ model: "chat", messages: user(), response_format }).finalChatCompletion();
    equal(s.choices[0].message.parsed, town, "parsed from a stream");
  },

  async "models-list"() {
    const names = async (c) => (await Array.fromAsync(c.models.list())).map((m) => m.id).sort();
    equal(await names(client), ["chat", "down", "mixed", "solo"], "models");
    equal(await names(limited), ["solo"], "models of a limited key");
  },

  async "models-retrieve"() {
    const m = await client.models.retrieve("chat");
    equal([m.id, m.object, m.created > 0, Boolean(m.owned_by)], ["chat", "model", true, true], "model");
  },

  async "embeddings"() {
    for (const more of [{}, { encoding_format: "float" }, { dimensions: 8 }]) {
      const e = await client.embeddings.create({ model: "chat", input: ["one", "two"], ...more });
      equal([e.object, e.data.map((d) => d.index)], ["list", [0, 1]], "embeddings");
      ok(e.data.every((d) => d.embedding.length > 1 && d.embedding.every((x) => typeof x === "number")), "numbers");
      if (backend === "openai") ok(e.usage.prompt_tokens > 0, `usage ${JSON.stringify(e.usage)}`);
    }
  },

  async "embeddings-refused"() {
    await raises(OpenAI.BadRequestError, () => client.embeddings.create({ model: "chat", input: "one" }), 400, "not_translatable", "invalid_request_error");
  },

  "fallback-500": () => fallsBack("beta", "status=500"),
  "fallback-reset": () => fallsBack("beta", "reset"),
  "fallback-slow": () => fallsBack("beta", "stall-before=5s"),
  "fallback-credential": () => fallsBack("beta", "status=401"),
  async "fallback-dialect"() {
    await fallsBack("gamma", "status=500", "mixed");
    await fallsBack("gamma", "status=429 retry-after=3", "mixed");
  },
};
