"""A door without torch: each verb does what a test asks for by name."""

import os
import signal
import sys
import time
from pathlib import Path

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Predicted, Progress, Step
from slm_studio.core.results import Label, Sizes

ODD = "中文 “quotes” {braces} \u2028 \U0001f600 e\u0301 \ud800 \x00"
TOKEN = "hf_abcdefgh"


class Panic(BaseException):
    """As Rust's panics, no Exception."""


def read(path, options=None, token=""):
    yield from globals()[path](**({"token": token} if token else {}))


def predict(handle, prompt, options):
    for n in range(400):
        time.sleep(0.01)
        yield Predicted(Label(prompt, n / 400))
    yield Finished({"prompt": prompt, "list": [1, 2]})


def train(marker, seconds=0.01):
    n = 0
    try:
        while True:
            time.sleep(seconds)
            n += 1
            yield step(n)
    except GeneratorExit:
        Path(marker).write_text(f"saved at {n}")
        raise


def warm(torch=True):
    yield Finished(None)


def step(n):
    return Step(n=n, epoch=0.1, seconds=n, loss=1 / n, rate=0.1, gradient_norm=1.0, tokens_per_second=1.0, memory=2**40)


def count():
    for n in range(5):
        yield Progress("Counting", n, 5)
    yield Finished({"rows": [1, 2, 3]})


def slow():
    for n in range(1, 400):
        time.sleep(0.01)
        yield step(n)
    yield Finished("all")


def fails(token=""):
    yield Progress("Counting", 1, 2)
    raise ValueError(f"no way with {token or 'this'}")


def advises():
    raise StudioError("no-rows", "“{file}” has {rows} rows.", "Choose another.", file="a {b}.csv", rows=0)
    yield


def panics():
    yield Progress("Counting", 1, 2)
    raise Panic("index out of bounds")


def prints():
    os.write(1, b"native line on fd 1\n")
    os.write(2, b"native line on fd 2\n")
    print("python line", flush=True)
    sys.stderr.write("python warning\n")
    yield Progress("Printed", 1, 1)
    yield Finished("printed")


def odd():
    yield Note("odd", "{text}", {"text": ODD})
    yield Predicted(Label(ODD, float("nan")))
    yield Finished({"text": ODD, "numbers": [float("inf"), float("-inf")]})


def results():
    sizes = dict.fromkeys(("memory", "steps"), 2**50)
    yield Finished(
        Sizes(**sizes, parameters=1, seconds_low=0.5, seconds_high=1e300, tokens_per_second=float("nan"),
              device="cpu", precision="fp32", rows={"train": 3})
    )  # fmt: skip


def huge():
    yield Progress("Counting", 1, 2)
    yield Note("huge", "x" * 1_000_000)
    yield Finished("never")


def largest():
    yield Note("large", "x" * 900_000)
    yield Finished(None)


def endless():
    n = 0
    while True:
        n += 1
        yield Progress("Counting", n, 0)


def nothing():
    yield Progress("Counting", 1, 2)


def asks():
    yield Finished(sys.stdin.read())


def aborts():
    yield Progress("Counting", 1, 2)
    os.abort()


def exits():
    yield Progress("Counting", 1, 2)
    os._exit(7)


def hangs():
    yield Progress("Counting", 1, 2)
    while True:
        time.sleep(60)


def freezes():
    yield Progress("Counting", 1, 2)
    os.kill(os.getpid(), signal.SIGSTOP)


def about():
    names = ("OMP_NUM_THREADS", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "HF_HUB_DISABLE_TELEMETRY")
    yield Finished(
        {
            "modules": sorted({name.partition(".")[0] for name in sys.modules}),
            "nice": os.nice(0),
            "session": os.getsid(0) == os.getpid(),
            "ignores_interrupts": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
        }
        | {name: os.environ.get(name, "") for name in names}
    )
