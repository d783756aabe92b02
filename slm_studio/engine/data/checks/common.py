"""Checks for every task: empty, repeated and nearly repeated rows, leaks, personal data, texts that are too long."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from slm_studio.core.dataset import Finding
from slm_studio.core.emptiness import is_empty
from slm_studio.core.recipes import certain_length
from slm_studio.core.results import LIST
from slm_studio.core.tasks.info import Reads
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import LOOKED_AT, Check, Look, finding
from slm_studio.engine.data.cleaning import row_keys
from slm_studio.engine.data.describe import count_tokens
from slm_studio.engine.data.near import near_duplicates
from slm_studio.engine.data.privacy import PATTERNS, find_personal
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.splits import among, fold

MARKING: tuple[Reads, ...] = ("tags", "spans")  # answers that say what stands where, not of which kind a text is


def _empty(look: Look) -> Iterator[Finding]:
    for role, cells in look.needed():
        places = [place for place, cell in enumerate(cells) if is_empty(cell)]
        if not places or (role.asked and look.info.packs) or look.info.answers == "order":
            continue  # between paragraphs empty rows are wanted, and what a list lacks its own checks say
        if role.reads == "labels" and look.dataset.column(look.roles[role.name]).joins not in ("", LIST):
            continue  # nothing is how a row without a label is written
        yield finding(
            f"empty-{role.name}",
            mark("{count} {count:row has|rows have} no text.")
            if role.asked
            else mark("{count} {count:row has|rows have} no marks, not even an empty list of them.")
            if role.reads in MARKING
            else mark("{count} {count:row has|rows have} no number.")
            if role.reads == "number"
            else mark("{count} {count:row has|rows have} no text in “{column}”.")
            if role.reads == "text"
            else mark("{count} {count:row has|rows have} no label."),
            mark("{count:It is|They are} left out of training and scoring."),
            fix="remove_empty",
            places=places,
            column=look.roles[role.name],
        )


def _repeated(look: Look) -> Iterator[Finding]:
    """Find rows that stand twice, and texts with two answers."""
    if look.info.packs or not look.texts:
        return
    seen: dict[int, set[str]] = defaultdict(set)
    first: dict[tuple[int, str], int] = {}
    doubled = []
    labels = look.answers or [""] * len(look.texts)
    for place, key in enumerate(look.keys.tolist()):
        if not key:
            continue
        label = fold(labels[place])
        if (key, label) in first:
            doubled.append(place)
        first.setdefault((key, label), place)
        if label:
            seen[key].add(label)
    if doubled:
        yield finding(
            "duplicates",
            mark("{count} {count:row repeats|rows repeat} an earlier one."),
            mark("They weigh more than others. (The split keeps them on one side, so scores stay honest.)"),
            fix="remove_duplicates",
            places=doubled,
        )
    writes = look.info.answer is not None and look.info.answer.reads == "text"  # of which more than one may be right
    torn = set() if writes else {key for key, found in seen.items() if len(found) > 1}
    if torn:
        yield finding(
            "conflicts",
            mark("{count} {count:text is|texts are} marked in different ways in different rows.")
            if look.info.answer and look.info.answer.reads in MARKING
            else mark("{count} {count:text has|texts have} two different numbers.")
            if look.info.answer and look.info.answer.reads == "number"
            else mark("{count} {count:text has|texts have} two different labels."),
            mark("No model can be right about them."),
            fix="remove_conflicts",
            places=(place for place, key in enumerate(look.keys.tolist()) if key in torn),
            count=len(torn),
        )


def _near(look: Look) -> Iterator[Finding]:
    if look.info.packs or not look.texts:
        return
    pairs = [pair for pair in near_duplicates(look.texts, look.keys) if look.asks_alike(*pair)]
    if pairs:
        yield finding(
            "near-duplicates",
            mark("{count} {count:row is|rows are} nearly the same as an earlier one."),
            mark("Where one is learnt and the other scored, the score is too good."),
            places=sorted({later for _, later in pairs}),
        )


def _leaks(look: Look) -> Iterator[Finding]:
    if not look.asked:
        return
    known = look.keys
    for split in look.dataset.held_out:
        table = open_table(look.dataset.part(split)).slice(0, LOOKED_AT)  # type: ignore[arg-type]
        inside = among(row_keys(table, tuple(look.asked.values())), known[known != 0])
        if inside.any():
            yield finding(
                f"leak-{split}",
                mark("{count} {split} {count:row stands|rows stand} in the training rows too."),
                mark("They are known by heart, so the score is too good."),
                fix="remove_leaks",
                places=np.flatnonzero(inside).tolist(),
                split=split,
            )


def _personal(look: Look) -> Iterator[Finding]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(look.texts[:200_000]):
        for code in {code for code, _ in find_personal(text)}:
            places[code].append(place)
    for pattern in PATTERNS:
        if places[pattern.code]:
            yield finding(
                pattern.code,
                pattern.message,
                mark("A model may repeat them to strangers."),
                fix="mask_personal",
                places=places[pattern.code],
            )


def _long(look: Look) -> Iterator[Finding]:
    limit = certain_length(look.recipe)
    if not limit or not look.texts or not look.info.cuts:
        return
    lengths = count_tokens(pa.array(look.texts, pa.large_string()))
    places = np.flatnonzero(lengths > limit)
    if len(places):
        yield finding(
            "too-long",
            mark("{count} {count:text is|texts are} longer than about {limit} tokens; the longest has {longest}."),
            mark("Only the first {limit} tokens are read. Raise the maximum length, or split the texts."),
            places=places.tolist(),
            limit=limit,
            longest=int(lengths.max()),
        )


CHECKS: tuple[Check, ...] = (_empty, _repeated, _near, _leaks, _personal, _long)
