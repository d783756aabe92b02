"""What only marked rows can lack: a tag for each word."""

from collections.abc import Iterator

from slm_studio.core.dataset import Finding
from slm_studio.core.tagged import unequal_rows
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import Check, Look, finding


def _unequal(look: Look) -> Iterator[Finding]:
    if not {"text", "tags"} <= set(look.roles):
        return
    texts, tags = (look.cells(role) for role in ("text", "tags"))
    if places := unequal_rows(texts, tags):
        yield finding(
            "tags-unequal",
            mark("{count} {count:row has|rows have} more or fewer tags than words."),
            mark("Tags are taken in their order: words without one are learnt as unmarked, tags without a word are dropped. Mend these rows."),
            places=places,
        )  # fmt: skip


CHECKS: tuple[Check, ...] = (_unequal,)
