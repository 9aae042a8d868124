// Google's own SDK on generateContent, embeddings and models.

import { readFileSync } from "node:fs";
import { ApiError, GoogleGenAI, createPartFromBase64 } from "@google/genai";
import { backend, city, direct, env, equal, interrupted, ok, prompt, run, servedBy, thrown, town } from "./harness.mjs";

const { version } = JSON.parse(readFileSync(new URL("node_modules/@google/genai/package.json", import.meta.url)));

const make = (apiKey = env.GEMINI_API_KEY, httpOptions = {}) => new GoogleGenAI({ apiKey, httpOptions: { timeout: 20_000, ...httpOptions } });
const client = make();
const limited = make(env.LIMITED_KEY);

const body = ({ model = "chat", fault, text, contents = prompt(fault, text), ...config } = {}) => ({ model, contents, config });
const ask = ({ at = client, ...more } = {}) => at.models.generateContent(body(more));
const asked = ({ at = client, ...more } = {}) => at.models.generateContentStream(body(more));

function counted(u) {
  ok(u.promptTokenCount > 0 && u.candidatesTokenCount > 0 && u.totalTokenCount > 0, `usage ${JSON.stringify(u)}`);
}

function answered(r, text = "Hello") {
  equal([r.candidates[0].content.role, r.candidates[0].finishReason], ["model", "STOP"], "answer");
  ok(r.text.includes(text), `no ${text} in ${r.text}`);
  counted(r.usageMetadata);
}

async function read(stream) {
  const got = { text: "", chunks: 0, calls: [], parts: [] };
  for await (const c of await stream) {
    got.chunks++;
    got.last = c;
    got.parts.push(...(c.candidates?.[0]?.content?.parts ?? []));
  }
  got.text = got.parts.map((p) => p.text ?? "").join("");
  got.calls = got.parts.filter((p) => p.functionCall);
  return got;
}

// The typed error of f. This SDK keeps status and body, no headers.
async function raises(f, code, status) {
  const e = await thrown(f);
  ok(e instanceof ApiError, `error ${e}`);
  const { error } = JSON.parse(e.message);
  equal([e.status, error.code, error.status], [code, code, status], `error ${e}`);
  ok(error.message, "message");
  return e;
}

const tools = [{ functionDeclarations: ["weather", "local_time"].map((name) => ({ name, description: "Tells it.", parametersJsonSchema: city })) }];

// The second turn of two parallel calls.
async function finishTools(parts) {
  const calls = parts.map((p) => p.functionCall);
  equal(calls.map((c) => [c.name, c.args]), [["weather", { city: "sample" }], ["local_time", { city: "sample" }]], "calls");
  const results = calls.map(({ id, name }) => ({ functionResponse: { id, name, response: { result: "fine" } } }));
  const contents = [{ role: "user", parts: [{ text: "Paris?" }] }, { role: "model", parts }, { role: "user", parts: results }];
  answered(await ask({ contents, tools }), "");
}

