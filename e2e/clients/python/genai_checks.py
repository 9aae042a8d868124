"""Google's own SDK on generateContent, embeddings and models."""

import os

from google import genai
from google.genai import errors, types
from pydantic import BaseModel

import harness
from harness import BACKEND, DIRECT, check, equal, interrupted, prompt, served_by, true


def new(key=None, **more):
    return genai.Client(api_key=key or os.environ.get("GEMINI_API_KEY"), http_options=types.HttpOptions(timeout=20_000, **more))


client = new()
limited = new(os.environ.get("LIMITED_KEY"))


def ask(model="chat", fault="", text="Hello", at=client, **config):
    return at.models.generate_content(model=model, contents=prompt(fault, text), config=types.GenerateContentConfig(**config))


def asked(model="chat", fault="", text="Hello", at=client, **config):
    """The same, as a stream."""
    return at.models.generate_content_stream(model=model, contents=prompt(fault, text), config=types.GenerateContentConfig(**config))


def answered(r, text="Hello"):
    c = r.candidates[0]
    equal((c.content.role, c.finish_reason.name), ("model", "STOP"), "answer")
    true(text in r.text, f"{text} in {r.text!r}")
    usage(r)


def usage(r):
    u = r.usage_metadata
    true(u.prompt_token_count > 0 and u.candidates_token_count > 0 and u.total_token_count > 0, f"usage {u}")


def read(stream):
    text, n, last = "", 0, None
    for last in stream:
        n += 1
        text += last.text or ""
    return text, n, last


def raises(kind, f, code, status):
    """The typed error of f, with all its parts."""
    try:
        f()
    except errors.APIError as e:
        equal((type(e), e.code, e.status), (kind, code, status), f"error {e}")
        equal(e.details["error"]["code"], code, "code in the body")
        true(e.message, "message")
        return e
    raise AssertionError(f"no {kind.__name__}")


@check
def chat():
    r = ask(system_instruction="Be brief.", temperature=0.3, max_output_tokens=200)
    answered(r)
    served_by(r.sdk_http_response.headers, "alpha")
    turns = client.chats.create(model="chat")
    answered(turns.send_message("One"), "One")
    answered(turns.send_message("Grüße \u2028!"), "Grüße \u2028!")
    image = types.Part.from_bytes(data=b"\0\0\0", mime_type="image/png")
    answered(client.models.generate_content(model="chat", contents=[image, "Hello"]))


@check
def chat_gzip():
    answered(ask(fault="gzip"))


@check
def stream():
    text, n, last = read(asked(fault="tokens=60 gap=2ms"))
    true(n > 5 and text.count(" ") > 50 and "Hello" in text, f"stream of {n}: {text!r}")
    equal(last.candidates[0].finish_reason.name, "STOP", "finish reason")
    usage(last)
    for fault in ("drip", "crlf"):
        true("Hello" in read(asked(fault=fault))[0], fault)


@check
def stream_abandoned():
    next(iter(asked(fault="tokens=500 gap=5ms")))
    answered(ask())


def declared(name):
    return types.FunctionDeclaration(name=name, description="Tells it.", parameters_json_schema={
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})


TOOLS = [types.Tool(function_declarations=[declared("weather"), declared("local_time")])]


def finish_tools(content, calls):
    """The second turn of two parallel calls."""
    equal([(c.name, c.args) for c in calls], [("weather", {"city": "sample"}), ("local_time", {"city": "sample"})], "calls")
    results = types.Content(role="user", parts=[types.Part.from_function_response(name=c.name, response={"result": "fine"}) for c in calls])
    question = types.Content(role="user", parts=[types.Part(text="Paris?")])
    r = client.models.generate_content(model="chat", contents=[question, content, results], config=types.GenerateContentConfig(tools=TOOLS))
    answered(r, "")


@check
def tools():
    r = ask(fault="calls=2", tools=TOOLS)
    finish_tools(r.candidates[0].content, r.function_calls)


@check
def tools_streamed():
    parts = []
    for chunk in asked(fault="calls=2", tools=TOOLS):
        parts += chunk.candidates[0].content.parts or [] if chunk.candidates and chunk.candidates[0].content else []
    calls = [p.function_call for p in parts if p.function_call]
    finish_tools(types.Content(role="model", parts=[p for p in parts if p.function_call]), calls)


