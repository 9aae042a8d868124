"""Checks of the gateway with the official OpenAI SDK for Python.

The client finds the gateway by OPENAI_BASE_URL and OPENAI_API_KEY and is not
changed in any way. A line of the last user message that starts with #fault
makes the simulated provider behind the gateway misbehave. Prints one line for
each check; ../main.go reads them.
"""

import asyncio
import os
import platform
import sys
import time

import openai
from openai import AsyncOpenAI, OpenAI, Omit
from pydantic import BaseModel

client = OpenAI(max_retries=0, timeout=20)
CHECKS = {}


def check(f):
    CHECKS[f.__name__.replace("_", "-")] = f
    return f


def user(fault="", text="Hello"):
    return [{"role": "user", "content": f"{text}\n#fault {fault}" if fault else text}]


def ask(model="chat", fault="", text="Hello", at=client, **more):
    return at.chat.completions.create(model=model, messages=user(fault, text), **more)


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: {got!r}, want {want!r}")


def answered(c, text="Hello"):
    """An answer of the simulated provider to the text, with its usage."""
    choice = c.choices[0]
    equal(choice.message.role, "assistant", "role")
    equal(choice.finish_reason, "stop", "finish_reason")
    equal(text in choice.message.content, True, f"{text} in {choice.message.content!r}")
    equal(c.object, "chat.completion", "object")
    u = c.usage
    equal(u.prompt_tokens > 0 and u.completion_tokens > 0, True, f"usage {u}")
    equal(u.total_tokens, u.prompt_tokens + u.completion_tokens, "total_tokens")


def raises(kind, f, status=None, code=None, typ=None):
    """The typed error of f, with all its parts."""
    try:
        f()
    except openai.APIStatusError as e:
        equal(type(e), kind, f"class of {e}")
        equal(e.status_code, status, "status")
        equal(e.code, code, "code")
        equal(e.type, typ, "type")
        equal(bool(e.message) and isinstance(e.body, dict), True, f"body {e.body!r}")
        equal(set(e.body), {"message", "type", "param", "code"}, "members of the error")
        equal(e.request_id, e.response.headers["x-signalbox-request-id"], "request id")
        return e
    raise AssertionError(f"no {kind.__name__}")


# Answers


@check
def chat():
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=user())
    equal(raw.headers["x-signalbox-provider"], "alpha", "provider")
    equal(raw.headers["x-signalbox-model"], "alpha-large", "model at the provider")
    answered(raw.parse())


@check
def chat_parts():
    parts = [{"type": "text", "text": "Grüße \u2028 \U0001f642"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    c = client.chat.completions.create(model="chat", messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}])
    answered(c, "Grüße \u2028 \U0001f642")


@check
def chat_large():
    c = ask(text="Hello " + "0123456789" * 100_000)
    answered(c)
    equal(c.usage.prompt_tokens > 200_000, True, f"usage {c.usage}")


@check
def chat_gzip():
    answered(ask(fault="gzip"))


# Streams


def read(stream):
    """Text, finish reason and usage chunks of a stream."""
    text, finish, usage, bare = "", None, [], 0
    for chunk in stream:
        equal(chunk.object, "chat.completion.chunk", "object")
        if chunk.usage:
            usage.append(chunk.usage)
        if not chunk.choices:
            bare += 1
            continue
        equal(bare, 0, "chunks without choices before the end")
        text += chunk.choices[0].delta.content or ""
        finish = chunk.choices[0].finish_reason or finish
    return text, finish, usage, bare


@check
def stream():
    text, finish, _, _ = read(ask(stream=True, fault="tokens=60 gap=2ms"))
    equal((finish, text.count(" ") > 50, "Hello" in text), ("stop", True, True), f"stream {text!r}")


@check
def stream_without_usage():
    for fault in ("", "drip", "crlf", "backend=alpha status=500"):
        _, finish, usage, bare = read(ask(stream=True, fault=fault))
        equal((finish, usage, bare), ("stop", [], 0), f"{fault}: end, usage and chunks without choices")


@check
def stream_with_usage():
    _, finish, usage, bare = read(ask(stream=True, stream_options={"include_usage": True}))
    equal((finish, len(usage), bare), ("stop", 1, 1), "end, usage and chunks without choices")
    equal(usage[0].total_tokens, usage[0].prompt_tokens + usage[0].completion_tokens, "total_tokens")


@check
def stream_helper():
    seen = ""
    with client.chat.completions.stream(model="chat", messages=user(), stream_options={"include_usage": True}) as s:
        for event in s:
            if event.type == "content.delta":
                seen += event.delta
        c = s.get_final_completion()
    answered(c)
    equal(seen, c.choices[0].message.content, "deltas")


@check
def stream_abandoned():
    with ask(stream=True, fault="tokens=500 gap=5ms") as s:
        next(iter(s))
    answered(ask())


# Tools and schemas