await run(`@google/genai ${version}`, {
  async "chat"() {
    const r = await ask({ systemInstruction: "Be brief.", temperature: 0.3, maxOutputTokens: 200 });
    answered(r);
    servedBy(r.sdkHttpResponse.headers, "alpha");
    const turns = client.chats.create({ model: "chat" });
    answered(await turns.sendMessage({ message: "One" }), "One");
    answered(await turns.sendMessage({ message: "Grüße \u2028!" }), "Grüße \u2028!");
    answered(await ask({ contents: [createPartFromBase64("AAAA", "image/png"), "Hello"] }));
  },

  async "chat-gzip"() {
    answered(await ask({ fault: "gzip" }));
  },

  async "stream"() {
    const got = await read(asked({ fault: "tokens=60 gap=2ms" }));
    ok(got.chunks > 5 && got.text.split(" ").length > 50 && got.text.includes("Hello"), `stream of ${got.chunks}: ${got.text}`);
    equal(got.last.candidates[0].finishReason, "STOP", "finish reason");
    counted(got.last.usageMetadata);
    for (const fault of ["drip", "crlf"]) ok((await read(asked({ fault }))).text.includes("Hello"), fault);
  },

  async "stream-abandoned"() {
    for await (const _ of await asked({ fault: "tokens=500 gap=5ms" })) break;
    answered(await ask());
  },

  async "tools"() {
    const r = await ask({ fault: "calls=2", tools });
    await finishTools(r.candidates[0].content.parts.filter((p) => p.functionCall));
  },

  async "tools-streamed"() {
    await finishTools((await read(asked({ fault: "calls=2", tools }))).calls);
  },

  async "json-schema"() {
    const properties = { name: { type: "string" }, people: { type: "integer" }, twins: { type: "array", items: { type: "string" } } };
    const responseJsonSchema = { type: "object", properties, required: ["name", "people", "twins"] };
    equal(JSON.parse((await ask({ responseMimeType: "application/json", responseJsonSchema })).text), town, "answer");
  },

  async "models-list"() {
    const names = async (at) => (await Array.fromAsync(await at.models.list())).map((m) => m.name).sort();
    for (const at of [client, make(undefined, { apiVersion: "v1beta" })]) {
      equal(await names(at), ["models/chat", "models/down", "models/mixed", "models/solo"], "models");
    }
    equal(await names(limited), ["models/solo"], "models of a limited key");
  },

  async "models-retrieve"() {
    const m = await client.models.get({ model: "chat" });
    ok(m.name === "models/chat" && m.displayName, `model ${JSON.stringify(m)}`);
  },

  async "embeddings"() {
    const { embeddings } = await client.models.embedContent({ model: "chat", contents: ["one", "two"] });
    const [one, two] = embeddings.map((e) => e.values);
    ok(one.length > 1 && one.length === two.length && String(one) !== String(two), "vectors");
  },

  async "embeddings-refused"() {
    const e = await raises(() => client.models.embedContent({ model: "chat", contents: ["one"] }), 400, "INVALID_ARGUMENT");
    ok(e.message.includes("requests of this kind"), `error ${e}`);
  },

  async "fallback-500"() {
    const r = await ask({ fault: "backend=alpha status=500" });
    answered(r);
    servedBy(r.sdkHttpResponse.headers, "beta", "2");
  },

  async "versions"() {
    for (const apiVersion of ["v1", "v1beta"]) {
      const at = make(undefined, { apiVersion });
      answered(await ask({ at }));
      ok((await read(asked({ at }))).text.includes("Hello"), "stream");
      if (backend === "anthropic") continue;
      equal((await at.models.embedContent({ model: "chat", contents: ["one", "two"] })).embeddings.length, 2, "vectors");
    }
  },

  async "error-no-key"() {
    await raises(() => ask({ at: make("x", { headers: { "x-goog-api-key": "" } }) }), 401, "UNAUTHENTICATED");
  },

  async "error-wrong-key"() {
    const want = direct ? [400, "INVALID_ARGUMENT"] : [401, "UNAUTHENTICATED"];
    const e = await raises(() => ask({ at: make("AIza-not-one-of-ours") }), ...want);
    ok(!String(e).includes("not-one-of-ours"), "the key is in the error");
  },

  async "error-unknown-model"() {
    await raises(() => ask({ model: "chad" }), 404, "NOT_FOUND");
    await raises(() => read(asked({ model: "chad" })), 404, "NOT_FOUND");
  },

  async "error-rate-limited"() {
    for (const model of direct ? ["solo"] : ["solo", "chat"]) {
      await raises(() => ask({ model, fault: "status=429 retry-after=7" }), 429, "RESOURCE_EXHAUSTED");
    }
  },

  async "error-all-failed"() {
    await raises(() => ask({ model: "solo", fault: "status=500" }), 500, "INTERNAL");
    await raises(() => read(asked({ model: "solo", fault: "status=503" })), 503, "UNAVAILABLE");
  },

  async "error-in-stream"() {
    let chunks = 0;
    const e = await thrown(async () => {
      for await (const _ of await asked({ fault: "error-event=4" })) chunks++;
    });
    ok(chunks > 0 && /overloaded/i.test(e.message), `error ${e} after ${chunks} chunks`);
  },

  async "cut-stream"() {
    for (const fault of ["cut=1500", "reset=1500"]) await interrupted(() => read(asked({ fault: `${fault} gap=5ms tokens=60` })));
  },
});
