"""Which rows of a file a model has learnt already: a score on them says what it remembers, not how well it does."""

from collections.abc import Sequence

import numpy as np

from slm_studio.engine.data.splits import among, fold, text_keys

TELLING = 24  # letters below which a line of a text says nothing by itself (“Yes.”): it counts as the line before it


def learnt_rows(texts: Sequence[str], train: Sequence[str], *, reads_on: bool) -> np.ndarray:
    """Return for each of some texts whether it is one of those that were learnt; case and spaces do not count, nor do blanks.

    `reads_on`: they are the lines of one text.
    """
    found = among(text_keys(texts), text_keys(train)) & np.array([bool(text.strip()) for text in texts], bool)
    if not reads_on:
        return found
    for place, text in enumerate(texts):
        if len(fold(text)) < TELLING:
            found[place] = place > 0 and found[place - 1]
    return found
