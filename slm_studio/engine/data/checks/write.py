"""What only text to write like can lack."""

from collections.abc import Iterator

from slm_studio.core.dataset import Finding
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import Check, Look, finding

SOME_PAGES, LEAST = 2000, 100  # characters


def _little(look: Look) -> Iterator[Finding]:
    length = sum(map(len, look.texts))
    if look.asked and length < SOME_PAGES:
        yield finding(
            "too-little-text",
            mark("There {count:is|are} only {count} {count:character|characters} of text."),
            mark("A model that writes needs at least some pages; with less it repeats them."),
            count=length,
            serious=length < LEAST,
        )


CHECKS: tuple[Check, ...] = (_little,)
