"""What only rows to classify can lack."""

from collections.abc import Iterator

from slm_studio.core.dataset import Finding
from slm_studio.core.texts import mark
from slm_studio.engine.data.amounts import amounts_in
from slm_studio.engine.data.checks.labels import judge_labels, judge_numbers, judge_sets
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


def _weights(look: Look) -> Iterator[Finding]:
    if "weight" not in look.roles:
        return
    cells = look.cells("weight")
    bad = [
        place
        for place, weight in enumerate(amounts_in(cells))
        if cells[place].strip() and (weight is None or weight < 0)
    ]
    if bad:
        yield finding(
            "weights-odd",
            mark("{count} {count:weight is|weights are} no number from 0 on, such as “{cell}”."),
            mark("{count:It counts|They count} as 1."),
            places=bad,
            cell=cells[bad[0]][:60],
        )


CHECKS: tuple[Check, ...] = (_few, judge_labels, judge_sets, judge_numbers, _weights)
