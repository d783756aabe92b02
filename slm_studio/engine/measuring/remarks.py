"""What a number does not say by itself: labels it says nothing of, texts of which the model saw the beginning."""

from collections.abc import Iterator, Mapping, Sequence

from slm_studio.core.dataset import Remark
from slm_studio.core.texts import mark
from slm_studio.engine.data import lists
from slm_studio.engine.data.pairs import Troubles
from slm_studio.engine.data.splits import fold

CHANCE = 0.01  # of the scored rows
SHOWN = 5  # labels that a sentence names
NOTHING = (
    "nan",
    "n/a",
    "#n/a",
    "<na>",
    "null",
    "nil",
    "undefined",
    "-",
    "--",
    "?",
    "空",
    "缺失",
)  # “none” may be meant


ON_PAIRS = {  # in the order of what Troubles holds
    "pairs-empty": mark("{count} {count:pair lacks|pairs lack} a word on one side and {count:is|are} left out."),
    "pairs-same": mark("In {count} {count:pair|pairs} the target is the source: there the model learns to change nothing."),
    "pairs-swapped": mark("{count} {count:pair looks|pairs look} swapped: each side is in the language of the other one."),
    "pairs-several": mark("{count} {count:source has|sources have} several right targets; the first counts."),
}  # fmt: skip
SWAPPED = mark(
    "Source and target look swapped: these sources are in the language that the model writes. Name the columns the other way round."
)
STRANGE_LABELS = mark(
    "{rows} {rows:time|times} the {split} rows have a label that training never saw, such as {labels} ({distinct} in all). It counts as missed."
)


def on_missing(true: Sequence[str], learnt: Sequence[str]) -> Iterator[Remark]:
    """Say which labels no scored row has: averages over labels pass them over."""
    missing = [label for label in learnt if label not in set(true)]
    if missing:
        yield _remark(
            "labels-unscored",
            mark(
                "{count} of {labels_learnt} labels {count:has|have} no row among those that were scored ({labels}): the scores say nothing of {count:it|them}."
            ),
            len(missing),
            labels=_named(missing),
            labels_learnt=len(learnt),
        )


def on_known(count: int, rows: int) -> Iterator[Remark]:
    """Say how many scored rows were learnt as well; a few are chance, and change no score."""
    if count > rows * CHANCE:
        yield _remark(
            "rows-known",
            mark(
                "{count} of {rows} scored rows stand among the training rows too: there the score tells what is remembered, not how new rows fare. Clean the rows with “remove leaks”, or give others."
            ),
            count,
            rows=rows,
        )


def on_unlabelled(count: int) -> Iterator[Remark]:
    """Say how many rows were left out for want of a label."""
    yield from _left_out(count, mark("{count} {count:row has|rows have} no label and {count:was|were} left out."))


def on_blank(columns: Mapping[str, int]) -> Iterator[Remark]:
    """Say how many rows were left out because they hold no text, and in which columns."""
    if columns:
        yield _remark(
            "rows-blank",
            mark("{count} {count:row has|rows have} no text in {columns} and {count:was|were} left out."),
            sum(columns.values()),
            columns=" / ".join(f"“{column}”" for column in columns),
        )


def on_no_target(count: int) -> Iterator[Remark]:
    """Say how many pairs were left out for want of a target."""
    yield from _left_out(count, mark("{count} {count:pair has|pairs have} no target and {count:was|were} left out."))


def on_no_right_text(count: int) -> Iterator[Remark]:
    """Say how many lists were left out because nothing says which of them is right."""
    yield from _left_out(
        count, mark("{count} {count:list has|lists have} no right text and {count:was|were} left out.")
    )


def on_no_numbers(count: int) -> Iterator[Remark]:
    """Say how many rows were left out because they hold no number."""
    message = mark("{count} {count:row has|rows have} no number and {count:was|were} left out.")
    yield from _left_out(count, message, "rows-no-number")


def _left_out(count: int, message: str, code: str = "rows-unlabelled") -> Iterator[Remark]:
    if count:
        yield _remark(code, message, count)


def on_no_labels(count: int) -> Iterator[Remark]:
    """Say how many rows have none of the labels: that is learnt, too."""
    if count:
        yield _remark(
            "rows-none",
            mark("{count} {count:row has|rows have} none of the labels, which is learnt as such."),
            count,
        )


