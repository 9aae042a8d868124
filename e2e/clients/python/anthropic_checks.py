"""The official Anthropic SDK on the Messages API."""

import os

import anthropic
from anthropic import Anthropic

import harness
from harness import DIRECT, check, equal, interrupted, prompt, served_by, true

client = Anthropic(max_retries=0, timeout=20)
limited = Anthropic(max_retries=0, timeout=20, api_key=os.environ.get("LIMITED_KEY"))
KEY = os.environ.get("ANTHROPIC_API_KEY")
OLD, NEW = "2023-06-01", "2026-10-21"


def user(fault="", text="Hello"):
    return [{"role": "user", "content": prompt(fault, text)}]


def ask(model="chat", fault="", text="Hello", at=client, **more):
    return at.messages.create(model=model, max_tokens=1000, messages=user(fault, text), **more)


def raw(fault="", **more):
    return client.messages.with_raw_response.create(model="chat", max_tokens=1000, messages=user(fault), **more)


def text_of(m):
    return "".join(b.text for b in m.content if b.type == "text")


def answered(m, text="Hello", stop="end_turn"):
    equal((m.type, m.role, m.stop_reason), ("message", "assistant", stop), "answer")
    true(text in text_of(m), f"{text} in {m.content!r}")
    true(m.id and m.usage.input_tokens > 0 and m.usage.output_tokens > 0, f"usage {m.usage}")


def raises(kind, f, status, typ):
    """The typed error of f, with all its parts."""
    try:
        f()
    except anthropic.APIStatusError as e:
        equal(type(e), kind, f"class of {e}")
        equal((e.status_code, e.body["type"], e.body["error"]["type"]), (status, "error", typ), f"error {e.body}")
        true(e.body["error"]["message"], "message")
        true(e.request_id and e.body.get("request_id"), f"request id {e.request_id} of {e.body}")
        equal(e.request_id, e.response.headers.get("x-signalbox-request-id", e.request_id), "request id of the gateway")
        return e
    raise AssertionError(f"no {kind.__name__}")


def read(stream):
    text, types = "", []
    for e in stream:
        types.append(e.type)
        if e.type == "content_block_delta" and e.delta.type == "text_delta":
            text += e.delta.text
    return text, types


@check
def chat():
    r = raw()
    served_by(r.headers, "alpha")
    answered(r.parse())
    m = client.messages.create(model="chat", max_tokens=1000, system="Be brief.", stop_sequences=["##"], messages=[
        {"role": "user", "content": [{"type": "text", "text": "One", "cache_control": {"type": "ephemeral"}}]},
        {"role": "assistant", "content": "Two"},
        {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}, {"type": "text", "text": "Grüße \u2028!"}]},
    ])
    answered(m, "Grüße \u2028!")
    answered(client.beta.messages.create(model="chat", max_tokens=1000, messages=user(), betas=["context-management-2025-06-27"]))


@check
def chat_gzip():
    answered(ask(fault="gzip"))


@check
def stream():
    text, types = read(ask(stream=True, fault="tokens=60 gap=2ms"))
    equal((types[0], types[-1]), ("message_start", "message_stop"), "first and last event")
    true(text.count(" ") > 50 and "Hello" in text, f"stream {text!r}")


@check
def stream_helper():
    for fault in ("", "drip", "crlf"):
        with client.messages.stream(model="chat", max_tokens=1000, messages=user(fault)) as s:
            seen = "".join(s.text_stream)
            m = s.get_final_message()
        answered(m)
        equal(seen, text_of(m), "deltas")


@check
def stream_abandoned():
    with ask(stream=True, fault="tokens=500 gap=5ms") as s:
        next(iter(s))
    answered(ask())


