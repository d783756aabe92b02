"""What can be wrong with labels: one only, as many as rows, rare ones, uneven ones, the same one spelled twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from slm_studio.core.dataset import Dataset, Finding
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import Look, finding
from slm_studio.engine.data.hopeless import is_no_label
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.unseen import unseen_labels

RARE = 5  # rows below which a label is hardly learnt
UNEVEN = 20  # times as many rows as the rarest label


def judge_labels(look: Look) -> Iterator[Finding]:
    """Judge the label column as a whole."""
    counts, column = look.counts, answer_column(look)
    total = sum(counts.values())
    if not total:
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
