"""What can be wrong with labels: one only, as many as rows, rare ones, uneven ones, the same one spelled twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from slm_studio.core.dataset import Dataset, Finding
from slm_studio.core.texts import mark
from slm_studio.engine.data.amounts import amounts_in
from slm_studio.engine.data.checks.look import Look, finding
from slm_studio.engine.data.hopeless import is_no_label
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.unseen import unseen_labels

RARE = 5  # rows below which a label is hardly learnt
FAR = 10  # times the range of the middle half beyond which a number is odd
UNEVEN = 20  # times as many rows as the rarest label


def judge_labels(look: Look) -> Iterator[Finding]:
    """Judge the label column as a whole."""
    counts, column = look.counts, answer_column(look)
    total = sum(counts.values())
    if not total or not look.labels:
        return
    if len(counts) == 1:
        yield finding(
            "one-class",
            mark("All rows have the same label “{label}”."),
            mark("There is nothing to tell apart, so nothing can be learnt."),
            count=total,
            serious=True,
            label=next(iter(counts)),
        )
    elif is_no_label(len(counts), total):
        other = _better_label(look.dataset, column)
        yield finding(
            "too-many-labels",
            mark(
                "Column “{column}” has {distinct} different values in {count} {count:row|rows}. “{other}” looks more like labels."
            )
            if other
            else mark("Column “{column}” has {distinct} different values in {count} {count:row|rows}."),
            mark("Every label needs several rows to be learnt."),
            count=total,
            serious=True,
            column=column,
            distinct=len(counts),
            other=other,
        )
    else:
        yield from _shares(look, counts, total)
        yield from _variants(counts)
        yield from _strangers(look)


def judge_sets(look: Look) -> Iterator[Finding]:
    """Judge labels of which a row may have several."""
    counts, rows = look.counts, len(look.sets)
    if not rows:
        return
    if len({frozenset(each) for each in look.sets}) < 2:
        yield finding(
            "one-class",
            mark("All rows have the same label “{label}”.") if counts else mark("No row has a label."),
            mark("There is nothing to tell apart, so nothing can be learnt."),
            count=rows,
            serious=True,
            label=", ".join(look.sets[0]),
        )
        return
    rare = {label for label, count in counts.items() if count < RARE}
    if rare:
        yield finding(
            "rare-labels",
            mark("{count} {count:label has|labels have} fewer than {fewest} rows, such as “{label}”."),
            mark("They are hardly ever predicted, and cannot be judged."),
            places=(place for place, labels in enumerate(look.sets) if rare & set(labels)),
            count=len(rare),
            fewest=RARE,
            label=min(rare, key=lambda label: (counts[label], label)),
        )
    yield from _variants(counts)


def judge_numbers(look: Look) -> Iterator[Finding]:
    """Judge a column of numbers: cells that hold none, numbers that are all the same, odd ones far away."""
    if not look.info.answer or look.info.answer.reads != "number" or not look.answers:
        return
    column, amounts = answer_column(look), amounts_in(look.answers)
    odd = [
        place
        for place, (cell, amount) in enumerate(zip(look.answers, amounts, strict=True))
        if cell.strip() and amount is None
    ]
    known = np.array([amount for amount in amounts if amount is not None])
    if odd:
        yield finding(
            "no-numbers",
            mark("{count} {count:cell|cells} of “{column}” {count:is|are} no number, such as “{cell}”."),
            mark("{count:It is|They are} left out of training and scoring."),
            places=odd,
            serious=not len(known),
            column=column,
            cell=look.answers[odd[0]][:60],
        )
    if len(known) and known.min() == known.max():
        yield finding(
            "one-number",
            mark("All rows have the same number {number}."),
            mark("There is nothing to tell apart, so nothing can be learnt."),
            count=len(known),
            serious=True,
            number=f"{known[0]:g}",
        )
        return
    far = _far_away(amounts, known)
    if far:
        yield finding(
            "numbers-far",
            mark("{count} {count:number lies|numbers lie} far from all others, such as {number}."),
            mark("Numbers like these count more than many others together, because the error is squared."),
            places=far,
            number=look.answers[far[0]][:60],
        )


def _far_away(amounts: Sequence[float | None], known: np.ndarray) -> list[int]:
    """Return the places of numbers that lie more than ten times the range of the middle half away from it."""
    low, high = np.percentile(known, [25, 75]) if len(known) else (0.0, 0.0)
    room = FAR * (high - low)
    return [
        place
        for place, amount in enumerate(amounts)
        if room and amount is not None and not low - room <= amount <= high + room
    ]


def answer_column(look: Look) -> str:
    """Return the column of the true answers."""
    return look.roles.get(look.info.answer.name, "") if look.info.answer else ""


def _better_label(dataset: Dataset, column: str) -> str:
    found = [each for each in dataset.columns if each.name != column and each.kind == "label" and each.distinct > 1]
    return min(found, key=lambda each: each.distinct).name if found else ""


def _shares(look: Look, counts: Counter[str], total: int) -> Iterator[Finding]:
    rare = {label for label, count in counts.items() if count < RARE}
    if rare:
        yield finding(
            "rare-labels",
            mark("{count} {count:label has|labels have} fewer than {fewest} rows, such as “{label}”."),
            mark("They are hardly ever predicted, and cannot be judged."),
            places=(place for place, label in enumerate(look.labels) if label in rare),
            count=len(rare),
            fewest=RARE,
            label=min(rare, key=lambda label: (counts[label], label)),
        )
    (most, many), (least, few) = (
        max(counts.items(), key=lambda pair: pair[1]),
        min(counts.items(), key=lambda pair: pair[1]),
    )
    if many >= UNEVEN * few or many >= 0.9 * total:
        yield finding(
            "imbalance",
            mark("“{most}” has {many} {many:row|rows}, “{least}” only {few}."),
            mark(
                "A model that always says “{most}” is right in {share} % of the rows. Watch macro F1, or set class weights to balanced."
            ),
            count=len(counts),
            most=most,
            many=many,
            least=least,
            few=few,
            share=round(100 * many / total),
        )


def _strangers(look: Look) -> Iterator[Finding]:
    """Find labels of the person's own held-out rows that the training rows do not have."""
    for split in look.dataset.held_out:
        cells = open_table(look.dataset.part(split)).column(answer_column(look)).to_pylist()  # type: ignore[arg-type]
        found = unseen_labels(look.counts, cells)
        if found is not None:
            yield Finding(
                code=f"labels-unseen-{split}",
                message=found.message,
                cost=mark(
                    "The score is lower than the model deserves. Add such rows to learn from, or mend the labels."
                ),
                count=found.rows,
                values=found.values(split),
            )


def _variants(counts: Counter[str]) -> Iterator[Finding]:
    spelled = defaultdict(set)
    for label in counts:
        spelled[" ".join(label.casefold().split())].add(label)
    variants = {label for group in spelled.values() if len(group) > 1 for label in group}
    if variants:
        yield finding(
            "label-variants",
            mark("{count} {count:label differs|labels differ} only in case or spaces: {labels}."),
            mark("They are learnt as different answers."),
            fix="merge_labels",
            count=len(variants),
            labels=", ".join(f"“{label}”" for label in sorted(variants)[:6]),
        )
