// Checks of the gateway with the official OpenAI SDK for Node.
//
// The client finds the gateway by OPENAI_BASE_URL and OPENAI_API_KEY and is not
// changed in any way. A line of the last user message that starts with #fault
// makes the simulated provider behind the gateway misbehave. Prints one line for
// each check; ../main.go reads them. run.sh runs a copy of this file that lies
// beside the SDK's folder.

import { deepStrictEqual, fail, ok } from "node:assert";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { VERSION } from "openai/version";
import { z } from "zod";

const client = new OpenAI({ maxRetries: 0, timeout: 20_000 });
const limited = new OpenAI({ maxRetries: 0, apiKey: process.env.LIMITED_KEY });

const user = (fault = "", text = "Hello") => [{ role: "user", content: fault ? `${text}\n#fault ${fault}` : text }];

function ask({ model = "chat", fault, text, at = client, options, ...more } = {}) {
  return at.chat.completions.create({ model, messages: user(fault, text), ...more }, options);
}

const equal = (got, want, what) => deepStrictEqual(got, want, `${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);

// An answer of the simulated provider to the text, with its usage.
function answered(c, text = "Hello") {
  const [choice] = c.choices;
  equal([c.object, choice.message.role, choice.finish_reason], ["chat.completion", "assistant", "stop"], "answer");
  ok(choice.message.content.includes(text), `no ${text} in ${choice.message.content}`);
  const u = c.usage;
  ok(u.prompt_tokens > 0 && u.completion_tokens > 0, `usage ${JSON.stringify(u)}`);
  equal(u.total_tokens, u.prompt_tokens + u.completion_tokens, "total_tokens");
}

// The error of f.
async function thrown(f) {
  try {
    await f();
  } catch (e) {
    return e;
  }
  fail("no error");
}

// The typed error of f, with all its parts.
async function raises(kind, f, status, code, type) {
  const e = await thrown(f);
  equal(e.constructor.name, kind.name, `class of ${e}`);
  equal([e.status, e.code, e.type], [status, code, type], "status, code and type");
  equal(Object.keys(e.error).sort(), ["code", "message", "param", "type"], "members of the error");
  equal(e.requestID, e.headers.get("x-signalbox-request-id"), "request id");
  ok(e.requestID && e.error.message, `no request id or message in ${e}`);
  return e;
}

// Text, finish reason and usage chunks of a stream.
async function read(stream) {
  const got = { text: "", finish: null, usage: [], bare: 0 };
  for await (const chunk of stream) {
    equal(chunk.object, "chat.completion.chunk", "object");
    if (chunk.usage) got.usage.push(chunk.usage);
    if (!chunk.choices.length) {
      got.bare++;
      continue;
    }
    equal(got.bare, 0, "chunks without choices before the end");
    got.text += chunk.choices[0].delta.content ?? "";
    got.finish = chunk.choices[0].finish_reason ?? got.finish;
  }
  return got;
}

const tool = (name) => ({
  type: "function",
  function: {
    name,
    strict: true,
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
  },
});
const tools = [tool("weather"), tool("local_time")];

// The second turn of two parallel calls.
async function finishTools(message) {
  const calls = message.tool_calls;
  equal(calls.map((c) => [c.type, c.function.name, c.function.arguments]), [
    ["function", "weather", '{"city":"sample"}'],
    ["function", "local_time", '{"city":"sample"}'],
  ], "calls");
  ok(calls[0].id && calls[0].id !== calls[1].id, "ids");
  const results = calls.map((c) => ({ role: "tool", tool_call_id: c.id, content: "fine" }));
  answered(await client.chat.completions.create({ model: "chat", tools, messages: [...user("", "Paris?"), message, ...results] }), "Paris?");
}

const Town = z.object({ name: z.string(), people: z.number(), twins: z.array(z.string()) });
const town = { name: "sample", people: 1, twins: ["sample"] };

async function fromBeta(how) {
  const fault = `backend=alpha ${how}`;
  const { data, response } = await ask({ fault }).withResponse();
  equal([response.headers.get("x-signalbox-provider"), response.headers.get("x-signalbox-attempts")], ["beta", "2"], "provider and attempts");
  answered(data);
  const streamed = await ask({ fault, stream: true }).withResponse();
  equal(streamed.response.headers.get("x-signalbox-provider"), "beta", "provider of a stream");
  const got = await read(streamed.data);
  equal([got.text.includes("Hello"), got.finish, got.usage], [true, "stop", []], "stream");
}

const seconds = async (f) => {
  const began = performance.now();
  await f();
  return (performance.now() - began) / 1000;
};

const checks = {
  async "chat"() {
    const { data, response } = await ask().withResponse();
    equal(response.headers.get("x-signalbox-provider"), "alpha", "provider");
    equal(response.headers.get("x-signalbox-model"), "alpha-large", "model at the provider");
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

  async "stream"() {
    const got = await read(await ask({ stream: true, fault: "tokens=60 gap=2ms" }));
    equal([got.finish, got.text.split(" ").length > 50, got.text.includes("Hello")], ["stop", true, true], `stream ${got.text}`);
  },

  async "stream-without-usage"() {
    for (const fault of ["", "drip", "crlf", "backend=alpha status=500"]) {
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
  },

  async "tools-streamed"() {
    const done = [];
    const s = client.chat.completions.stream({ model: "chat", messages: user("calls=2"), tools });
    s.on("tool_calls.function.arguments.done", (e) => done.push([e.name, e.arguments]));
    const c = await s.finalChatCompletion();
    equal(done, [["weather", '{"city":"sample"}'], ["local_time", '{"city":"sample"}']], "events");
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
    equal(await names(client), ["chat", "down", "solo"], "models");
    equal(await names(limited), ["solo"], "models of a limited key");
  },

  async "models-retrieve"() {
    const m = await client.models.retrieve("chat");
    equal([m.id, m.object, m.created > 0, Boolean(m.owned_by)], ["chat", "model", true, true], "model");
  },

  "fallback-500": () => fromBeta("status=500"),
  "fallback-reset": () => fromBeta("reset"),
  "fallback-slow": () => fromBeta("stall-before=5s"),
  "fallback-credential": () => fromBeta("status=401"),

  async "request-id"() {
    const { data, response, request_id } = await ask().withResponse();
    equal([request_id, data._request_id], Array(2).fill(response.headers.get("x-signalbox-request-id")), "request id of an answer");
    ok(request_id.length > 30 && !request_id.startsWith("req_"), `no request id of the gateway's own: ${request_id}`);
    const e = await raises(OpenAI.NotFoundError, () => ask({ model: "chad" }), 404, "model_not_found", "invalid_request_error");
    ok(e.requestID !== request_id, "the same request id again");
  },

  async "error-no-key"() {
    const options = { headers: { Authorization: null } };
    await raises(OpenAI.AuthenticationError, () => ask({ options }), 401, "missing_api_key", "authentication_error");
    await raises(OpenAI.AuthenticationError, () => client.models.list(options), 401, "missing_api_key", "authentication_error");
  },

  async "error-wrong-key"() {
    const at = new OpenAI({ maxRetries: 0, apiKey: "sk-proj-not-one-of-ours" });
    const e = await raises(OpenAI.AuthenticationError, () => ask({ at }), 401, "invalid_api_key", "authentication_error");
    ok(!String(e).includes("not-one-of-ours"), "the key is in the error");
  },

  async "error-forbidden-model"() {
    answered(await ask({ at: limited, model: "solo" }));
    await raises(OpenAI.PermissionDeniedError, () => ask({ at: limited }), 403, "model_not_allowed", "permission_error");
  },

  async "error-unknown-model"() {
    const e = await raises(OpenAI.NotFoundError, () => ask({ model: "chad" }), 404, "model_not_found", "invalid_request_error");
    equal([e.message.includes("chat"), e.param], [true, "model"], `a near name in ${e.message}`);
  },

  async "error-unknown-model-retrieved"() {
    await raises(OpenAI.NotFoundError, () => client.models.retrieve("chad"), 404, "model_not_found", "invalid_request_error");
  },

  async "error-unknown-path"() {
    await raises(OpenAI.NotFoundError, () => client.moderations.create({ input: "x" }), 404, "unknown_path", "invalid_request_error");
  },

  async "error-bad-request"() {
    const e = await raises(OpenAI.BadRequestError, () => ask({ model: 7 }), 400, "invalid_field", "invalid_request_error");
    equal(e.param, "model", "param");
  },

  async "error-of-provider"() {
    const e = await raises(OpenAI.BadRequestError, () => ask({ fault: "status=400 text=No_such_option." }), 400, null, "invalid_request_error");
    ok(e.message.includes("No such option."), `not the provider's words: ${e.message}`);
    await raises(OpenAI.UnprocessableEntityError, () => ask({ fault: "status=422" }), 422, null, "invalid_request_error");
  },

  async "error-rate-limited"() {
    const own = ["rate_limit_exceeded", "requests"]; // a single provider's own words pass
    for (const [model, code, type] of [["solo", ...own], ["chat", "all_backends_failed", "rate_limit_error"]]) {
      const e = await raises(OpenAI.RateLimitError, () => ask({ model, fault: "status=429 retry-after=7" }), 429, code, type);
      equal(e.headers.get("retry-after"), "7", `retry-after of ${model}`);
      ok(!e.message.includes("org-"), "the account is in the error");
    }
  },

  async "error-all-failed"() {
    await raises(OpenAI.InternalServerError, () => ask({ fault: "status=500" }), 500, "all_backends_failed", "server_error");
    await raises(OpenAI.InternalServerError, () => ask({ model: "solo", fault: "status=500" }), 500, null, "server_error");
  },

  async "error-html"() {
    const e = await raises(OpenAI.InternalServerError, () => ask({ fault: "html" }), 502, "all_backends_failed", "server_error");
    ok(!e.message.includes("<"), "HTML in the error");
  },

  async "error-unreachable"() {
    await raises(OpenAI.InternalServerError, () => ask({ model: "down" }), 503, "provider_unreachable", "server_error");
  },

  async "error-gateway-timeout"() {
    await raises(OpenAI.InternalServerError, () => ask({ fault: "stall-before=10s" }), 504, "provider_timeout", "server_error");
  },

  async "error-streamed"() {
    const stream = true;
    await raises(OpenAI.InternalServerError, () => ask({ fault: "status=500", stream }), 500, "all_backends_failed", "server_error");
    await raises(OpenAI.NotFoundError, () => ask({ model: "chad", stream }), 404, "model_not_found", "invalid_request_error");
  },

  async "error-in-stream"() {
    const e = await thrown(async () => read(await ask({ fault: "error-event=4", stream: true })));
    ok(e instanceof OpenAI.APIError && e.message.includes("overloaded"), `error ${e}`);
  },

  async "cut-stream"() {
    for (const fault of ["cut=1500", "reset=1500"]) {
      let chunks = 0;
      const e = await thrown(async () => {
        for await (const _ of await ask({ fault: `${fault} gap=5ms`, stream: true })) chunks++;
      });
      ok(chunks > 0 && e.code !== "ERR_ASSERTION", `${fault}: ${e} after ${chunks} chunks`);
    }
  },

  async "cut-helper"() {
    const e = await thrown(() => client.chat.completions.stream({ model: "chat", messages: user("cut=1500 gap=5ms") }).finalChatCompletion());
    ok(e.code !== "ERR_ASSERTION", `${e}`);
  },

  async "client-timeout"() {
    const at = new OpenAI({ maxRetries: 0, timeout: 300 });
    const took = await seconds(async () => {
      const e = await thrown(() => ask({ at, fault: "stall-before=5s" }));
      ok(e instanceof OpenAI.APIConnectionTimeoutError, `error ${e}`);
    });
    ok(took < 2, `the client's own limit does not hold: ${took}`);
    answered(await ask({ at }));
  },

  async "retry-after"() {
    const at = new OpenAI({ maxRetries: 1 });
    const took = await seconds(() =>
      raises(OpenAI.RateLimitError, () => ask({ at, fault: "status=429 retry-after=2" }), 429, "all_backends_failed", "rate_limit_error"));
    ok(took > 1.9 && took < 6, `one retry after two seconds, took ${took}`);
  },
};

console.log(`sdk openai ${VERSION} Node ${process.versions.node}`);
for (const [name, check] of Object.entries(checks)) {
  if (process.argv.length > 2 && !process.argv.includes(name)) continue;
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (e) {
    process.exitCode = 1;
    console.log(`fail ${name} ${`${e.name}: ${e.message}`.replace(/\s+/g, " ").slice(0, 500)}`);
  }
}
