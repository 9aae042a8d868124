// Reads answers with the official OpenAI SDK for Node; see read.py. PACKAGES is
// the folder whose node_modules has the SDK.
import { createRequire } from "node:module";

const require = createRequire(process.env.PACKAGES + "/none.js");
const OpenAI = require("openai");
const client = new OpenAI({ baseURL: process.env.BASE + "/v1", apiKey: "none", maxRetries: 0, timeout: 20_000 });
const ask = { model: "m", messages: [{ role: "user", content: "hello" }] };

async function stream(options) {
  const s = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } }, options);
  return await s.finalChatCompletion();
}

function choice(c) {
  return {
    text: c.message.content ?? "",
    refusal: c.message.refusal ?? "",
    calls: (c.message.tool_calls ?? []).map((t) => ({ name: t.function.name, arguments: t.function.arguments })),
    finish: c.finish_reason ?? "",
  };
}

async function read({ n, stream: streamed }) {
  const options = { headers: { "x-answer": String(n) } };
  try {
    const c = streamed ? await stream(options) : await client.chat.completions.create(ask, options);
    return { n, choices: c.choices.map(choice), usage: c.usage ?? null };
  } catch (e) {
    return e instanceof OpenAI.APIError ? { n, failed: true } : { n, thrown: e.constructor.name };
  }
}

console.log(JSON.stringify({ version: OpenAI.VERSION ?? require("openai/version").VERSION }));
for (const answer of await client.get("/answers")) console.log(JSON.stringify(await read(answer)));
