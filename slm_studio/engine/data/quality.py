"""Quality: what in the rows would hurt a model, counted, with examples, the cost and the step that mends it."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from slm_studio.core.dataset import Dataset, Finding
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.recipe import Recipe
from slm_studio.core.texts import mark
from slm_studio.engine.data.cleaning import row_keys
from slm_studio.engine.data.describe import count_tokens
from slm_studio.engine.data.findings import Check, Look, finding
from slm_studio.engine.data.near import near_duplicates
from slm_studio.engine.data.privacy import PATTERNS, find_personal
from slm_studio.engine.data.quality_labels import is_no_label, judge_labels
from slm_studio.engine.data.rows import Rows, open_table
from slm_studio.engine.data.splits import among, fold

LOOKED_AT = 1_000_000  # rows that are looked at
FEWEST = 4  # rows without which nothing can be learnt
FEW = 50


def check_dataset(dataset: Dataset, recipe: Recipe) -> Iterator[Event]:
    """Look for what would hurt. Ends in Finished(tuple[Finding, …]), the serious ones first."""
    roles = {role: column for role, column in recipe.roles.items() if column and dataset.column(column)}
    look = Look(dataset, recipe, open_table(dataset.part()).slice(0, LOOKED_AT), roles)
    found: list[Finding] = []
    for done, check in enumerate(CHECKS):
        yield Progress(mark("Checking rows"), done, len(CHECKS))
        found.extend(check(look))
    yield Finished(tuple(sorted(found, key=lambda each: not each.serious)))


def refuse_hopeless(rows: Rows, recipe: Recipe) -> None:
    """Raise StudioError for rows from which nothing can be learnt. (The trainer asks before it builds a net.)"""
    if not len(rows):
        raise StudioError("no-rows", "There are no rows to learn from.", "Choose a file with rows in it.")
    if "text" in rows.roles and not any(cell.strip() for cell in rows.column("text")):
        raise StudioError(
            "no-text",
            "Column “{column}” is empty.",
            "Choose the column that holds the texts.",
            column=rows.roles["text"],
        )
    if recipe.task == "classify":
        _refuse_labels(rows)


NEEDED = mark(
    "At least {needed} are needed to learn from, besides those that are held out; from 50 rows a label on, results become useful."
)


def _refuse_labels(rows: Rows) -> None:
    labels = whole = _labels_of(rows)
    if len(rows) < rows.table.num_rows:  # a part of the file: what was held out is no lack of labels
        whole = _labels_of(Rows(rows.table, rows.roles))
    total, column = labels.total(), rows.roles["label"]
    if whole.total() >= FEWEST > total:
        raise StudioError(
            "too-few-rows",
            "{total} rows have a label in column “{column}”, but only {rows} of them {rows:is|are} left to learn from: {held} {held:is|are} held out.",
            NEEDED,
            total=whole.total(),
            column=column,
            rows=total,
            held=whole.total() - total,
            needed=FEWEST,
        )
    if total < FEWEST:
        raise StudioError(
            "too-few-rows",
            "Only {rows} {rows:row has|rows have} a label in column “{column}”.",
            NEEDED,
            rows=total,
            column=column,
            needed=FEWEST,
        )
    if len(labels) < 2:
        raise StudioError(
            "one-class",
            "All {rows} rows have the same label “{label}”.",
            "Add rows with another label, or choose another column as the label.",
            rows=total,
            label=next(iter(labels)),
        )
    if is_no_label(len(labels), total):
        raise StudioError(
            "too-many-labels",
            "Column “{column}” has {distinct} different values in {rows} {rows:row|rows}.",
            "Choose a column with a few repeated labels, or pick the task “Write”.",
            column=column,
            distinct=len(whole),
            rows=whole.total(),
        )


def _labels_of(rows: Rows) -> Counter[str]:
    return Counter(label for label in rows.column("label") if label.strip())


def _size(look: Look) -> Iterator[Finding]:
    rows = look.table.num_rows
    if look.recipe.task == "classify" and rows < FEW:
        yield finding(
            "too-few-rows",
            mark("There {count:is|are} only {count} {count:row|rows}."),
            mark(
                "A model learns these by heart and guesses at everything else. From 50 rows a label on, results become useful."
            ),
            count=rows,
            serious=rows < 2 * FEWEST,
        )
    length = pc.sum(pc.utf8_length(look.table.column(look.roles["text"]))).as_py() or 0 if "text" in look.roles else 0
    if look.recipe.task == "write" and "text" in look.roles and length < 2000:
        yield finding(
            "too-little-text",
            mark("There {count:is|are} only {count} {count:character|characters} of text."),
            mark("A model that writes needs at least some pages; with less it repeats them."),
            count=length,
            serious=length < 100,
        )


def _empty(look: Look) -> Iterator[Finding]:
    for role, cells in (("text", look.texts), ("label", look.labels)):
        places = [place for place, cell in enumerate(cells) if not cell.strip()]
        if not places or (role == "text" and look.recipe.task == "write"):
            continue  # between paragraphs empty rows are wanted
        yield finding(
            f"empty-{role}",
            mark("{count} {count:row has|rows have} no text.")
            if role == "text"
            else mark("{count} {count:row has|rows have} no label."),
            mark("{count:It teaches|They teach} that nothing means something.")
            if role == "text"
            else mark("{count:It is|They are} left out of training and scoring."),
            fix="remove_empty",
            places=places,
        )


def _repeated(look: Look) -> Iterator[Finding]:
    """Find rows that stand twice, and texts with two labels."""
    if look.recipe.task == "write" or not look.texts:
        return
    seen: dict[int, set[str]] = defaultdict(set)
    first: dict[tuple[int, str], int] = {}
    doubled = []
    labels = look.labels or [""] * len(look.texts)
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
    torn = {key for key, found in seen.items() if len(found) > 1}
    if torn:
        yield finding(
            "conflicts",
            mark("{count} {count:text has|texts have} two different labels."),
            mark("No model can be right about them."),
            fix="remove_conflicts",
            places=(place for place, key in enumerate(look.keys.tolist()) if key in torn),
            count=len(torn),
        )


def _near(look: Look) -> Iterator[Finding]:
    if look.recipe.task == "write" or not look.texts:
        return
    pairs = near_duplicates(look.texts, look.keys)
    if pairs:
        yield finding(
            "near-duplicates",
            mark("{count} {count:row is|rows are} nearly the same as an earlier one."),
            mark("Where one is learnt and the other scored, the score is too good."),
            places=sorted({later for _, later in pairs}),
        )


def _leaks(look: Look) -> Iterator[Finding]:
    if "text" not in look.roles:
        return
    known = look.keys
    for split in look.dataset.held_out:
        table = open_table(look.dataset.part(split)).slice(0, LOOKED_AT)  # type: ignore[arg-type]
        inside = among(row_keys(table, {"text": look.roles["text"]}), known[known != 0])
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
    limit = look.recipe.settled().max_length
    if not limit or "text" not in look.roles or look.recipe.task == "write":
        return  # writing cuts its text into blocks, nothing is lost
    lengths = count_tokens(look.table.column(look.roles["text"]))
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


CHECKS: tuple[Check, ...] = (_size, judge_labels, _empty, _repeated, _near, _leaks, _personal, _long)
