"""What was remarked, in the person's language: of a report, of a file that was answered."""

from collections.abc import Sequence

from slm_studio.core.dataset import Remark
from slm_studio.core.texts import say


def remarks_words(remarks: Sequence[Remark]) -> str:
    """Return what the numbers do not say by themselves, a line each."""
    return "\n".join(say(each.message, each.told) for each in remarks)
