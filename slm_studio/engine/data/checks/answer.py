"""What only questions about passages can lack: an answer that stands in the passage, where the file says it does."""

from collections.abc import Iterator

from slm_studio.core.dataset import Finding
from slm_studio.core.quotes import truth_of
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import Check, Look, finding

FEW = 300  # questions


def _quotes(look: Look) -> Iterator[Finding]:
    if not {"question", "passage", "answer"} <= set(look.roles):
        return
    cells = {role: look.cells(role) for role in look.roles}
    starts = cells.get("start") or [""] * len(cells["answer"])
    fates = [truth_of(*each).fate for each in zip(cells["passage"], cells["answer"], starts, strict=True)]
    if lost := [place for place, fate in enumerate(fates) if fate == "lost"]:
        yield finding(
            "answers-lost",
            mark("{count} {count:row has|rows have} a passage without {count:its|their} answer."),
            mark("A model can only point at what stands there: these rows are not learnt from. Mend the answer or the passage."),
            places=lost,
        )  # fmt: skip
    if moved := [place for place, fate in enumerate(fates) if fate == "moved"]:
        yield finding(
            "answers-moved",
            mark("{count} {count:answer does|answers do} not stand at {count:its|their} place in the passage."),
            mark("The nearest place where the same words stand is taken instead."),
            places=moved,
        )
    if look.table.num_rows < FEW:
        yield finding(
            "too-few-questions",
            mark("There {count:is|are} only {count} {count:question|questions}."),
            mark("From nothing a model learns little of them. Thousands are good, or continue a model that knows the language."),
            count=look.table.num_rows,
        )  # fmt: skip


CHECKS: tuple[Check, ...] = (_quotes,)