def on_writing(decimal: str, unit: str, commas: int) -> Iterator[Remark]:
    """Say how numbers were read, where they could be taken for others."""
    if decimal == "," and commas:
        yield _remark(
            "numbers-comma",
            mark("{count} {count:number is|numbers are} read with a decimal comma: 3,5 is three and a half."),
            commas,
        )
    if unit:
        yield _remark(
            "numbers-per-cent",
            mark(
                "The numbers are read as they stand in front of “{unit}”: 40 {unit} is 40, and answers are in {unit} too."
            ),
            1,
            unit=unit,
        )


def on_weights(bad: int) -> Iterator[Remark]:
    """Say that rows were weighed while learning, and how many weights are none."""
    yield _remark("rows-weighed", mark("Rows were weighed while learning; in the scores each counts once."), 1)
    if bad:
        yield _remark(
            "weights-odd",
            mark("{count} {count:weight is|weights are} no number from 0 on; {count:it counts|they count} as 1."),
            bad,
        )


def on_spellings(labels: Sequence[str]) -> Iterator[Remark]:
    """Say which labels differ only in case or blanks: as they stand each is learnt as one of its own."""
    alike: dict[str, list[str]] = {}
    for label in labels:
        alike.setdefault(fold(label), []).append(label)
    found = [label for group in alike.values() if len(group) > 1 for label in group]
    if found:
        yield _remark(
            "labels-alike",
            mark(
                "{count} labels differ from another one only in case or spaces ({labels}), and each is learnt as a label of its own. Clean the rows with “merge labels” to join them."
            ),
            len(found),
            labels=_named(found),
        )


def on_nothing(labels: Sequence[str]) -> Iterator[Remark]:
    """Say which labels look as if they said that there is none: programs write “nan” where a cell was empty."""
    found = [label for label in labels if fold(label) in NOTHING]
    if found:
        yield _remark(
            "labels-nothing",
            mark(
                "{labels} {count:looks|look} like “no label”, and {count:is|are} learnt as {count:a label|labels} all the same. Empty these cells if their rows should be left out."
            ),
            len(found),
            labels=_named(found),
        )


def on_cut(cut: int, texts: int, limit: int) -> Iterator[Remark]:
    """Say how many texts are longer than the model reads."""
    if cut:
        yield _remark(
            "texts-cut",
            mark(
                "{count} of {texts} texts {count:is|are} longer than {limit} tokens; the model reads their beginning only."
            ),
            cut,
            texts=texts,
            limit=limit,
        )


def on_pairs(troubles: Troubles) -> Iterator[Remark]:
    """Say which pairs teach nothing, or the wrong thing."""
    for (code, message), places in zip(
        ON_PAIRS.items(), (troubles.empty, troubles.same, troubles.swapped, troubles.several), strict=True
    ):
        if places:
            yield Remark(
                code=code, message=message, count=len(places), rows=tuple(places[:SHOWN]), values={"count": len(places)}
            )


def on_lists(troubles: lists.Troubles) -> Iterator[Remark]:
    """Say of how many lists scores, or candidates, are left out."""
    if troubles.unscored:
        yield _remark(
            "lists-unscored",
            mark(
                "In {count} {count:list|lists} there are not as many scores as candidates, or they are no numbers: these scores are left out."
            ),
            len(troubles.unscored),
        )
    if troubles.longer:
        yield _remark(
            "lists-longer",
            mark("Of {count} {count:list|lists} only the first {most} candidates are looked at."),
            len(troubles.longer),
            most=lists.MOST,
        )


def on_same_order() -> Iterator[Remark]:
    """Say that lists came in the order of their own scores, so that both are one method beside the model."""
    message = mark(
        "The lists came in the order of their own scores: the order as it came is that of own scores alone, too."
    )
    yield _remark("lists-by-own-scores", message, 1)


def on_some(scored: int, rows: int) -> Iterator[Remark]:
    """Say that not every answer was written to be compared."""
    if scored < rows:
        message = mark("{count} of {rows} answers were written and compared, taken evenly from all.")
        yield _remark("scored-some", message, scored, rows=rows)


def _remark(code: str, message: str, count: int, **values: str | int) -> Remark:
    return Remark(code=code, message=message, count=count, values={"count": count, **values})


def _named(labels: Sequence[str]) -> str:
    names = [f"“{label}”" for label in labels]
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
