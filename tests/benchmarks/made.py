"""Files that a trial makes of those of a set, in the studio's own home: fewer rows, other columns, lists of hypotheses."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

from slm_studio.core import paths
from tests.benchmarks.simulated import make_files

CHINESE = 0x2E80  # from this letter on
NOT_MENTIONED = "-2"  # of an aspect in ASAP; the others are bad, fair, good
FIRST_ASPECT = 3  # behind the row's number, the review and its stars
EACH = 4  # of so many pairs one is held out
Files = Sequence[Path | None]


def english(files: Files) -> Files:
    """Return files of JSON with only the rows without Chinese."""
    return [path and _english(path) for path in files]


def half_tested(files: Files) -> Files:
    """Return the files with every second line of the test file."""
    *learnt, test = files
    assert test is not None
    out = _place(f"half_{test.name}")
    out.write_text("".join(test.read_text("utf-8").splitlines(keepends=True)[::2]), "utf-8")
    return [*learnt, out]


def heard_english(_files: Files) -> Files:
    """Return right texts, and lists of what may have been heard of others."""
    return [*make_files("en", paths.home() / "simulated")]


def heard_chinese(_files: Files) -> Files:
    """Return right texts, and lists of what may have been heard of others."""
    return [*make_files("zh", paths.home() / "simulated")]


def aspects(files: Files) -> Files:
    """Return tables of reviews with the aspects that each speaks of, whatever it says of them."""
    return [path and _aspects(path) for path in files]


def both_orders(files: Files) -> Files:
    """Return most pairs of questions to learn from, and the others as they stand and the other way round."""
    assert files[0] is not None
    with files[0].open(encoding="utf-8-sig", newline="") as stream:
        rows = [(row["question_1"], row["question_2"], row["similar"]) for row in csv.DictReader(stream)]
    random.Random("pairs").shuffle(rows)
    held = len(rows) // EACH
    turned = [(second, first, label) for first, second, label in rows[:held]]
    return [_pairs("train.csv", rows[held:]), None, _pairs("test.csv", [*rows[:held], *turned])]


def _pairs(name: str, rows: Sequence[tuple[str, str, str]]) -> Path:
    out = _place(f"pairs_{name}")
    with out.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "second", "label"), *rows])
    return out


def _english(path: Path) -> Path:
    rows = json.loads(path.read_text("utf-8"))
    plain = [row for row in rows if all(ord(letter) < CHINESE for letter in "".join(row.values()))]
    out = _place(f"english_{path.parent.name}_{path.name}")
    out.write_text(json.dumps(plain), "utf-8")
    return out


def _aspects(path: Path) -> Path:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = csv.reader(stream)
    out = _place(f"aspects_{path.name}")
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "labels"))
        for row in rows:
            found = [
                name
                for name, cell in zip(head, row, strict=True)
                if head.index(name) >= FIRST_ASPECT and cell != NOT_MENTIONED
            ]
            writer.writerow((row[1], json.dumps(found)))
    return out


def _place(name: str) -> Path:
    paths.home().mkdir(parents=True, exist_ok=True)
    return paths.home() / name
