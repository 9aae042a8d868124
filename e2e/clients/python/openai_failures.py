"""Checks in which a caller has to be told."""

import time

import openai
from openai import OpenAI, Omit

from harness import DIRECT, breaks, check, equal, interrupted, true
from openai_ask import answered, ask, client, limited, own, raises, read, user


@check
def error_no_key():
    none = {"Authorization": Omit()}
    raises(openai.AuthenticationError, lambda: ask(extra_headers=none), 401, "missing_api_key", "authentication_error")
    raises(openai.AuthenticationError, lambda: client.models.list(extra_headers=none), 401, "missing_api_key", "authentication_error")


@check
def error_wrong_key():
    stranger = OpenAI(max_retries=0, api_key="sk-proj-not-one-of-ours")
    typ = "invalid_request_error" if DIRECT else "authentication_error"
    e = raises(openai.AuthenticationError, lambda: ask(at=stranger), 401, "invalid_api_key", typ)
    true("not-one-of-ours" not in str(e), "the key is in the error")


@check
def error_forbidden_model():
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
    code, typ = own(None, "invalid_request_error")
    e = raises(openai.BadRequestError, lambda: ask(fault="status=400 text=No_such_option."), 400, code, typ)
    true("No such option." in e.message, f"the provider's words in {e.message!r}")
    raises(openai.UnprocessableEntityError, lambda: ask(fault="status=422"), 422, code, typ)


@check
def error_rate_limited():
    for model, (code, typ) in {"solo": own("rate_limit_exceeded", "requests"), "chat": ("all_backends_failed", "rate_limit_error")}.items():
        if DIRECT and model == "chat":
            continue
        e = raises(openai.RateLimitError, lambda: ask(model=model, fault="status=429 retry-after=7"), 429, code, typ)
        equal(e.response.headers.get("retry-after"), "7", f"retry-after of {model}")
        true(DIRECT or "org-" not in str(e), "the account is in the error")


@check
def error_all_failed():
    code, typ = own(None, "server_error")
    raises(openai.InternalServerError, lambda: ask(model="solo", fault="status=500"), 500, code, typ)
    if not DIRECT:
        raises(openai.InternalServerError, lambda: ask(fault="status=500"), 500, "all_backends_failed", "server_error")


@check
def error_html():
    e = raises(openai.InternalServerError, lambda: ask(fault="html"), 502, "all_backends_failed", "server_error")
    true("<" not in str(e), "HTML in the error")


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


# Broken answers


@check
def error_in_stream():
    e = interrupted(lambda: read(ask(fault="error-event=4", stream=True)), openai.APIError)
    true("overloaded" in e.message.lower(), f"message {e.message!r}")


@check
def cut_stream():
    for fault in ("cut=1500", "reset=1500"):
        got = 0

        def count():
            nonlocal got
            for _ in ask(fault=fault + " gap=5ms", stream=True):
                got += 1

        e = interrupted(count)
        true(got > 0, f"chunks before {e!r}")


@check
def cut_helper():
    def whole():
        with client.chat.completions.stream(model="chat", messages=user("cut=1500 gap=5ms")) as s:
            s.get_final_completion()

    interrupted(whole)


@check
def client_timeout():
    hasty = OpenAI(max_retries=0, timeout=0.3)
    began = time.monotonic()
    breaks(lambda: ask(at=hasty, fault="stall-before=5s"), openai.APITimeoutError)
    true(time.monotonic() - began < 2, "the client's own limit holds")
    answered(ask(at=hasty))


@check
def retry_after():
    patient = OpenAI(max_retries=1)
    began = time.monotonic()
    raises(openai.RateLimitError, lambda: ask(at=patient, fault="status=429 retry-after=2"), 429, "all_backends_failed", "rate_limit_error")
    took = time.monotonic() - began
    true(1.9 < took < 6, f"one retry after two seconds, took {took:.1f}")
