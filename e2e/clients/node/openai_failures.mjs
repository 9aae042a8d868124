// Checks in which a caller has to be told.

import OpenAI from "openai";
import { direct, equal, interrupted, ok, seconds, thrown } from "./harness.mjs";
import { answered, ask, client, limited, own, raises, read, user } from "./openai_ask.mjs";

export const failures = {
  async "error-no-key"() {
    const options = { headers: { Authorization: null } };
    await raises(OpenAI.AuthenticationError, () => ask({ options }), 401, "missing_api_key", "authentication_error");
    await raises(OpenAI.AuthenticationError, () => client.models.list(options), 401, "missing_api_key", "authentication_error");
  },

  async "error-wrong-key"() {
    const at = new OpenAI({ maxRetries: 0, apiKey: "sk-proj-not-one-of-ours" });
    const e = await raises(OpenAI.AuthenticationError, () => ask({ at }), 401, "invalid_api_key", direct ? undefined : "authentication_error");
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
    const words = own(null, "invalid_request_error");
    const e = await raises(OpenAI.BadRequestError, () => ask({ fault: "status=400 text=No_such_option." }), 400, ...words);
    ok(e.message.includes("No such option."), `not the provider's words: ${e.message}`);
    await raises(OpenAI.UnprocessableEntityError, () => ask({ fault: "status=422" }), 422, ...words);
  },

  async "error-rate-limited"() {
    const cases = [["solo", ...own("rate_limit_exceeded", "requests")], ["chat", "all_backends_failed", "rate_limit_error"]];
    for (const [model, code, type] of direct ? cases.slice(0, 1) : cases) {
      const e = await raises(OpenAI.RateLimitError, () => ask({ model, fault: "status=429 retry-after=7" }), 429, code, type);
      equal(e.headers.get("retry-after"), "7", `retry-after of ${model}`);
      ok(direct || !e.message.includes("org-"), "the account is in the error");
    }
  },

  async "error-all-failed"() {
    await raises(OpenAI.InternalServerError, () => ask({ model: "solo", fault: "status=500" }), 500, ...own(null, "server_error"));
    if (direct) return;
    await raises(OpenAI.InternalServerError, () => ask({ fault: "status=500" }), 500, "all_backends_failed", "server_error");
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
    const e = await interrupted(async () => read(await ask({ fault: "error-event=4", stream: true })));
    ok(e instanceof OpenAI.APIError && /overloaded/i.test(e.message), `error ${e}`);
  },

  async "cut-stream"() {
    for (const fault of ["cut=1500", "reset=1500"]) {
      let chunks = 0;
      const e = await interrupted(async () => {
        for await (const _ of await ask({ fault: `${fault} gap=5ms`, stream: true })) chunks++;
      });
      ok(chunks > 0, `${fault}: ${e} after ${chunks} chunks`);
    }
  },

  async "cut-helper"() {
    await interrupted(() => client.chat.completions.stream({ model: "chat", messages: user("cut=1500 gap=5ms") }).finalChatCompletion());
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
