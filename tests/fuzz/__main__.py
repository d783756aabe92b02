"""Try odd inputs at the door: python -m tests.fuzz 10000 [--seed S] [--first N] [--only read,adopt]

The inputs run in a process of their own, so that a crash or a hang is one input's and not the command's. Ends with 1 where
an input met `unexpected`, a system that is blamed for a file, an error that is no sentence, a crash, or an hour-glass of
more than a minute.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.door import SHARES, Fuzz

PATIENCE = 90.0  # seconds for one input
GETTING_READY = 600.0  # seconds in which a process trains the models that are then damaged
MEMORY = 24 << 30  # bytes of addresses a process may take: more is the machine's trouble, and is to be said


def main() -> int:
    """Run the command, or the part of it that runs in the process of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("inputs", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first input, to see one again")
    parser.add_argument("--only", default=",".join(SHARES), help="kinds, with commas between")
    parser.add_argument("--worker", metavar="FOLDER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return _work(arguments)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a disk would flush for most of the time
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder:
        return _lead(arguments, folder)


def _work(arguments: argparse.Namespace) -> int:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    fuzz = Fuzz(Path(arguments.worker), arguments.seed, tuple(arguments.only.split(",")))
    fuzz.models()
    print(json.dumps({"ready": True}), flush=True)
    for n in range(arguments.first, arguments.inputs):
        print(json.dumps(asdict(fuzz.one(n))), flush=True)
    return 0


def _lead(arguments: argparse.Namespace, folder: str) -> int:
    began, at, end = time.monotonic(), arguments.first, arguments.first + arguments.inputs
    kinds, codes, slowest = Counter[str](), Counter[str](), (0.0, -1)
    problems: list[tuple[int, str, str]] = []
    while at < end:
        for outcome in _outcomes(arguments, folder, at, end):
            at = outcome["n"] + 1
            kinds[outcome["kind"]] += 1
            codes[outcome["code"]] += 1
            slowest = max(slowest, (outcome["seconds"], outcome["n"]))
            if outcome["problem"]:
                problems.append((outcome["n"], outcome["kind"], outcome["problem"]))
                print(f"\n--- input {outcome['n']} ({outcome['kind']})\n{outcome['problem']}", flush=True)
    print(f"\n{at - arguments.first:,} inputs in {time.monotonic() - began:,.0f} s: {dict(kinds)}")
    print(f"slowest: {slowest[0]:.1f} s (input {slowest[1]})")
    print("answers: " + ", ".join(f"{code} {count}" for code, count in codes.most_common()))
    print(f"{len(problems)} inputs met no sentence" + (f": {[n for n, *_ in problems]}" if problems else ""))
    return bool(problems)


def _outcomes(arguments: argparse.Namespace, folder: str, at: int, end: int):  # type: ignore[no-untyped-def]
    """Yield what a process says of its inputs; where it dies or hangs, that is the outcome of the input it was at."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.fuzz",
        str(end),
        "--worker",
        folder,
        "--seed",
        str(arguments.seed),
    ]
    quiet = {"SLM_STUDIO_HOME": f"{folder}/home", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    log = Path(folder) / "log.txt"
    with log.open("wb") as errors, subprocess.Popen(
        [*command, "--first", str(at), "--only", arguments.only], stdout=subprocess.PIPE, stderr=errors, env=os.environ | quiet
    ) as process:  # fmt: skip
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
        patience = GETTING_READY
        while True:
            try:
                line = lines.get(timeout=patience)
            except queue.Empty:
                process.kill()
                yield _lost(at, f"no answer within {patience:.0f} s", log)
                return
            if not line:
                break
            outcome, patience = json.loads(line), PATIENCE
            if "n" in outcome:
                at = outcome["n"] + 1
                yield outcome
        if process.wait():
            yield _lost(at, f"the process ended with {process.returncode}", log)


def _pass_on(stream, lines: "queue.SimpleQueue[bytes]") -> None:  # type: ignore[no-untyped-def]
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _lost(n: int, how: str, log: Path) -> dict[str, object]:
    tail = log.read_text(encoding="utf-8", errors="replace")[-4000:]
    return {"n": n, "kind": "?", "code": "lost", "seconds": PATIENCE, "problem": f"{how}\n{tail}"}


if __name__ == "__main__":
    sys.exit(main())
