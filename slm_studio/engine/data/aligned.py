"""Aligned files: two texts of which each line of the one belongs to the same line of the other: train.en and train.zh."""

from collections.abc import Generator, Sequence
from pathlib import Path

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event
from slm_studio.core.pair_columns import LANGUAGES
from slm_studio.core.texts import mark
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.opening import read_part
from slm_studio.engine.data.parts import split_of
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.source import shown
from slm_studio.engine.data.table import TableWriter, batches

SIDES = {
    "src": "tgt",
    "source": "target",
    "wrong": "right",
    "document": "summary",
}  # the end of one name → of its partner's
_PARTNERS = SIDES | {other: one for one, other in SIDES.items()} | {"trg": "src"}
TEXT = ".txt"

Pair = tuple[Path, Path]  # source and target


def pairs_in(paths: Sequence[Path]) -> dict[str, Pair]:
    """Return the pair of each split (“train” at least) that files make; {} where they make none.

    One file by itself is a pair with the one that lies beside it.
    Example: pairs_in([train.en, train.zh, dev.en, dev.zh]) == {"train": (train.en, train.zh), "validation": (dev.en, dev.zh)}
    """
    files = list(paths)
    if len(files) == 1:
        partner = partner_of(files[0])
        files += [partner] if partner else []
    groups: dict[str, list[Path]] = {}
    for path in files:
        stem, side = side_of(path)
        if not side or not path.is_file():
            return {}
        groups.setdefault(stem, []).append(path)
    if not groups or any(len(group) != 2 for group in groups.values()):
        return {}
    found = {split_of(stem)[1] or "train": _ordered(group) for stem, group in groups.items()}
    return found if len(found) == len(groups) and "train" in found else _alone(found)


def _alone(found: dict[str, Pair]) -> dict[str, Pair]:
    """Return a single pair as what is learnt from, whatever its name says."""
    return {"train": next(iter(found.values()))} if len(found) == 1 else {}


def _ordered(group: Sequence[Path]) -> Pair:
    one, other = group
    return (other, one) if side_of(other)[1] in SIDES else (one, other)


def side_of(path: Path) -> tuple[str, str]:
    """Return what both names of a pair share, and the side that one names ("" where it names none).

    Example: side_of(Path("train.zh")) == ("train", "zh"), side_of(Path("source.txt")) == ("", "source")
    """
    name = path.name.removesuffix(TEXT)
    stem, _, side = name.rpartition(".")
    if not stem and name != path.name:  # source.txt, train_en.txt
        stem, _, side = name.rpartition("_") if "_" in name else ("", "", name)
    side = side.casefold()
    return (stem, side) if side in LANGUAGES or side in _PARTNERS else (name, "")


def partner_of(path: Path) -> Path | None:
    """Return the file that lies beside one and belongs to it line by line; None where there is none, or several may be it."""
    side = side_of(path)[1]
    if not side or not path.is_file():
        return None
    sides = [_PARTNERS[side], "trg"] if side in _PARTNERS else sorted(LANGUAGES - {side})
    ending = TEXT if path.name.endswith(TEXT) else ""
    joint = path.name.removesuffix(TEXT)[: -len(side)]
    found = [each for other in sides if (each := path.with_name(joint + other + ending)).is_file()]
    return found[0] if len(found) == 1 else None


def read_pairs(pairs: dict[str, Pair], options: ReadOptions, staging: Path) -> Generator[Event, None, dict[str, Part]]:
    """Read the pairs of files; returns the part of each split, with a column for each side. Raises StudioError."""
    found = {}
    for split, pair in pairs.items():
        found[split] = yield from _read_pair(pair, options, staging, split)
    return found


def _read_pair(pair: Pair, options: ReadOptions, staging: Path, split: str) -> Generator[Event, None, Part]:
    sides = []
    for number, path in enumerate(pair):  # line by line, whatever stands there
        sides.append((yield from read_part(path, options, staging / f"{split}-side-{number}.arrow", by="txt")))
    one, other = sides
    names = [shown(Path(path.name)) for path in pair]
    if one.rows != other.rows:
        raise StudioError(
            "sides-differ",
            "“{one}” has {ones} {ones:line|lines} and “{other}” has {others}: line by line they do not belong together.",
            "Find where a line is missing or broken in two, and mend it.",
            one=names[0],
            ones=one.rows,
            other=names[1],
            others=other.rows,
        )
    columns = [side_of(path)[1] for path in pair]
    out = staging / f"{split}-pairs.arrow"
    with TableWriter(out, one.notes, tuple(columns)) as writer:
        for first, second in zip(batches(open_table(one.path)), batches(open_table(other.path)), strict=True):
            writer.write({columns[0]: first.column(0), columns[1]: second.column(0)})
    one.notes.add(
        "files-aligned",
        mark("Each line of “{one}” belongs to the same line of “{other}”."),
        count=one.rows,
        one=names[0],
        other=names[1],
    )
    return Part(
        title=" + ".join(names),
        path=out,
        columns=tuple(columns),
        rows=writer.rows,
        fingerprint=writer.fingerprint(),
        notes=one.notes,
    )
