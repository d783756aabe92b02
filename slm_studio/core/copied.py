"""Copied: the longest stretch of what a model wrote that stands in the text that it learnt from."""

from dataclasses import dataclass

from slm_studio.core.texts import mark

# Characters from which on a stretch is called copied: of Chinese, where a character is a word, fewer. Shorter ones say nothing:
# “in the middle of the ” stands in every book.
LEAST, LEAST_HAN = 30, 10
# Why there is nothing to compare with, or not all of it.
UNTOLD = mark("This model does not say what it learnt from: what it writes cannot be compared with that.")
GONE = mark("The text that this model learnt from, “{dataset}”, is not here any more: what it writes cannot be compared with it.")  # fmt: skip
BASE_UNTOLD = mark("What its base had learnt from before is not here: with that nothing was compared.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """The longest stretch, where one is as long as `least`: `start` to `end` of the part at `part`.

    Case does not count, and blanks and line breaks in a row count as one.
    """

    text: str = ""
    part: int = 0
    start: int = 0
    end: int = 0
    least: int = LEAST
    read: int = 0  # characters of training text that it was compared with; 0: `why` says why none
    why: str = ""  # a template: what could not be compared, or ""
    dataset: str = ""

    @property
    def length(self) -> int:
        """Return the characters of the stretch; 0 where none is long enough."""
        return len(self.text)
