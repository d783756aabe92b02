"""What only rows to classify can lack."""

from collections.abc import Iterator

from slm_studio.core.dataset import Finding
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.labels import judge_labels
from slm_studio.engine.data.checks.look import Check, Look, finding
from slm_studio.engine.data.hopeless import FEWEST

FEW = 50  # rows


def _few(look: Look) -> Iterator[Finding]:
    rows = look.table.num_rows
    if rows < FEW:
        yield finding(
            "too-few-rows",
            mark("There {count:is|are} only {count} {count:row|rows}."),
            mark(
                "A model learns these by heart and guesses at everything else. From 50 rows a label on, results become useful."
            ),
            count=rows,
            serious=rows < 2 * FEWEST,
        )


CHECKS: tuple[Check, ...] = (_few, judge_labels)
