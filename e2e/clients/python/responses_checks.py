"""The official OpenAI SDK on the Responses API."""

import json

import openai
from openai import OpenAI
from pydantic import BaseModel

import harness
from harness import DIRECT, check, equal, interrupted, prompt, served_by, thrown, true

client = OpenAI(max_retries=0, timeout=20)


def ask(model="chat", fault="", text="Hello", at=client, **more):
    return at.responses.create(model=model, input=prompt(fault, text), **more)


def answered(r, text="Hello"):
    equal((r.object, r.status, r.error), ("response", "completed", None), "answer")
    true(text in r.output_text, f"{text} in {r.output_text!r}")
    true(r.usage.input_tokens > 0 and r.usage.output_tokens > 0, f"usage {r.usage}")
    equal(r.usage.total_tokens, r.usage.input_tokens + r.usage.output_tokens, "total_tokens")


def read(stream):
    """Text and types of the events of a stream, and the answer at its end."""
    text, types, last = "", [], None
    for e in stream:
        types.append(e.type)
        if e.type == "response.output_text.delta":
            text += e.delta
        if e.type == "response.completed":
            last = e.response
    return text, types, last


@check
def chat():
    r = client.responses.with_raw_response.create(model="chat", instructions="Be brief.", input=prompt())
    served_by(r.headers, "alpha")
    answered(r.parse())


@check
def chat_gzip():
    answered(ask(fault="gzip"))


@check
def stream():
    text, types, last = read(ask(stream=True, fault="tokens=60 gap=2ms"))
    equal((types[0], types[-1]), ("response.created", "response.completed"), "first and last event")
    equal((text, text.count(" ") > 50), (last.output_text, True), "deltas")
    answered(last)


@check
def stream_helper():
    seen = ""
    with client.responses.stream(model="chat", input=prompt()) as s:
        for e in s:
            if e.type == "response.output_text.delta":
                seen += e.delta
        last = s.get_final_response()
    answered(last)
    equal(seen, last.output_text, "deltas")


@check
def stream_abandoned():
    with ask(stream=True, fault="tokens=500 gap=5ms") as s:
        next(iter(s))
    answered(ask())


TOOLS = [
    {"type": "function", "name": name, "strict": True, "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}
    for name in ("weather", "local_time")
]


def finish_tools(r):
    """The second turn of two parallel calls."""
    calls = [o for o in r.output if o.type == "function_call"]
    equal([(c.name, json.loads(c.arguments)) for c in calls], [("weather", {"city": "sample"}), ("local_time", {"city": "sample"})], "calls")
    equal(len({c.call_id for c in calls}), 2, "ids")
    turns = [{"role": "user", "content": "Paris?"}, *r.output]
    turns += [{"type": "function_call_output", "call_id": c.call_id, "output": "fine"} for c in calls]
    answered(client.responses.create(model="chat", tools=TOOLS, input=turns), "Paris?")


@check
def tools():
    finish_tools(ask(fault="calls=2", tools=TOOLS))


@check
def tools_streamed():
    with client.responses.stream(model="chat", input=prompt("calls=2"), tools=TOOLS) as s:
        done = [json.loads(e.arguments) for e in s if e.type == "response.function_call_arguments.done"]
        last = s.get_final_response()
    equal(done, [{"city": "sample"}] * 2, "arguments")
    finish_tools(last)


class Town(BaseModel):
    name: str
    people: int
    twins: list[str]


@check
def json_schema():
    r = client.responses.parse(model="chat", input=prompt(), text_format=Town)
    equal(r.output_parsed, Town(name="sample", people=1, twins=["sample"]), "parsed")


@check
def fallback_500():
    r = client.responses.with_raw_response.create(model="chat", input=prompt("backend=alpha status=500"))
    served_by(r.headers, "beta", attempts="2")
    answered(r.parse())


def raises(kind, f, status, code):
    e = thrown(kind, f)
    equal((e.status_code, e.code), (status, code), "error")
    equal(set(e.body), {"message", "type", "param", "code"}, "members of the error")
    true(e.request_id, "request id")
    return e


@check
def error_wrong_key():
    raises(openai.AuthenticationError, lambda: ask(at=OpenAI(max_retries=0, api_key="sk-proj-not-one-of-ours")), 401, "invalid_api_key")


@check
def error_unknown_model():
    raises(openai.NotFoundError, lambda: ask("chad"), 404, "model_not_found")


@check
def error_rate_limited():
    e = raises(openai.RateLimitError, lambda: ask("solo", "status=429 retry-after=7"), 429, "rate_limit_exceeded")
    equal(e.response.headers.get("retry-after"), "7", "retry-after")
    true(DIRECT or "org-" not in str(e), "the account is in the error")


@check
def error_all_failed():
    for stream in (False, True):
        raises(openai.InternalServerError, lambda: ask("solo", "status=500", stream=stream), 500, None)


@check
def error_in_stream():
    # Read as events, this SDK says nothing of an error event: an application
    # has to look. Its helper throws.
    text, types, last = "", [], None
    try:
        text, types, last = read(ask(fault="error-event=8", stream=True))
    except Exception as e:
        true(isinstance(e, openai.OpenAIError) or "Error" in type(e).__name__, f"{e!r}")
    else:
        true(last is None and "error" in " ".join(types) or "response.failed" in types, f"events {types}")

    def helped():
        with client.responses.stream(model="chat", input=prompt("error-event=8")) as s:
            s.get_final_response()

    interrupted(helped)


@check
def cut_stream():
    for fault in ("cut=6000", "reset=6000"):
        interrupted(lambda: read(ask(fault=fault + " gap=5ms tokens=60", stream=True)))


harness.run(f"openai {openai.__version__}")
