"""What only lists of candidates can lack: candidates, a second one, scores for all of them, a right text."""

from collections.abc import Iterator

from slm_studio.core.candidate_columns import OWNS
from slm_studio.core.dataset import Finding
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import Check, Look, finding
from slm_studio.engine.data.lists import MOST, texts_in, troubles_in

FEW = 100  # lists


def _lists(look: Look) -> Iterator[Finding]:
    if "candidates" not in look.roles:
        return
    cells = {role: look.cells(role) for role in ("candidates", *OWNS, "reference") if role in look.roles}
    scores = [cells[role] for role in OWNS if role in cells]
    found = troubles_in(cells["candidates"], scores, cells.get("reference"))
    if found.without:
        yield finding(
            "lists-without",
            mark("{count} {count:row holds|rows hold} no list of candidates."),
            mark("A model made from nothing learns from their right texts all the same; else they are left out."),
            places=found.without,
        )
    if found.lone:
        yield finding(
            "lists-lone",
            mark("{count} {count:list holds|lists hold} one candidate only."),
            mark("There is nothing to choose, so no weight is learnt from them."),
            places=found.lone,
        )
    if found.unanswered:
        yield finding(
            "lists-unanswered",
            mark("{count} {count:list has|lists have} no right text."),
            mark("They are left out of training and scoring."),
            places=found.unanswered,
        )
    if found.unscored:
        yield finding(
            "lists-unscored",
            mark("In {count} {count:list|lists} there are not as many scores as candidates, or they are no numbers."),
            mark("These scores are left out. Mend them, or the list."),
            places=found.unscored,
        )
    if found.longer:
        yield finding(
            "lists-longer",
            mark("{count} {count:list holds|lists hold} more than {most} candidates."),
            mark("Only the first {most} are looked at."),
            places=found.longer,
            most=MOST,
        )
    if "reference" in cells:
        yield from _out_of_reach(cells["candidates"], cells["reference"])
    held = look.table.num_rows - len(found.without)
    if held < FEW:
        yield finding(
            "few-lists",
            mark("There {count:is|are} only {count} {count:list|lists}."),
            mark(
                "The weights are {weights} numbers and need some hundred lists; fewer say little about how well it does."
            ),
            count=held,
            weights=2 + max(1, len(scores)),  # of the model and of the length, too
        )


def _out_of_reach(candidates: list[str], references: list[str]) -> Iterator[Finding]:
    """Say in how many lists the right text does not stand: there no order brings it."""
    lists = [
        (texts, right.split())
        for cell, right in zip(candidates, references, strict=True)
        if (texts := texts_in(cell)) and right.strip()
    ]
    without = sum(all(text.split() != right for text in texts) for texts, right in lists)
    if lists and without > len(lists) / 2:
        yield finding(
            "right-out-of-reach",
            mark("In {share} % of the lists the right text is not among the candidates."),
            mark("No order brings it there: the errors at best say what can be reached. Longer lists help."),
            count=without,
            share=round(100 * without / len(lists)),
        )


CHECKS: tuple[Check, ...] = (_lists,)
