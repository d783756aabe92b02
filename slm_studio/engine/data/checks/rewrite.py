"""What only pairs can lack: a side, a difference, the right order."""

from collections.abc import Iterator

from slm_studio.core.dataset import Finding
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import Check, Look, finding
from slm_studio.engine.data.pairs import troubles_in

FEW = 300  # pairs


def _pairs(look: Look) -> Iterator[Finding]:
    if not {"text", "rewritten"} <= set(look.roles):
        return
    found = troubles_in(*(look.cells(role) for role in ("text", "rewritten")))
    if found.empty:
        yield finding(
            "pairs-empty",
            mark("{count} {count:pair lacks|pairs lack} a word on one side."),
            mark("They are left out. Fill them, where a text was lost."),
            places=found.empty,
        )
    if found.same:
        yield finding(
            "pairs-same",
            mark("In {count} {count:pair|pairs} the target is the source."),
            mark(
                "There the model learns to change nothing, which is right only where nothing is wrong with the source."
            ),
            places=found.same,
        )
    if found.swapped:
        yield finding(
            "pairs-swapped",
            mark("{count} {count:pair looks|pairs look} swapped: each side is in the language of the other one."),
            mark("They teach the wrong direction. Swap their cells."),
            places=found.swapped,
        )
    if found.several:
        yield finding(
            "pairs-several",
            mark("{count} {count:source has|sources have} several right targets; the first counts."),
            mark("Put each target into a row of its own where all of them shall be learnt."),
            places=found.several,
        )
    if look.table.num_rows < FEW:
        yield finding(
            "too-few-pairs",
            mark("There {count:is|are} only {count} {count:pair|pairs}."),
            mark(
                "From nothing a model learns them by heart. Thousands are good, or continue a model that knows the languages."
            ),
            count=look.table.num_rows,
        )


CHECKS: tuple[Check, ...] = (_pairs,)