TOOLS = [
    {"type": "function", "function": {"name": name, "strict": True, "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}}
    for name in ("weather", "local_time")
]


def finish_tools(message):
    """The second turn of two parallel calls."""
    calls = message.tool_calls
    equal([c.function.name for c in calls], ["weather", "local_time"], "calls")
    equal([c.function.arguments for c in calls], ['{"city":"sample"}'] * 2, "arguments")
    equal(len({c.id for c in calls}), 2, "ids")
    results = [{"role": "tool", "tool_call_id": c.id, "content": "fine"} for c in calls]
    answered(client.chat.completions.create(model="chat", tools=TOOLS, messages=user(text="Paris?") + [message] + results), "Paris?")


@check
def tools():
    c = ask(tools=TOOLS, fault="calls=2", tool_choice="auto", parallel_tool_calls=True)
    equal(c.choices[0].finish_reason, "tool_calls", "finish_reason")
    finish_tools(c.choices[0].message)


@check
def tools_streamed():
    done = []
    with client.chat.completions.stream(model="chat", messages=user("calls=2"), tools=TOOLS) as s:
        for event in s:
            if event.type == "tool_calls.function.arguments.done":
                done.append((event.name, event.parsed_arguments))
        c = s.get_final_completion()
    equal(done, [("weather", {"city": "sample"}), ("local_time", {"city": "sample"})], "events")
    finish_tools(c.choices[0].message)


class Town(BaseModel):
    name: str
    people: int
    twins: list[str]


@check
def json_schema():
    c = client.chat.completions.parse(model="chat", messages=user(), response_format=Town)
    equal(c.choices[0].message.parsed, Town(name="sample", people=1, twins=["sample"]), "parsed")
    with client.chat.completions.stream(model="chat", messages=user(), response_format=Town) as s:
        equal(s.get_final_completion().choices[0].message.parsed, Town(name="sample", people=1, twins=["sample"]), "parsed from a stream")


# Models


@check
def models_list():
    equal(sorted(m.id for m in client.models.list()), ["chat", "down", "solo"], "models")
    limited = OpenAI(api_key=os.environ["LIMITED_KEY"])
    equal([m.id for m in limited.models.list()], ["solo"], "models of a limited key")


@check
def models_retrieve():
    m = client.models.retrieve("chat")
    equal((m.id, m.object, m.created > 0, bool(m.owned_by)), ("chat", "model", True, True), "model")


# Fallback


def from_beta(fault):
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=user("backend=alpha " + fault))
    equal((raw.headers["x-signalbox-provider"], raw.headers["x-signalbox-attempts"]), ("beta", "2"), "provider and attempts")
    answered(raw.parse())
    with client.chat.completions.with_streaming_response.create(model="chat", messages=user("backend=alpha " + fault), stream=True) as raw:
        equal(raw.headers["x-signalbox-provider"], "beta", "provider of a stream")
        text, finish, usage, _ = read(raw.parse())
    equal(("Hello" in text, finish, usage), (True, "stop", []), "stream")


@check
def fallback_500():
    from_beta("status=500")


@check
def fallback_reset():
    from_beta("reset")


@check
def fallback_slow():
    from_beta("stall-before=5s")


@check
def fallback_credential():
    from_beta("status=401")


# Errors


@check
def request_id():
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=user())
    equal(raw.parse()._request_id, raw.headers["x-signalbox-request-id"], "request id of an answer")
    equal(len(raw.request_id) > 30 and not raw.request_id.startswith("req_"), True, f"a request id of the gateway's own, not {raw.request_id!r}")
    e = raises(openai.NotFoundError, lambda: ask(model="chad"), 404, "model_not_found", "invalid_request_error")
    equal(e.request_id != raw.request_id, True, "another request id")


@check
def error_no_key():
    none = {"Authorization": Omit()}
    raises(openai.AuthenticationError, lambda: ask(extra_headers=none), 401, "missing_api_key", "authentication_error")
    raises(openai.AuthenticationError, lambda: client.models.list(extra_headers=none), 401, "missing_api_key", "authentication_error")


@check
def error_wrong_key():
    stranger = OpenAI(max_retries=0, api_key="sk-proj-not-one-of-ours")
    e = raises(openai.AuthenticationError, lambda: ask(at=stranger), 401, "invalid_api_key", "authentication_error")
    equal("not-one-of-ours" in str(e), False, "the key is in the error")


@check
def error_forbidden_model():
    limited = OpenAI(max_retries=0, api_key=os.environ["LIMITED_KEY"])
    answered(ask(at=limited, model="solo"))
    raises(openai.PermissionDeniedError, lambda: ask(at=limited), 403, "model_not_allowed", "permission_error")


@check
def error_unknown_model():
    e = raises(openai.NotFoundError, lambda: ask(model="chad"), 404, "model_not_found", "invalid_request_error")
    equal(("chat" in e.message, e.param), (True, "model"), f"a near name in {e.message!r}")


@check
def error_unknown_model_retrieved():
    raises(openai.NotFoundError, lambda: client.models.retrieve("chad"), 404, "model_not_found", "invalid_request_error")


