"""What the programs of this folder share: how checks are named, run and told.

A line of the last user message that starts with #fault makes the simulated
provider behind the gateway misbehave. ../main.go reads what is printed.
"""

import json
import os
import platform
import sys

BACKEND = os.environ.get("BACKEND", "openai")  # dialect of the backends
DIRECT = bool(os.environ.get("DIRECT"))  # no gateway: the simulated provider itself
CHECKS = {}


class Any:
    """Equal to whatever there is."""

    def __eq__(self, other):
        return True

    def __repr__(self):
        return "anything"


ANY = Any()


def check(f):
    CHECKS[f.__name__.replace("_", "-")] = f
    return f


def prompt(fault="", text="Hello"):
    return f"{text}\n#fault {fault}" if fault else text


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: {got!r}, want {want!r}")


def true(ok, what):
    equal(bool(ok), True, what)


def thrown(kind, f):
    """The error of f, which has to be of that very class."""
    try:
        f()
    except Exception as e:
        if type(e) is not kind:
            raise AssertionError(f"{type(e).__name__} in place of {kind.__name__}: {e}") from e
        return e
    raise AssertionError(f"no {kind.__name__}")


def breaks(f, kind=Exception):
    """f has to end with an error of the SDK's, or of the connection."""
    try:
        f()
    except AssertionError:
        raise
    except kind as e:
        return e
    raise AssertionError("a legal end")


def interrupted(f, kind=Exception):
    """The same, of an answer that had begun well."""
    e = breaks(f, kind)
    true(getattr(e, "status_code", 200) == 200, f"it did not begin well: {e!r}")
    return e


def served_by(headers, provider, attempts=None):
    """What the gateway says about who served."""
    if DIRECT:
        return
    equal(headers.get("x-signalbox-provider"), provider, "provider")
    if provider == "alpha":
        equal(headers.get("x-signalbox-model"), os.environ["MODEL"], "model at the provider")
    if attempts:
        equal(headers.get("x-signalbox-attempts"), attempts, "attempts")


def run(sdk):
    print(json.dumps({"sdk": f"{sdk}, Python {platform.python_version()}"}), flush=True)
    out = os.environ.get("LEAVE_OUT", "").split()
    failed = False
    for name, f in CHECKS.items():
        if name in out or len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        line = {"check": name}
        try:
            f()
        except Exception as e:
            failed = True
            line["fail"] = " ".join(f"{type(e).__name__}: {e}".split())[:500]
        print(json.dumps(line), flush=True)
    sys.exit(failed)
