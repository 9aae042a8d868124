// The official Anthropic SDK on the Messages API.

import Anthropic from "@anthropic-ai/sdk";
import { VERSION } from "@anthropic-ai/sdk/version";
import { city, direct, env, equal, interrupted, ok, prompt, run, servedBy, thrown } from "./harness.mjs";

const client = new Anthropic({ maxRetries: 0, timeout: 20_000 });
const limited = new Anthropic({ maxRetries: 0, apiKey: env.LIMITED_KEY });
const key = env.ANTHROPIC_API_KEY;

const user = (fault, text) => [{ role: "user", content: prompt(fault, text) }];
const body = ({ model = "chat", fault, text, ...more } = {}) => ({ model, max_tokens: 1000, messages: user(fault, text), ...more });
const ask = ({ at = client, options, ...more } = {}) => at.messages.create(body(more), options);

const textOf = (m) => m.content.map((b) => b.text ?? "").join("");

function answered(m, text = "Hello", stop = "end_turn") {
  equal([m.type, m.role, m.stop_reason], ["message", "assistant", stop], "answer");
  ok(textOf(m).includes(text), `no ${text} in ${JSON.stringify(m.content)}`);
  ok(m.id && m.usage.input_tokens > 0 && m.usage.output_tokens > 0, `usage ${JSON.stringify(m.usage)}`);
}

// The typed error of f, with all its parts.
async function raises(kind, f, status, type) {
  const e = await thrown(f);
  equal([e.constructor.name, e.status, e.error?.type, e.error?.error?.type], [kind.name, status, "error", type], `error ${e}`);
  ok(e.error.error.message, "message");
  ok(e.requestID && e.error.request_id, `request id ${e.requestID} of ${JSON.stringify(e.error)}`);
  equal(e.requestID, e.headers.get("x-signalbox-request-id") ?? e.requestID, "request id of the gateway");
  return e;
}

async function read(stream) {
  const got = { text: "", types: [] };
  for await (const e of await stream) {
    got.types.push(e.type);
    if (e.delta?.type === "text_delta") got.text += e.delta.text;
  }
  return got;
}

const tools = ["weather", "local_time"].map((name) => ({ name, description: "Tells it.", input_schema: city }));

// The second turn of two parallel calls.
async function finishTools(m) {
  const calls = m.content.filter((b) => b.type === "tool_use");
  equal(m.stop_reason, "tool_use", "stop reason");
  equal(calls.map((c) => [c.name, c.input]), [["weather", { city: "sample" }], ["local_time", { city: "sample" }]], "calls");
  ok(calls[0].id !== calls[1].id, "ids");
  const results = calls.map((c) => ({ type: "tool_result", tool_use_id: c.id, content: "fine" }));
  const messages = [...user("", "Paris?"), { role: "assistant", content: m.content }, { role: "user", content: results }];
  answered(await client.messages.create({ model: "chat", max_tokens: 1000, tools, messages }), "");
}

