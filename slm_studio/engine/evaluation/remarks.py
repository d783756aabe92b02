"""What a number does not say by itself: labels it says nothing of, texts of which the model saw the beginning."""

from collections.abc import Iterator, Sequence

from slm_studio.core.dataset import Remark
from slm_studio.core.texts import mark

SHOWN = 5  # labels that a sentence names


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


def _remark(code: str, message: str, count: int, **values: str | int) -> Remark:
    return Remark(code=code, message=message, count=count, values={"count": count, **values})


def _named(labels: Sequence[str]) -> str:
    names = [f"“{label}”" for label in labels]
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
