"""Reads answers with the official OpenAI SDK for Python.

BASE is a server that lists answers at /answers and serves each to the request
that names it in the header x-answer. Streams are read by the SDK's stream
helper. Prints what the SDK understood of each, one JSON object a line.
"""

import json
import os

import openai

client = openai.OpenAI(base_url=os.environ["BASE"] + "/v1", api_key="none", max_retries=0, timeout=20)
ask = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def stream(name):
    with client.chat.completions.stream(**ask, stream_options={"include_usage": True}, extra_headers=name) as s:
        for _event in s:
            pass
        try:
            return s.get_final_completion()
        except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
            return s.current_completion_snapshot  # raised for callers who want to parse; the completion is whole


def unary(name):
    return client.chat.completions.create(**ask, extra_headers=name)


def choice(c):
    m = c.message
    return {
        "text": m.content or "",
        "refusal": m.refusal or "",
        "calls": [{"name": t.function.name, "arguments": t.function.arguments} for t in m.tool_calls or []],
        "finish": c.finish_reason or "",
    }


def read(a):
    try:
        c = (stream if a["stream"] else unary)({"x-answer": str(a["n"])})
    except openai.APIError:
        return {"n": a["n"], "failed": True}
    except Exception as e:  # whatever else the SDK throws is what is looked for
        return {"n": a["n"], "thrown": type(e).__name__}
    return {
        "n": a["n"],
        "choices": [choice(x) for x in c.choices],
        "usage": c.usage.model_dump(exclude_none=True) if c.usage else None,
    }


print(json.dumps({"version": openai.__version__}))
for answer in client.get("/answers", cast_to=list):
    print(json.dumps(read(answer)))