@check
def tools_run():
    asked_for = []

    def weather(city: str) -> str:
        """The weather in a city."""
        asked_for.append(city)
        return "fine"

    answered(ask(tools=[weather]))
    equal(asked_for, ["sample"], "calls")


class Town(BaseModel):
    name: str
    people: int
    twins: list[str]


@check
def json_schema():
    r = ask(response_mime_type="application/json", response_schema=Town)
    equal(r.parsed, Town(name="sample", people=1, twins=["sample"]), "parsed")
    r = ask(response_mime_type="application/json", response_json_schema=Town.model_json_schema())
    equal(r.parsed, Town(name="sample", people=1, twins=["sample"]).model_dump(), "parsed")


@check
def models_list():
    for at in (client, new(api_version="v1beta")):
        equal(sorted(m.name for m in at.models.list()), ["models/chat", "models/down", "models/mixed", "models/solo"], "models")
    equal([m.name for m in limited.models.list()], ["models/solo"], "models of a limited key")


@check
def models_retrieve():
    m = client.models.get(model="chat")
    true(m.name == "models/chat" and m.display_name, f"model {m}")


@check
def embeddings():
    e = client.models.embed_content(model="chat", contents=["one", "two"])
    one, two = (v.values for v in e.embeddings)
    true(len(one) == len(two) > 1 and one != two and isinstance(one[0], float), "vectors")
    true(len(client.models.embed_content(model="chat", contents="one").embeddings) == 1, "one vector")


@check
def embeddings_refused():
    e = raises(errors.ClientError, lambda: client.models.embed_content(model="chat", contents="one"), 400, "INVALID_ARGUMENT")
    true("requests of this kind" in e.message, f"message {e.message!r}")


@check
def fallback_500():
    r = ask(fault="backend=alpha status=500")
    answered(r)
    served_by(r.sdk_http_response.headers, "beta", attempts="2")


# Access


@check
def versions():
    for v in ("v1", "v1beta"):
        at = new(api_version=v)
        answered(ask(at=at))
        true("Hello" in read(asked(at=at))[0], "stream")
        if BACKEND != "anthropic":
            equal(len(at.models.embed_content(model="chat", contents=["one", "two"]).embeddings), 2, "vectors")


@check
def error_no_key():
    at = new("x", headers={"x-goog-api-key": ""})
    raises(errors.ClientError, lambda: ask(at=at), 401, "UNAUTHENTICATED")


@check
def error_wrong_key():
    want = (400, "INVALID_ARGUMENT") if DIRECT else (401, "UNAUTHENTICATED")
    e = raises(errors.ClientError, lambda: ask(at=new("AIza-not-one-of-ours")), *want)
    true("not-one-of-ours" not in str(e), "the key is in the error")


# Errors


@check
def error_unknown_model():
    raises(errors.ClientError, lambda: ask("chad"), 404, "NOT_FOUND")
    raises(errors.ClientError, lambda: read(asked("chad")), 404, "NOT_FOUND")


@check
def error_rate_limited():
    for model in ("solo",) if DIRECT else ("solo", "chat"):
        e = raises(errors.ClientError, lambda: ask(model, "status=429 retry-after=7"), 429, "RESOURCE_EXHAUSTED")
        equal(e.response.headers.get("retry-after"), "7", "retry-after")


@check
def error_all_failed():
    raises(errors.ServerError, lambda: ask("solo", "status=500"), 500, "INTERNAL")
    raises(errors.ServerError, lambda: read(asked("solo", "status=503")), 503, "UNAVAILABLE")


@check
def error_in_stream():
    e = interrupted(lambda: read(asked(fault="error-event=4")), errors.APIError)
    true("overloaded" in str(e).lower(), f"message {e}")


@check
def cut_stream():
    for fault in ("cut=1500", "reset=1500"):
        interrupted(lambda: read(asked(fault=fault + " gap=5ms tokens=60")))


harness.run(f"google-genai {genai.__version__}")
