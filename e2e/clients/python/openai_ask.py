"""Requests by the official OpenAI SDK for Python, and what is expected of every
answer and error."""

import os

import openai
from openai import OpenAI

from harness import ANY, BACKEND, equal, prompt, true

client = OpenAI(max_retries=0, timeout=20)
limited = OpenAI(max_retries=0, timeout=20, api_key=os.environ.get("LIMITED_KEY"))


def user(fault="", text="Hello"):
    return [{"role": "user", "content": prompt(fault, text)}]


def ask(model="chat", fault="", text="Hello", at=client, **more):
    return at.chat.completions.create(model=model, messages=user(fault, text), **more)


def raw(model="chat", fault="", **more):
    """The answer together with its headers."""
    return client.chat.completions.with_raw_response.create(model=model, messages=user(fault), **more)


def answered(c, text="Hello", finish="stop"):
    """An answer of the simulated provider to the text, with its usage."""
    choice = c.choices[0]
    equal((c.object, choice.message.role, choice.finish_reason), ("chat.completion", "assistant", finish), "answer")
    true(text in choice.message.content, f"{text} in {choice.message.content!r}")
    u = c.usage
    true(u.prompt_tokens > 0 and u.completion_tokens > 0, f"usage {u}")
    equal(u.total_tokens, u.prompt_tokens + u.completion_tokens, "total_tokens")


def read(stream):
    """Text, finish reason, usages and the chunks without choices of a stream."""
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


def raises(kind, f, status=None, code=None, typ=None):
    """The typed error of f, with all its parts."""
    try:
        f()
    except openai.APIStatusError as e:
        equal(type(e), kind, f"class of {e}")
        equal(e.status_code, status, "status")
        equal(e.code, code, "code")
        equal(e.type, typ, "type")
        true(e.message and isinstance(e.body, dict), f"body {e.body!r}")
        equal(set(e.body), {"message", "type", "param", "code"}, "members of the error")
        headers = e.response.headers
        equal(e.request_id, headers.get("x-signalbox-request-id", e.request_id), "request id")
        return e
    raise AssertionError(f"no {kind.__name__}")


def own(code, typ):
    """Code and type of a provider's own error: OpenAI's pass as they are."""
    return (code, typ) if BACKEND == "openai" else (ANY, ANY)
