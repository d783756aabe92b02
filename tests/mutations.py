"""Make important lines wrong, one at a time in a copy of the tree, and print which tests do not notice.

    python -m tests.mutations [--only TEXT] [--jobs N]

Nothing is changed in place. First the tests run on the untouched copy: they must be green. Ends with 1 where a mutation
survives, or where its line is gone. The table stands in mutation_table.py.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from tests.conftest import DATA
from tests.mutation_table import MUTATIONS, Mutation

ROOT = Path(__file__).parents[1]
PATIENCE = 900.0  # seconds for the tests of one mutation: one that hangs is noticed too
GREEN, RED, NOTHING = 0, 1, 5  # pytest's exit statuses


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", default="", help="mutations whose file, line or tests hold this text")
    parser.add_argument("--jobs", type=int, default=1, help="copies that are tried side by side")
    arguments = parser.parse_args()
    chosen = [each for each in MUTATIONS if arguments.only in f"{each.file} {each.old} {each.tests}"]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(arguments.jobs):
            copies.put(copy_tree(Path(folder) / str(number)))
        first = copies.get()
        for tests in sorted({each.tests for each in chosen}):
            if (status := run_tests(first, tests, told=sys.stdout)) != GREEN:
                print(f"not green without any mutation ({status}): {tests}", flush=True)
                return 2
        copies.put(first)
        with ThreadPoolExecutor(arguments.jobs) as pool:
            survived = [each for each, ok in zip(chosen, pool.map(lambda each: _try(each, copies), chosen), strict=True) if not ok]  # fmt: skip
    print(f"\n{len(chosen)} mutations in {time.monotonic() - began:,.0f} s, {len(survived)} survived")
    for each in survived:
        print(f"  {each.file}: {each.old.strip()!r} → {each.new.strip()!r}   ({each.tests})")
    return bool(survived)


def copy_tree(folder: Path) -> Path:
    """Return a copy of what git knows of the tree, and of what is new in it."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)  # fmt: skip
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    return folder


def run_tests(copy: Path, tests: str, told: IO[str] | None = None) -> int:
    """Return pytest's status in a copy; its processes import the copy too. What it says goes to `told`, or nowhere."""
    # Without .pyc files: a line of the same length, changed within a second, would be read from an old one.
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "SLM_STUDIO_TEST_DATA": str(DATA.resolve())}  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests.split()]
    try:
        return subprocess.run(
            command,
            cwd=copy,
            env=environment,
            stdout=told or subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
        ).returncode
    except subprocess.TimeoutExpired:
        return RED


def _try(mutation: Mutation, copies: "SimpleQueue[Path]") -> bool:
    copy = copies.get()
    began = time.monotonic()
    path = copy / mutation.file
    text = path.read_text(encoding="utf-8")
    try:
        if text.count(mutation.old) != 1:
            print(f"GONE      {mutation.file}: {mutation.old.strip()[:70]}", flush=True)
            return False
        path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
        caught = run_tests(copy, mutation.tests) not in (GREEN, NOTHING)
    finally:
        path.write_text(text, encoding="utf-8")
        copies.put(copy)
    word = "caught  " if caught else "SURVIVED"
    print(
        f"{word} {time.monotonic() - began:5.0f} s  {mutation.file}: {mutation.old.strip().splitlines()[0][:70]}",
        flush=True,
    )
    return caught


if __name__ == "__main__":
    sys.exit(main())