await run(`@anthropic-ai/sdk ${VERSION}`, {
  async "chat"() {
    const { data, response, request_id } = await ask().withResponse();
    servedBy(response.headers, "alpha");
    answered(data);
    if (!direct) equal(request_id, response.headers.get("x-signalbox-request-id"), "request id of an answer");
    const messages = [
      { role: "user", content: [{ type: "text", text: "One", cache_control: { type: "ephemeral" } }] },
      { role: "assistant", content: "Two" },
      { role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }, { type: "text", text: "Grüße \u2028!" }] },
    ];
    answered(await ask({ messages, system: "Be brief.", stop_sequences: ["##"] }), "Grüße \u2028!");
    answered(await client.beta.messages.create({ ...body(), betas: ["context-management-2025-06-27"] }));
  },

  async "chat-gzip"() {
    answered(await ask({ fault: "gzip" }));
  },

  async "stream"() {
    const got = await read(ask({ stream: true, fault: "tokens=60 gap=2ms" }));
    equal([got.types[0], got.types.at(-1)], ["message_start", "message_stop"], "first and last event");
    ok(got.text.split(" ").length > 50 && got.text.includes("Hello"), `stream ${got.text}`);
  },

  async "stream-helper"() {
    for (const fault of ["", "drip", "crlf"]) {
      let seen = "";
      const m = await client.messages.stream(body({ fault })).on("text", (t) => (seen += t)).finalMessage();
      answered(m);
      equal(seen, textOf(m), "deltas");
    }
  },

  async "stream-abandoned"() {
    for await (const _ of await ask({ stream: true, fault: "tokens=500 gap=5ms" })) break;
    answered(await ask());
  },

  async "tools"() {
    await finishTools(await ask({ fault: "calls=2", tools, tool_choice: { type: "auto" } }));
    const m = await ask({ tools, tool_choice: { type: "tool", name: "local_time" } });
    equal(m.content.filter((b) => b.type === "tool_use").map((b) => b.name), ["local_time"], "forced call");
  },

  async "tools-streamed"() {
    let pieces = 0;
    const m = await client.messages.stream(body({ fault: "calls=2", tools })).on("inputJson", () => pieces++).finalMessage();
    ok(pieces > 1, "pieces of arguments");
    await finishTools(m);
  },

  async "json-schema"() {
    const schema = { type: "object", properties: { name: { type: "string" } }, required: ["name"], additionalProperties: false };
    const m = await ask({ output_config: { format: { type: "json_schema", schema } } });
    equal(JSON.parse(textOf(m)), { name: "sample" }, "answer");
  },

  async "models-list"() {
    const names = async (c) => (await Array.fromAsync(c.models.list({ limit: 1000 }))).map((m) => m.id).sort();
    equal(await names(client), ["chat", "down", "mixed", "solo"], "models");
    equal(await names(limited), ["solo"], "models of a limited key");
  },

  async "models-retrieve"() {
    const m = await client.models.retrieve("chat");
    equal([m.id, m.type, Date.parse(m.created_at) > 0, Boolean(m.display_name)], ["chat", "model", true, true], "model");
  },

  async "fallback-500"() {
    const { data, response } = await ask({ fault: "backend=alpha status=500" }).withResponse();
    servedBy(response.headers, "beta", "2");
    answered(data);
  },

  async "credentials"() {
    answered(await ask({ at: new Anthropic({ maxRetries: 0, apiKey: key }) }));
    answered(await ask({ at: new Anthropic({ maxRetries: 0, apiKey: null, authToken: key }) }));
    answered(await ask({ options: { headers: { "x-api-key": key, authorization: null } } }));
    if (direct) return;
    const options = { headers: { "x-api-key": "another" } };
    await raises(Anthropic.AuthenticationError, () => ask({ options }), 401, "authentication_error");
  },

  async "versions"() {
    for (const v of ["2023-06-01", "2026-10-21"]) {
      const options = { headers: { "anthropic-version": v } };
      answered(await ask({ options }));
      ok((await read(ask({ stream: true, options }))).text.includes("Hello"), "stream");
    }
  },

  async "error-no-key"() {
    const options = { headers: { authorization: null, "x-api-key": null } };
    await raises(Anthropic.AuthenticationError, () => ask({ options }), 401, "authentication_error");
  },

  async "error-wrong-key"() {
    const at = new Anthropic({ maxRetries: 0, apiKey: "sk-ant-not-one-of-ours" });
    const e = await raises(Anthropic.AuthenticationError, () => ask({ at }), 401, "authentication_error");
    ok(!String(e).includes("not-one-of-ours"), "the key is in the error");
  },

  async "error-unknown-model"() {
    await raises(Anthropic.NotFoundError, () => ask({ model: "chad" }), 404, "not_found_error");
  },

  async "error-rate-limited"() {
    for (const model of direct ? ["solo"] : ["solo", "chat"]) {
      const e = await raises(Anthropic.RateLimitError, () => ask({ model, fault: "status=429 retry-after=7" }), 429, "rate_limit_error");
      equal(e.headers.get("retry-after"), "7", "retry-after");
      ok(direct || !e.message.includes("0f1e2d3c"), "the account is in the error");
    }
  },

  async "error-all-failed"() {
    for (const stream of [false, true]) {
      await raises(Anthropic.InternalServerError, () => ask({ model: "solo", fault: "status=500", stream }), 500, "api_error");
    }
    equal((await thrown(() => ask({ model: "solo", fault: "status=529" }))).error.error.type, "overloaded_error", "type of 529");
  },

  async "error-in-stream"() {
    for (const how of [() => read(ask({ stream: true, fault: "error-event=4" })), () => client.messages.stream(body({ fault: "error-event=4" })).finalMessage()]) {
      const e = await interrupted(how);
      ok(/overloaded/i.test(e.message), `error ${e}`);
    }
  },

  async "cut-stream"() {
    for (const fault of ["cut=1500", "reset=1500"]) await interrupted(() => read(ask({ stream: true, fault: `${fault} gap=5ms` })));
  },
});
