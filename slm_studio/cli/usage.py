"""Words on the command line that do not fit: one sentence and where to look, instead of leaving the process."""

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import listed
from slm_studio.core.numerals import plain_numbers

NEGATIVE = re.compile(r"-\.?\d")  # what begins so is a number or several, such as -3.1,-3, and no flag


class UsageError(StudioError):
    """The words on the command line do not fit; the command ends with status 2."""

    def __init__(self, message: str, hint: str, **values: str) -> None:
        super().__init__("usage", message, hint, **values)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError. Flags are written out: half a flag is no flag."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False} | settings)

        self._negative_number_matcher = NEGATIVE

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError("{reason}", "See: {program} --help", reason=_sentence(message), program=self.prog)

    def parse_all(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse `words`. Raises UsageError where some of them mean nothing."""
        arguments, left = self.parse_known_args(list(words))
        if left:
            raise UsageError(
                "“{words}” means nothing to {program}.", "See: {program} --help",
                words=" ".join(left), program=getattr(arguments, "program", self.prog),
            )  # fmt: skip
        return arguments

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        try:
            return super()._match_argument(action, arg_strings_pattern)
        except argparse.ArgumentError:
            if not action.option_strings or action.nargs is not None:
                raise
            raise lacks_value("/".join(action.option_strings)) from None

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        known = ", ".join(map(str, action.choices))
        if isinstance(action, argparse._SubParsersAction):
            message = "{program} has no {what} “{word}”."
            what = str(action.metavar).lower()
        else:
            message, what = "{what} cannot be “{word}”.", "/".join(action.option_strings) or str(action.metavar)
        raise UsageError(message, "Choose one of: {known}.", program=self.prog, what=what, word=str(value), known=known)


def whole_number(word: str) -> int:
    """Read a flag's whole number."""
    try:
        return int(plain_numbers(word))
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{word}” is not a whole number") from None


def number(word: str) -> float:
    """Read a flag's number."""
    try:
        return float(plain_numbers(word))
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{word}” is not a number") from None


def whole_numbers(word: str) -> tuple[int, ...]:
    """Read a flag's list of whole numbers."""
    try:
        return listed(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{word}” is not a list of whole numbers such as 64,32") from None


def count(word: str) -> int:
    """Read a flag's number of things: one at least."""
    found = whole_number(word)
    if found < 1:
        raise argparse.ArgumentTypeError(f"“{word}” is not a number from 1 on")
    return found


def role_and_column(word: str) -> tuple[str, str]:
    """Read NAME=COL."""
    role, equals, column = word.partition("=")
    if not (role and equals and column):
        raise argparse.ArgumentTypeError(f"“{word}” is not of the form NAME=COL, for example text=message")
    return role, column


def lacks_value(name: str) -> UsageError:
    """Return what is said of a flag without a value."""
    return UsageError(
        "{flag} lacks its value.", "Write {flag} VALUE; a value that begins with a hyphen: {flag}=VALUE", flag=name
    )


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")
