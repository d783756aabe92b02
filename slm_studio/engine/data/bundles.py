"""Bundles: many files become one dataset: tables by their split, joined where they are alike; or texts, each file one row."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.dropped import TEXTS
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.core.texts import mark
from slm_studio.engine.data import documents
from slm_studio.engine.data.gathering import Gathered, Member, say_unreadable, some
from slm_studio.engine.data.headers import free_name
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.names import SPLIT_VALUES
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.opening import read_part
from slm_studio.engine.data.parts import are_shards, bare, split_of
from slm_studio.engine.data.table import TableWriter, read_batches

SPLITS = ("train", "validation", "test")
MANY = 20  # texts in one folder: fewer are read line by line, for of so few whole texts nothing is learnt
TEXT = "text"  # the format of every file that holds running text
BESIDE_TEXTS = mark("{count} {count:table was|tables were} left out, for nearly all files beside are texts: {names}.")
BESIDE_TABLES = mark("{count} {count:text was|texts were} left out, for there are tables beside: {names}.")
LINES = 10  # lines of a file that is the only one of its label: so many are rows, not one text

Splits = dict[str, list[Member]]


def read_bundle(gathered: Gathered, options: ReadOptions, staging: Path) -> Generator[Event, None, dict[str, Part]]:
    """Read the files of a folder, a zip or a drop; returns the part of each split. Raises StudioError."""
    tables = [member for member in gathered.members if member.ending not in TEXTS]
    texts = [member for member in gathered.members if member.ending in TEXTS]
    if _are_documents(texts, tables):
        found = yield from _read_documents(gathered, texts, options, staging)
        _say_beside("tables-left-out", BESIDE_TEXTS, tables, found["train"].notes)
    else:
        found = yield from _read_tables(gathered, tables or texts, options, staging)
        _say_beside("texts-left-out", BESIDE_TABLES, texts if tables else (), found["train"].notes)
    gathered.say(found["train"].notes)
    return found


def label_of(member: Member) -> str:
    """Return the folders a text lies in, but for train, test and their like. Example: train/pos/1.txt → pos"""
    return "/".join(folder for folder in member.folders if folder.casefold() not in SPLIT_VALUES)


def folder_split(member: Member) -> str:
    """Return the split that one of its folders names, or ""."""
    return next((SPLIT_VALUES[each.casefold()] for each in member.folders if each.casefold() in SPLIT_VALUES), "")


def _are_documents(texts: Sequence[Member], tables: Sequence[Member]) -> bool:
    """Say whether each file is one text: in folders by their label, or many in one folder."""
    if not texts or len(texts) < 10 * len(tables):
        return False
    per_label = Counter(filter(None, map(label_of, texts)))
    if len(per_label) > 1 and per_label.total() >= 0.8 * len(texts):
        return max(per_label.values()) > 1 or any(documents.count_lines(member, LINES) < LINES for member in texts)
    return len(texts) >= MANY and not any(split_of(bare(PurePosixPath(each.name).name))[1] for each in texts)


def _read_documents(
    gathered: Gathered, texts: Sequence[Member], options: ReadOptions, staging: Path
) -> Generator[Event, None, dict[str, Part]]:
    splits: Splits = {split: [] for split in SPLITS}
    for member in texts:
        splits[folder_split(member) or "train"].append(member)
    _need_training(splits)
    has_labels = len({label_of(member) for member in texts}) > 1
    notes = {split: Notes(format="folder", header=False) for split in SPLITS}
    guess = options.encoding or documents.shared_encoding(texts)
    found: dict[str, Part] = {}
    done = 0
    for split, members in splits.items():
        if not members:
            continue
        path = staging / f"{split}.arrow"
        with TableWriter(path, notes[split]) as writer:
            for chunk in documents.read(members, label_of if has_labels else None, guess, options, notes[split]):
                writer.write(chunk)
                done += len(next(iter(chunk.values())))
                yield Progress(mark("Reading files"), done, len(texts))
        if writer.rows:
            found[split] = part_of(gathered.title, path, writer, notes[split])
    if "train" not in found:
        raise StudioError("no-rows", "“{name}” holds no rows.", "Choose a file with rows in it.", name=gathered.title)
    train = found["train"]
    train.notes.add(
        "files-are-rows",
        mark("Each of the {count} {count:file is|files is} one text."),
        count=sum(p.rows for p in found.values()),
    )
    if has_labels:
        train.notes.add("folders-are-labels", mark("The folders are the labels of the texts in them."))
    say_splits(found, train.notes)
    return found


def _read_tables(
    gathered: Gathered, members: Sequence[Member], options: ReadOptions, staging: Path
) -> Generator[Event, None, dict[str, Part]]:
    splits, left = by_split(members)
    gathered.others += [member.name for member in left]
    total = sum(map(len, splits.values()))
    parts: dict[str, list[tuple[Member, Part]]] = {}
    unreadable: dict[str, StudioError] = {}
    for split, files in splits.items():
        problems: list[StudioError] = []
        for number, member in enumerate(files):
            out = staging / f"{split}-{number}.arrow"
            called = PurePosixPath(member.name).name if total == 1 else member.name
            try:
                part = yield from read_part(member.path, options, out, called)
            except StudioError as error:
                problems.append(error)
                unreadable[member.name] = error
            else:
                parts.setdefault(split, []).append((member, part))
        if problems and split not in parts and (split == "train" or len(files) == 1):
            raise problems[0]
    is_marked = _need_marks([member for member, _ in parts["train"]])
    found: dict[str, Part] = {}
    for split, pairs in parts.items():
        found[split] = _joined(pairs, is_marked, staging / f"{split}.arrow", gathered)
    train = found["train"]
    train = found["train"] = replace(train, title=_title(gathered, parts["train"]))
    _leave_out_other_columns(found)
    say_unreadable(unreadable, train.notes)
    say_splits(found, train.notes)
    return found


def _title(gathered: Gathered, pairs: Sequence[tuple[Member, Part]]) -> str:
    """Name a dataset after its only training file, else after what was dropped."""
    return PurePosixPath(pairs[0][0].name).name if len(pairs) == 1 else gathered.title


def by_split(members: Sequence[Member]) -> tuple[Splits, list[Member]]:
    """Sort files by split. Where some are named for training, those named for nothing are left out."""
    splits: Splits = {split: [] for split in SPLITS}
    unnamed: list[Member] = []
    for member in members:
        split = split_of(bare(PurePosixPath(member.name).name))[1] or folder_split(member)
        (splits[split] if split else unnamed).append(member)
    left: list[Member] = []
    if not splits["train"]:
        splits["train"] = unnamed
    else:
        left += unnamed
    _need_training(splits)
    for split, files in splits.items():
        kept = _in_one_format(files)
        left += [member for member in files if member not in kept]
        splits[split] = kept
    return splits, left


def _in_one_format(members: Sequence[Member]) -> list[Member]:
    """Return the files of the format that most bytes are in: the same rows often lie there in two.

    All texts are of one format, but a text that stands there as PDF and as plain text, say, is read once.
    """
    sizes: Counter[str] = Counter()
    for member in members:
        sizes[_format(member)] += member.path.stat().st_size
    best = max(sizes, key=lambda each: sizes[each], default="")
    kept = [member for member in members if _format(member) == best]
    if best != TEXT:
        return kept
    plainest: dict[str, Member] = {}
    for member in sorted(kept, key=lambda each: TEXTS.index(each.ending)):
        plainest.setdefault("/".join((*member.folders, bare(PurePosixPath(member.name).name))), member)
    return [member for member in kept if member in plainest.values()]


def _format(member: Member) -> str:
    return TEXT if member.ending in TEXTS else member.ending


def _need_training(splits: Splits) -> None:
    """Train on what there is where nothing is named so."""
    if not splits["train"]:
        split = next(split for split in SPLITS if splits[split])
        splits["train"], splits[split] = splits[split], []


def _need_marks(members: Sequence[Member]) -> bool:
    """Say whether a column should tell which file a row is from: not for one file, nor for the pieces of one table."""
    in_one_folder = len({label_of(member) for member in members}) == 1
    return not (in_one_folder and are_shards([PurePosixPath(member.name).name for member in members]))


def mark_of(member: Member, labels: Sequence[str]) -> str:
    """Return a file's mark: its folder where every file lies in one of its own, else its name without split and ending."""
    label, name = label_of(member), bare(PurePosixPath(member.name).name)
    if label and len(set(labels)) == len(labels):
        return label
    rest, split = split_of(name)
    return "/".join(filter(None, (label, rest if split and rest else name)))