TOOLS = [
    {"name": name, "description": "Tells it.", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
    for name in ("weather", "local_time")
]


def finish_tools(m):
    """The second turn of two parallel calls."""
    calls = [b for b in m.content if b.type == "tool_use"]
    equal(m.stop_reason, "tool_use", "stop_reason")
    equal([(c.name, c.input) for c in calls], [("weather", {"city": "sample"}), ("local_time", {"city": "sample"})], "calls")
    equal(len({c.id for c in calls}), 2, "ids")
    results = [{"type": "tool_result", "tool_use_id": c.id, "content": "fine"} for c in calls]
    turns = [*user(text="Paris?"), {"role": "assistant", "content": m.content}, {"role": "user", "content": results}]
    answered(client.messages.create(model="chat", max_tokens=1000, tools=TOOLS, messages=turns), "")


@check
def tools():
    finish_tools(ask(fault="calls=2", tools=TOOLS, tool_choice={"type": "auto"}))
    m = ask(tools=TOOLS, tool_choice={"type": "tool", "name": "local_time"})
    equal([b.name for b in m.content if b.type == "tool_use"], ["local_time"], "forced call")


@check
def tools_streamed():
    pieces = 0
    with client.messages.stream(model="chat", max_tokens=1000, tools=TOOLS, messages=user("calls=2")) as s:
        for e in s:
            pieces += e.type == "input_json"
        m = s.get_final_message()
    true(pieces > 1, "pieces of arguments")
    finish_tools(m)


@check
def json_schema():
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}
    m = ask(output_config={"format": {"type": "json_schema", "schema": schema}})
    true('"name"' in text_of(m) and "sample" in text_of(m), f"answer {m.content}")


@check
def models_list():
    equal(sorted(m.id for m in client.models.list()), ["chat", "down", "mixed", "solo"], "models")
    equal([m.id for m in limited.models.list(limit=1000)], ["solo"], "models of a limited key")


@check
def models_retrieve():
    m = client.models.retrieve("chat")
    equal((m.id, m.type, m.created_at.year > 1999, bool(m.display_name)), ("chat", "model", True, True), "model")


@check
def fallback_500():
    r = raw("backend=alpha status=500")
    served_by(r.headers, "beta", attempts="2")
    answered(r.parse())


# Access


@check
def credentials():
    answered(ask(at=Anthropic(max_retries=0, api_key=KEY)))
    answered(ask(at=Anthropic(max_retries=0, api_key=None, auth_token=KEY)))
    if not DIRECT:
        answered(ask(extra_headers={"x-api-key": KEY}))
        raises(anthropic.AuthenticationError, lambda: ask(extra_headers={"x-api-key": "another"}), 401, "authentication_error")


@check
def versions():
    for v in (OLD, NEW):
        answered(ask(extra_headers={"anthropic-version": v}))
        true("Hello" in read(ask(stream=True, extra_headers={"anthropic-version": v}))[0], "stream")


@check
def error_no_key():
    none = {"Authorization": anthropic.Omit(), "x-api-key": anthropic.Omit()}
    raises(anthropic.AuthenticationError, lambda: ask(extra_headers=none), 401, "authentication_error")


@check
def error_wrong_key():
    e = raises(anthropic.AuthenticationError, lambda: ask(at=Anthropic(max_retries=0, api_key="sk-ant-not-one-of-ours")), 401, "authentication_error")
    true("not-one-of-ours" not in str(e), "the key is in the error")


# Errors


@check
def error_unknown_model():
    raises(anthropic.NotFoundError, lambda: ask("chad"), 404, "not_found_error")


@check
def error_rate_limited():
    for model in ("solo",) if DIRECT else ("solo", "chat"):
        e = raises(anthropic.RateLimitError, lambda: ask(model, "status=429 retry-after=7"), 429, "rate_limit_error")
        equal(e.response.headers.get("retry-after"), "7", "retry-after")
        true(DIRECT or "0f1e2d3c" not in str(e), f"the account is in {e}")


@check
def error_all_failed():
    for stream in (False, True):
        raises(anthropic.InternalServerError, lambda: ask("solo", "status=500", stream=stream), 500, "api_error")
    raises(anthropic.OverloadedError, lambda: ask("solo", "status=529"), 529, "overloaded_error")


@check
def error_in_stream():
    e = interrupted(lambda: read(ask(fault="error-event=4", stream=True)), anthropic.APIError)
    true("overloaded" in str(e).lower(), f"message {e}")


@check
def cut_stream():
    for fault in ("cut=1500", "reset=1500"):
        interrupted(lambda: read(ask(fault=fault + " gap=5ms", stream=True)))


harness.run(f"anthropic {anthropic.__version__}")
