"""LangChain on OpenAI's chat completions and embeddings."""

from importlib.metadata import version

import openai
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_core.tools import tool
from pydantic import BaseModel

import harness
from harness import ANY, BACKEND, breaks, check, equal, interrupted, prompt, served_by, true


def model(name="chat", **more):
    return ChatOpenAI(model=name, max_retries=0, timeout=20, **more)


def user(fault="", text="Hello"):
    return [HumanMessage(prompt(fault, text))]


def answered(m, text="Hello", finish="stop"):
    true(text in m.content, f"{text} in {m.content!r}")
    equal(m.response_metadata["finish_reason"], finish, "finish_reason")
    u = m.usage_metadata
    true(u and u["input_tokens"] > 0 and u["output_tokens"] > 0 and u["total_tokens"] == u["input_tokens"] + u["output_tokens"], f"usage {u}")


def whole(chunks):
    """The pieces of a stream put together, as LangChain does it."""
    total, n = None, 0
    for c in chunks:
        n += 1
        total = c if total is None else total + c
    return total, n


@check
def chat():
    m = model(include_response_headers=True).invoke([SystemMessage("Be brief."), *user()])
    answered(m)
    served_by(m.response_metadata["headers"], "alpha")


@check
def chat_gzip():
    answered(model().invoke(user("gzip")))


@check
def stream():
    m, n = whole(model(stream_usage=True).stream(user("tokens=60 gap=2ms")))
    answered(m)
    true(n > 20 and m.content.count(" ") > 50, f"{n} chunks {m.content!r}")
    m, _ = whole(model(stream_usage=False).stream(user()))
    equal(m.usage_metadata, None, "usage that nobody asked for")


@check
def stream_abandoned():
    next(iter(model().stream(user("tokens=500 gap=5ms"))))
    answered(model().invoke(user()))


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"fine in {city}"


@tool
def local_time(city: str) -> str:
    """The time in a city."""
    return f"noon in {city}"


def finish_tools(bound, m):
    """The second turn of two parallel calls."""
    equal([(c["name"], c["args"]) for c in m.tool_calls], [("weather", {"city": "sample"}), ("local_time", {"city": "sample"})], "calls")
    results = [t.invoke(c) for t, c in zip((weather, local_time), m.tool_calls)]
    true(all(isinstance(r, ToolMessage) and "sample" in r.content for r in results), f"results {results}")
    answered(bound.invoke([*user(text="Paris?"), m, *results]), "Paris?")


@check
def tools():
    bound = model().bind_tools([weather, local_time])
    m = bound.invoke(user("calls=2"))
    equal(m.response_metadata["finish_reason"], "tool_calls", "finish_reason")
    finish_tools(bound, m)


@check
def tools_streamed():
    bound = model().bind_tools([weather, local_time])
    m, _ = whole(bound.stream(user("calls=2")))
    finish_tools(bound, m)


class Town(BaseModel):
    name: str
    people: int
    twins: list[str]


@check
def json_schema():
    equal(model().with_structured_output(Town, method="json_schema").invoke(user()), Town(name="sample", people=1, twins=["sample"]), "answer")
    equal(model().with_structured_output(Town, method="function_calling").invoke(user()).name, "sample", "answer by a call")


@check
def embeddings():
    e = OpenAIEmbeddings(model="chat", check_embedding_ctx_length=False, max_retries=0)
    one, two = e.embed_documents(["one", "two"])
    true(len(one) == len(two) > 1 and one != two and isinstance(one[0], float), "vectors")
    equal(len(e.embed_query("three")), len(one), "length")


@check
def embeddings_refused():
    e = OpenAIEmbeddings(model="chat", check_embedding_ctx_length=False, max_retries=0)
    equal(breaks(lambda: e.embed_query("one"), openai.BadRequestError).code, "not_translatable", "code")


@check
def fallback_500():
    m = model(include_response_headers=True).invoke(user("backend=alpha status=500"))
    answered(m)
    served_by(m.response_metadata["headers"], "beta", attempts="2")


@check
def error_wrong_key():
    e = breaks(lambda: model(api_key="sk-proj-not-one-of-ours").invoke(user()), openai.AuthenticationError)
    equal((e.status_code, e.code), (401, "invalid_api_key"), "error")


@check
def error_unknown_model():
    e = breaks(lambda: model("chad").invoke(user()), openai.NotFoundError)
    equal((e.status_code, e.code), (404, "model_not_found"), "error")


@check
def error_rate_limited():
    e = breaks(lambda: model("solo").invoke(user("status=429 retry-after=7")), openai.RateLimitError)
    equal((e.code, e.response.headers.get("retry-after")), ("rate_limit_exceeded" if BACKEND == "openai" else ANY, "7"), "error")


@check
def error_all_failed():
    for how in (model("solo").invoke, lambda m: whole(model("solo").stream(m))):
        equal(breaks(lambda: how(user("status=500")), openai.InternalServerError).status_code, 500, "status")


@check
def error_in_stream():
    e = interrupted(lambda: whole(model().stream(user("error-event=4"))), openai.APIError)
    true("overloaded" in str(e).lower(), f"message {e}")


@check
def cut_stream():
    for fault in ("cut=1500", "reset=1500"):
        interrupted(lambda: whole(model().stream(user(fault + " gap=5ms"))))


harness.run(f"langchain-openai {version('langchain-openai')}, openai {openai.__version__}")
