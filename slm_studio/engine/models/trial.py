"""Let a foreign vocabulary and its chat template work on trial: in a process of their own, short of memory and time.

A rule with a greedy pattern, or a template with a loop in a loop, may take for ever; a library in Rust then holds the
interpreter, and may abort it. So the first to meet them is a child that can be killed, and only what it survives is loaded.
What was survived once is not tried again while this process lives: a model opens anew without a child.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.foreign_vocabulary import TOKENIZER

FLAG = "--trial"  # hidden, like --engine
SECONDS = 5.0  # of the processor: a busy machine takes longer by the clock
SECONDS_A_MEGABYTE = 0.25  # more for a large vocabulary; 250,000 pieces are 17 MB and took 2.6 s
PATIENCE = 60.0  # by the clock, for what neither works nor ends
MEMORY = 1536 * 1024 * 1024  # bytes; a vocabulary of 260,000 pieces needs a third of it
_TICK = 0.02
_SOUND, _UNREADABLE = 0, 3  # how a child ends that had its say
_TRIED = (TOKENIZER, "chat_template.jinja", "chat_template.json", "tokenizer_config.json")
_survived: set[bytes] = set()  # digests of what did no harm, and of the limits that it kept


def trial_command(folder: Path) -> list[str]:
    """Return the command line of the child."""
    if getattr(sys, "frozen", False):
        return [sys.executable, FLAG, str(folder)]
    return [sys.executable, "-P", "-m", "slm_studio", FLAG, str(folder)]


@contextmanager
def vocabulary_on_trial(folder: Path, seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Try the folder's vocabulary while the body runs. Raises StudioError at the end where it was not survived."""
    tried = _digest(folder, seconds, memory)
    if not tried or tried in _survived:
        yield
        return
    with tempfile.TemporaryFile() as said:
        child = psutil.Popen(
            trial_command(folder), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL, env=_environment(),
            creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
        )  # fmt: skip
        try:
            yield
            _await(child, seconds + SECONDS_A_MEGABYTE * _size(folder) / 1e6, memory)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        said.seek(0)
        reason = said.read(500).decode("utf-8", "replace").strip()
    if child.returncode == _UNREADABLE:
        raise StudioError(
            "model-damaged",
            "“{file}” is damaged: {reason}.",
            "Fetch the model again, or take it from another source.",
            file=TOKENIZER,
            reason=reason,
        )
    if child.returncode != _SOUND:
        raise StudioError(
            "model-vocabulary-bomb",
            "The model's vocabulary or chat template took too much time or memory over a few words.",
            "Do not use this model: no honest program writes that.",
        )
    _survived.add(tried)


def _digest(folder: Path, seconds: float, memory: int) -> bytes:
    """Return what tells a trial from every other; nothing where there is nothing to try."""
    files = [folder / name for name in _TRIED if (folder / name).is_file()]
    digest = hashlib.blake2b(f"{seconds} {memory}".encode(), digest_size=32)
    for path in files:
        with path.open("rb") as stream:
            digest.update(path.name.encode() + hashlib.file_digest(stream, "blake2b").digest())
    return digest.digest() if files else b""


def _await(child: psutil.Popen, seconds: float, memory: int) -> None:
    """Wait for the end, and make one where the child takes more than it may."""
    began = time.monotonic()
    while child.poll() is None:
        try:
            spent = child.cpu_times()
            too_long = spent.user + spent.system > seconds or time.monotonic() - began > PATIENCE
            if too_long or child.memory_info().rss > memory:
                child.kill()
        except psutil.NoSuchProcess:
            pass  # it ended meanwhile
        time.sleep(_TICK)


def _size(folder: Path) -> int:
    return (folder / TOKENIZER).stat().st_size if (folder / TOKENIZER).is_file() else 0


def _environment() -> dict[str, str]:
    import slm_studio

    found = os.environ | {
        "TOKENIZERS_PARALLELISM": "false",
        "RAYON_NUM_THREADS": "1",
        "SLM_STUDIO_TRIAL_MEMORY": str(MEMORY),
    }
    found["PYTHONPATH"] = os.pathsep.join(
        [str(Path(slm_studio.__file__).parents[1]), found.get("PYTHONPATH", "")]
    ).rstrip(os.pathsep)
    return found