@check
def error_unknown_path():
    raises(openai.NotFoundError, lambda: client.moderations.create(input="x"), 404, "unknown_path", "invalid_request_error")


@check
def error_bad_request():
    e = raises(openai.BadRequestError, lambda: client.chat.completions.create(model=7, messages=user()), 400, "invalid_field", "invalid_request_error")
    equal(e.param, "model", "param")


@check
def error_of_provider():
    e = raises(openai.BadRequestError, lambda: ask(fault="status=400 text=No_such_option."), 400, None, "invalid_request_error")
    equal("No such option." in e.message, True, f"the provider's words in {e.message!r}")
    raises(openai.UnprocessableEntityError, lambda: ask(fault="status=422"), 422, None, "invalid_request_error")


@check
def error_rate_limited():
    own = ("rate_limit_exceeded", "requests")  # a single provider's own words pass
    for model, (code, typ) in {"solo": own, "chat": ("all_backends_failed", "rate_limit_error")}.items():
        e = raises(openai.RateLimitError, lambda: ask(model=model, fault="status=429 retry-after=7"), 429, code, typ)
        equal(e.response.headers.get("retry-after"), "7", f"retry-after of {model}")
        equal("org-" in str(e), False, "the account is in the error")


@check
def error_all_failed():
    raises(openai.InternalServerError, lambda: ask(fault="status=500"), 500, "all_backends_failed", "server_error")
    raises(openai.InternalServerError, lambda: ask(model="solo", fault="status=500"), 500, None, "server_error")


@check
def error_html():
    e = raises(openai.InternalServerError, lambda: ask(fault="html"), 502, "all_backends_failed", "server_error")
    equal("<" in str(e), False, "HTML in the error")


@check
def error_unreachable():
    raises(openai.InternalServerError, lambda: ask(model="down"), 503, "provider_unreachable", "server_error")


@check
def error_gateway_timeout():
    raises(openai.InternalServerError, lambda: ask(fault="stall-before=10s"), 504, "provider_timeout", "server_error")


@check
def error_streamed():
    raises(openai.InternalServerError, lambda: ask(fault="status=500", stream=True), 500, "all_backends_failed", "server_error")
    raises(openai.NotFoundError, lambda: ask(model="chad", stream=True), 404, "model_not_found", "invalid_request_error")


@check
def error_in_stream():
    try:
        read(ask(fault="error-event=4", stream=True))
    except openai.APIError as e:
        equal("overloaded" in e.message, True, f"message {e.message!r}")
        return
    raise AssertionError("the stream ended without an error")


# Connections


@check
def cut_stream():
    for fault in ("cut=1500", "reset=1500"):
        got = 0
        try:
            for _ in ask(fault=fault + " gap=5ms", stream=True):
                got += 1
        except Exception as e:
            equal((got > 0, isinstance(e, AssertionError)), (True, False), f"chunks before {e!r}")
            continue
        raise AssertionError(f"{fault}: {got} chunks and a legal end")


@check
def cut_helper():
    try:
        with client.chat.completions.stream(model="chat", messages=user("cut=1500 gap=5ms")) as s:
            s.get_final_completion()
    except Exception:
        return
    raise AssertionError("a legal end")


@check
def client_timeout():
    hasty = OpenAI(max_retries=0, timeout=0.3)
    began = time.monotonic()
    try:
        ask(at=hasty, fault="stall-before=5s")
    except openai.APITimeoutError:
        equal(time.monotonic() - began < 2, True, "the client's own limit holds")
        answered(ask(at=hasty))
        return
    raise AssertionError("no APITimeoutError")


@check
def retry_after():
    patient = OpenAI(max_retries=1)
    began = time.monotonic()
    raises(openai.RateLimitError, lambda: ask(at=patient, fault="status=429 retry-after=2"), 429, "all_backends_failed", "rate_limit_error")
    took = time.monotonic() - began
    equal(1.9 < took < 6, True, f"one retry after two seconds, took {took:.1f}")


# Of this SDK alone


@check
def asyncio_client():
    async def go():
        async with AsyncOpenAI(max_retries=0) as c:
            answers = [c.chat.completions.create(model="chat", messages=user(text=f"Hello {i}")) for i in range(8)]
            for i, a in enumerate(await asyncio.gather(*answers)):
                answered(a, f"Hello {i}")
            s = await c.chat.completions.create(model="chat", messages=user(), stream=True)
            equal("Hello" in "".join([k.choices[0].delta.content or "" async for k in s]), True, "stream")

    asyncio.run(go())


def main():
    print("sdk", "openai", openai.__version__, "Python", platform.python_version())
    failed = 0
    for name, f in CHECKS.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        try:
            f()
        except Exception as e:
            failed += 1
            print("fail", name, " ".join(f"{type(e).__name__}: {e}".split())[:500], flush=True)
        else:
            print("ok", name, flush=True)
    return failed > 0


sys.exit(main())
