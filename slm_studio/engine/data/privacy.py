"""Privacy: personal data in texts, found by patterns and checksums."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from slm_studio.core.texts import mark

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_LETTER = r"A-Za-z0-9"


def is_chinese_id(text: str) -> bool:
    """Say whether 18 characters are a 身份证 number: a date that can be, and the right check digit.

    Example: is_chinese_id("11010519491231002X") (the example of GB 11643-1999) is True.
    """
    digits = text.upper()
    month, day = int(digits[10:12]), int(digits[12:14])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECK[total % 11] == digits[17]


def is_card(text: str) -> bool:
    """Say whether digits (with spaces or dashes) are a payment card number, by Luhn's checksum.

    Example: is_card("4111 1111 1111 1111") is True.
    """
    digits = [int(ch) for ch in text if ch.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_key(text: str) -> bool:
    """A secret mixes letters and digits."""
    return any(ch.isdigit() for ch in text) and any(ch.isalpha() for ch in text)


def _is_phone(text: str) -> bool:
    return 8 <= sum(ch.isdigit() for ch in text) <= 15


def _always(text: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of personal data: its code, what it is called, how it looks and the check that tells it from look-alikes."""

    code: str
    message: str
    mask: str
    look: re.Pattern[str]
    check: Callable[[str], bool] = _always
    hint: str = ""  # a text without this character holds none

    def masked(self, found: re.Match[str]) -> str:
        """Return the mask for what was found, or what was found where it only looks like it."""
        return self.mask if self.check(found[0]) else found[0]


PATTERNS = (
    Pattern(
        "personal-email",
        mark("{count} {count:text holds|texts hold} e-mail addresses."),
        "[EMAIL]",
        re.compile(
            rf"(?<![{_LETTER}._%+-])[{_LETTER}._%+-]{{1,64}}@[{_LETTER}-]{{1,63}}(?:\.[{_LETTER}-]{{1,63}}){{1,4}}"
        ),
        hint="@",
    ),
    Pattern(
        "personal-key",
        mark("{count} {count:text holds|texts hold} what looks like access keys."),
        "[KEY]",
        re.compile(
            rf"(?<![{_LETTER}])(?:sk-[{_LETTER}_-]{{16,}}|hf_[{_LETTER}]{{16,}}|gh[pousr]_[{_LETTER}]{{20,}}|AKIA[0-9A-Z]{{16}}|AIza[{_LETTER}_-]{{30,}}|xox[baprs]-[{_LETTER}-]{{10,}}|eyJ[{_LETTER}_-]{{10,}}\.[{_LETTER}_-]{{10,}}\.[{_LETTER}_-]+)"
        ),
        _is_key,
    ),
    Pattern(
        "personal-id",
        mark("{count} {count:text holds|texts hold} identity card numbers (身份证)."),
        "[ID]",
        re.compile(r"(?<![0-9])[1-9]\d{5}(?:18|19|20)\d{9}[0-9Xx](?![0-9])", re.ASCII),
        is_chinese_id,
    ),
    Pattern(
        "personal-card",
        mark("{count} {count:text holds|texts hold} payment card numbers."),
        "[CARD]",
        re.compile(r"(?<![0-9])[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}(?![0-9])", re.ASCII),
        is_card,
    ),
    Pattern(
        "personal-phone",
        mark("{count} {count:text holds|texts hold} telephone numbers."),
        "[PHONE]",
        re.compile(
            r"(?<![0-9A-Za-z.])(?:(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]\d{7,8}|\+\d{1,3}[ -]?(?:\(\d{1,4}\)[ -]?)?\d{2,4}(?:[ -]?\d{2,4}){1,4}|\(?\d{3}\)?[ -]\d{3}-\d{4})(?![0-9])",
            re.ASCII,
        ),
        _is_phone,
    ),
)  # in the order in which they are masked: a card number may hold a telephone number


def find_personal(text: str) -> Iterator[tuple[str, str]]:
    """Yield (code, what was found) for every piece of personal data."""
    for pattern in PATTERNS:
        if pattern.hint and pattern.hint not in text:
            continue
        for found in pattern.look.finditer(text):
            if pattern.check(found[0]):
                yield pattern.code, found[0]


def mask_personal(text: str) -> str:
    """Return the text with personal data replaced. Example: "mail me: a@b.org" → "mail me: [EMAIL]" """
    for pattern in PATTERNS:
        if pattern.hint and pattern.hint not in text:
            continue
        text = pattern.look.sub(pattern.masked, text)
    return text
