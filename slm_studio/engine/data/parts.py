"""Parts: which file trains, which chooses and which scores, told by their names: train.csv, reviews_dev.tsv, test/neg/3.txt."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from slm_studio.engine.data.names import SPLIT_VALUES

MOST_BESIDE = 10_000  # names of a folder that are looked at
_WORDS = re.compile(r"[^\W_]+|[_\W]+")
_SHARD = re.compile(r"\d+")


def split_of(stem: str) -> tuple[str, str]:
    """Return what is left of a file's name without the word for its split, and that split ("" where there is none).

    Example: split_of("reviews_train-00000-of-00002") == ("reviews", "train"), split_of("data") == ("data", "")
    """
    words = _WORDS.findall(stem)
    for word in words:
        if split := SPLIT_VALUES.get(word.casefold()):
            rest = [each for each in words if each is not word and each.casefold() != "of" and not each.isdigit()]
            return "".join(rest).strip("_-. ()").casefold(), split
    return stem.casefold(), ""


def bare(name: str) -> str:
    """Return a file's name without its endings. Example: bare("a.csv.gz") == "a\""""
    return Path(name.removesuffix(".gz")).stem


def are_shards(names: Sequence[str]) -> bool:
    """Say whether files differ by a number only, as pieces of one table do."""
    return len({_SHARD.sub("#", name) for name in names}) == 1


def beside(path: Path) -> Mapping[str, Path]:
    """Return the held-out files that lie beside a training file: “test” → …/test.tsv beside …/train.tsv."""
    base, own = split_of(bare(path.name))
    if own not in ("", "train"):
        return {}
    found: dict[str, Path] = {}
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(entry.name for _, entry in zip(range(MOST_BESIDE), entries, strict=False))
    except OSError:
        return {}
    for name in names:
        other, split = split_of(bare(name))
        is_alike = other == base and Path(name).suffix.lower() == path.suffix.lower()
        if split in ("validation", "test") and is_alike and (path.parent / name).is_file():
            found.setdefault(split, path.parent / name)
    return found
