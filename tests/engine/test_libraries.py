"""Two threads that begin together are both answered: Transformers is loaded by one of them."""

import subprocess
import sys

from slm_studio import engine

TOGETHER = """
import threading, time
from slm_studio import engine

troubles = []

def work(wait, verb):
    time.sleep(wait)
    try:
        list(verb())
    except BaseException as error:
        troubles.append(error)

threads = [threading.Thread(target=work, args=each) for each in ((0.0, engine.warm), (0.3, engine.devices), (0.6, engine.devices))]
for each in threads: each.start()
for each in threads: each.join()
assert not troubles, troubles
"""
ALONE = """
import inspect, sys
from slm_studio import engine

for name in {names}:
    verb = getattr(engine, name).__wrapped__
    verb(*("x" for each in inspect.signature(verb).parameters.values() if each.default is each.empty))
    assert "transformers" not in sys.modules, name
"""


def python(code: str) -> None:
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False)
    assert told.returncode == 0, told.stderr


def test_verbs_that_begin_together_all_find_it_whole() -> None:
    python(TOGETHER)


def test_a_verb_that_needs_it_loads_it_by_itself_before_its_room() -> None:
    verbs = {name: verb for name, verb in vars(engine).items() if hasattr(verb, "__wrapped__")}
    others = [name for name, verb in verbs.items() if not hasattr(verb.__wrapped__, "__wrapped__")]

    assert {"read", "check", "suggest", "train"} <= set(others) < set(verbs)
    python(ALONE.format(names=others))