def _joined(pairs: Sequence[tuple[Member, Part]], is_marked: bool, out: Path, gathered: Gathered) -> Part:
    """Write files with the same columns one behind the other; one with others is left out, which is said."""
    first = pairs[0][1]
    if len(pairs) == 1 and not is_marked:
        return first
    alike = [
        (member, part) for member, part in pairs if set(part.columns) == set(first.columns) or _is_bare(part, first)
    ]
    left = [member.name for member, part in pairs if (member, part) not in alike]
    labels = [label_of(member) for member, _ in alike]
    column = free_name("file", first.columns)
    with TableWriter(out, first.notes, [*first.columns, *([column] if is_marked else [])]) as writer:
        for member, part in alike:
            for batch in read_batches(part.path):
                names = first.columns if _is_bare(part, first) else part.columns
                cells = dict(zip(names, batch.columns, strict=True))
                writer.write(cells | ({column: [mark_of(member, labels)] * len(batch)} if is_marked else {}))
            part.path.unlink()
            merge(first.notes, part.notes)
    if len(alike) > 1:
        first.notes.add(
            "files-joined",
            mark("{count} files were read one behind the other: {names}."),
            count=len(alike),
            names=some([member.name for member, _ in alike]),
        )
    if left:
        first.notes.add(
            "files-differ",
            mark("{count} {count:file has|files have} other columns and {count:was|were} left out: {names}."),
            count=len(left),
            names=some(left),
        )
    return part_of(gathered.title, out, writer, first.notes)


