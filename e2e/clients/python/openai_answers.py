"""Checks in which everything goes well, in the end."""

import asyncio
import json

import openai
from openai import AsyncOpenAI
from pydantic import BaseModel

from harness import BACKEND, DIRECT, check, equal, served_by, true
from openai_ask import answered, ask, client, limited, raises, raw, read, user


@check
def chat():
    r = raw()
    served_by(r.headers, "alpha")
    answered(r.parse())


@check
def chat_parts():
    parts = [{"type": "text", "text": "Grüße \u2028 \U0001f642"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    c = client.chat.completions.create(model="chat", messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}])
    answered(c, "Grüße \u2028 \U0001f642")


@check
def chat_large():
    c = ask(text="Hello " + "0123456789" * 100_000)
    answered(c)
    true(c.usage.prompt_tokens > 200_000, f"usage {c.usage}")


@check
def chat_gzip():
    answered(ask(fault="gzip"))


@check
def chat_options():
    turns = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "One"},
        {"role": "user", "content": "Two"},
        {"role": "assistant", "content": "Three"},
        *user(),
    ]
    answered(client.chat.completions.create(
        model="chat", messages=turns, temperature=0.3, top_p=0.9, stop=["##"], max_completion_tokens=200, user="u-1", reasoning_effort="low"))


@check
def chat_length():
    answered(ask(max_completion_tokens=3), "This is", "length")
    _, finish, _, _ = read(ask(max_completion_tokens=3, stream=True))
    equal(finish, "length", "finish_reason of a stream")


@check
def request_id():
    r = raw()
    equal(r.parse()._request_id, r.headers["x-signalbox-request-id"], "request id of an answer")
    true(len(r.request_id) > 30 and not r.request_id.startswith("req_"), f"a request id of the gateway's own, not {r.request_id!r}")
    e = raises(openai.NotFoundError, lambda: ask(model="chad"), 404, "model_not_found", "invalid_request_error")
    true(e.request_id != r.request_id, "another request id")


@check
def lost_fields():
    r = raw(logit_bias={"50256": -100})
    equal(r.headers.get("x-signalbox-lost-fields"), "logit_bias", "lost fields")
    answered(r.parse())
    strict = {"signalbox-strict": "true"}
    true("x-signalbox-lost-fields" not in raw(extra_headers=strict).headers, "nothing lost")
    e = raises(openai.BadRequestError, lambda: ask(logit_bias={"50256": -100}, extra_headers=strict), 400, "fields_lost", "invalid_request_error")
    true("logit_bias" in e.message, f"the field in {e.message!r}")


# Streams


@check
def stream():
    text, finish, _, _ = read(ask(stream=True, fault="tokens=60 gap=2ms"))
    equal((finish, text.count(" ") > 50, "Hello" in text), ("stop", True, True), f"stream {text!r}")


@check
def stream_without_usage():
    for fault in ("", "drip", "crlf") + (() if DIRECT else ("backend=alpha status=500",)):
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
    {"type": "function", "function": {"name": name, "description": "Tells it.", "strict": True, "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}}
    for name in ("weather", "local_time")
]


def finish_tools(message):
    """The second turn of two parallel calls."""
    calls = message.tool_calls
    equal([c.function.name for c in calls], ["weather", "local_time"], "calls")
    equal([json.loads(c.function.arguments) for c in calls], [{"city": "sample"}] * 2, "arguments")
    equal(len({c.id for c in calls}), 2, "ids")
    results = [{"role": "tool", "tool_call_id": c.id, "content": "fine"} for c in calls]
    answered(client.chat.completions.create(model="chat", tools=TOOLS, messages=user(text="Paris?") + [message] + results), "Paris?")


@check
def tools():
    c = ask(tools=TOOLS, fault="calls=2", tool_choice="auto", parallel_tool_calls=True)
    equal(c.choices[0].finish_reason, "tool_calls", "finish_reason")
    finish_tools(c.choices[0].message)
    for choice in ("required", {"type": "function", "function": {"name": "local_time"}}):
        c = ask(tools=TOOLS, tool_choice=choice)
        equal(c.choices[0].message.tool_calls[0].type, "function", f"call for {choice}")


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


# Models and embeddings


@check
def models_list():
    equal(sorted(m.id for m in client.models.list()), ["chat", "down", "mixed", "solo"], "models")
    equal([m.id for m in limited.models.list()], ["solo"], "models of a limited key")


@check
def models_retrieve():
    m = client.models.retrieve("chat")
    equal((m.id, m.object, m.created > 0, bool(m.owned_by)), ("chat", "model", True, True), "model")


@check
def embeddings():
    for more in ({}, {"encoding_format": "float"}, {"dimensions": 8}):
        e = client.embeddings.create(model="chat", input=["one", "two"], **more)
        equal((e.object, [d.index for d in e.data]), ("list", [0, 1]), "embeddings")
        true(all(isinstance(x, float) for d in e.data for x in d.embedding), "numbers")
        equal(len({tuple(d.embedding) for d in e.data}), 2, "vectors")
        if BACKEND == "openai":
            true(e.usage.prompt_tokens > 0, f"usage {e.usage}")
    true(len(client.embeddings.create(model="chat", input="one").data[0].embedding) > 1, "a vector")


@check
def embeddings_refused():
    raises(openai.BadRequestError, lambda: client.embeddings.create(model="chat", input="one"), 400, "not_translatable", "invalid_request_error")


# Fallback


def falls_back(to, fault, model="chat"):
    r = raw(model, "backend=alpha " + fault)
    served_by(r.headers, to, attempts="2")
    answered(r.parse())
    with client.chat.completions.with_streaming_response.create(model=model, messages=user("backend=alpha " + fault), stream=True) as r:
        served_by(r.headers, to)
        text, finish, usage, _ = read(r.parse())
    equal(("Hello" in text, finish, usage), (True, "stop", []), "stream")


@check
def fallback_500():
    falls_back("beta", "status=500")


@check
def fallback_reset():
    falls_back("beta", "reset")


@check
def fallback_slow():
    falls_back("beta", "stall-before=5s")


@check
def fallback_credential():
    falls_back("beta", "status=401")


@check
def fallback_dialect():
    falls_back("gamma", "status=500", "mixed")
    falls_back("gamma", "status=429 retry-after=3", "mixed")


# Of this SDK alone


@check
def asyncio_client():
    async def go():
        async with AsyncOpenAI(max_retries=0) as c:
            answers = [c.chat.completions.create(model="chat", messages=user(text=f"Hello {i}")) for i in range(8)]
            for i, a in enumerate(await asyncio.gather(*answers)):
                answered(a, f"Hello {i}")
            s = await c.chat.completions.create(model="chat", messages=user(), stream=True)
            true("Hello" in "".join([k.choices[0].delta.content or "" async for k in s]), "stream")

    asyncio.run(go())
