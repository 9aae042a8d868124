// Requests by the official OpenAI SDK for Node, and what is expected of every
// answer and error.

import OpenAI from "openai";
import { backend, equal, ok, prompt, thrown } from "./harness.mjs";

export const client = new OpenAI({ maxRetries: 0, timeout: 20_000 });
export const limited = new OpenAI({ maxRetries: 0, apiKey: process.env.LIMITED_KEY });

export const user = (fault, text) => [{ role: "user", content: prompt(fault, text) }];

export function ask({ model = "chat", fault, text, at = client, options, ...more } = {}) {
  return at.chat.completions.create({ model, messages: user(fault, text), ...more }, options);
}

// An answer of the simulated provider to the text, with its usage.
export function answered(c, text = "Hello", finish = "stop") {
  const [choice] = c.choices;
  equal([c.object, choice.message.role, choice.finish_reason], ["chat.completion", "assistant", finish], "answer");
  ok(choice.message.content.includes(text), `no ${text} in ${choice.message.content}`);
  const u = c.usage;
  ok(u.prompt_tokens > 0 && u.completion_tokens > 0, `usage ${JSON.stringify(u)}`);
  equal(u.total_tokens, u.prompt_tokens + u.completion_tokens, "total_tokens");
}

// Code and type of a provider's own error: OpenAI's pass as they are.
export const own = (code, type) => (backend === "openai" ? [code, type] : [undefined, undefined]);

// The typed error of f, with all its parts; undefined for a code or type is any.
export async function raises(kind, f, status, code, type) {
  const e = await thrown(f);
  equal(e.constructor.name, kind.name, `class of ${e}`);
  equal(e.status, status, "status");
  if (code !== undefined) equal(e.code, code, "code");
  if (type !== undefined) equal(e.type, type, "type");
  equal(Object.keys(e.error).sort(), ["code", "message", "param", "type"], "members of the error");
  equal(e.requestID, e.headers.get("x-signalbox-request-id") ?? e.requestID, "request id");
  ok(e.error.message, `no message in ${e}`);
  return e;
}

// Text, finish reason and usage chunks of a stream.
export async function read(stream) {
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
