"""How soon a .gguf file is open, here and in Transformers: `python -m tests.benchmarks.gguf FILE.gguf`.

Each in a process of its own, with torch, Transformers and gguf imported before the clock starts. Ours ends with a model that
is among the person's and has answered; theirs with a network and a tokenizer in memory.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.sheet import Line, against, answer, home, in_process, print_machine, print_table, times

TARGET = 15.0  # seconds for SmolLM2-135M


def main(path: str) -> None:
    """Print the table."""
    print_machine(f"Opening {Path(path).name}: seconds by the clock, and of the processor")
    quiet = {**os.environ, "TQDM_DISABLE": "1"}  # Transformers' progress would stand in the table
    found = {way: in_process(__spec__.name, way, path, environment=quiet) for way in WAYS}
    lines = []
    for way, (what, _) in WAYS.items():
        for name, key in ((what, "clock"), ("  of the processor", "processor")):
            seconds = float(str(found[way][key]))
            is_ours = way != "transformers"
            wanted = (f"{TARGET:.0f} s", against(seconds, TARGET)) if is_ours else ()
            lines.append(Line(name, f"{seconds:.1f} s", *wanted))
    ours, theirs = (float(str(found[way]["processor"])) for way in ("open", "transformers"))
    lines.append(Line("Transformers' time of the processor to ours", "", "", times(theirs, ours)))
    print_table(lines)


def _open(path: str) -> None:
    from slm_studio.engine.models.gguf.unpack import unpack
    from slm_studio.engine.models.opening import open_net, open_tokenizer

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model"
        for _ in unpack(Path(path), place):
            pass
        open_net(place, "write")
        open_tokenizer(place)


def _adopt(path: str) -> None:
    from slm_studio import engine
    from slm_studio.core.prompt import prompt_of
    from slm_studio.core.tasks import task_info

    with home():
        *_, adopted = engine.adopt(path)
        *_, opened = engine.open(adopted.result.folder)
        prompt = prompt_of("Once", task_info(adopted.result.task))
        for _ in engine.predict(opened.result.handle, prompt, {"max_new_tokens": 1}):
            pass


def _transformers(path: str) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    file = Path(path)
    AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
    AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name)


WAYS = {
    "open": ("here, network and vocabulary", _open),
    "adopt": ("here, imported, inspected, opened, first word", _adopt),
    "transformers": ("Transformers, network and vocabulary", _transformers),
}


def _measure(way: str, path: str) -> None:
    import gguf  # noqa: F401
    from transformers import AutoModelForCausalLM, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: F401

    import slm_studio.engine.tasks.write  # noqa: F401

    clock, processor = time.perf_counter(), _spent()
    WAYS[way][1](path)
    answer({"clock": time.perf_counter() - clock, "processor": _spent() - processor})


def _spent() -> float:
    """Return the processor's seconds of this process and of those that it waited for: importing tries a model in one."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _measure(*sys.argv[1:])
    else:
        main(sys.argv[1])