def _is_bare(part: Part, first: Part) -> bool:
    """Say whether a file without a header is as wide as the first one."""
    return not part.notes.header and len(part.columns) == len(first.columns)


def merge(into: Notes, other: Notes) -> None:
    """Add what was noted of a further file; where it was is not told, for rows count from its own beginning."""
    if into is not other:
        for code, note in other.found.items():
            into.add(code, note.message, count=note.count, **note.values)


def _leave_out_other_columns(found: dict[str, Part]) -> None:
    """Leave out held-out files that lack a column of the training file (such as the label, on purpose)."""
    train = found["train"]
    for split in [each for each in found if each != "train"]:
        missing = [name for name in train.columns if name not in found[split].columns]
        if missing and not _is_bare(found[split], train):
            train.notes.add(
                f"{split}-left-out",
                mark("“{name}” was left out: it has no column “{column}”."),
                name=found[split].title,
                column=missing[0],
            )
            del found[split]


def say_splits(found: Mapping[str, Part], notes: Notes) -> None:
    """Tell that files were told apart by their names, where they were."""
    if len(found) > 1:
        rows = {split: found[split].rows if split in found else 0 for split in SPLITS}
        notes.add(
            "split-by-files",
            mark("The names of the files split the rows: {train} to train, {validation} to validate, {test} to test."),
            train=rows["train"],
            validation=rows["validation"],
            test=rows["test"],
        )


def _say_beside(code: str, message: str, members: Sequence[Member], notes: Notes) -> None:
    """Tell which files were left out for what they are."""
    if members:
        notes.add(code, message, count=len(members), names=some([member.name for member in members]))


def part_of(title: str, path: Path, writer: TableWriter, notes: Notes) -> Part:
    """Return what was written as a part."""
    return Part(
        title=title,
        path=path,
        columns=tuple(writer.columns),
        rows=writer.rows,
        fingerprint=writer.fingerprint(),
        notes=notes,
    )
