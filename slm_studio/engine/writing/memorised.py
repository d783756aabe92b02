"""Memorised: how much of what a model writes stands in its training text word for word, beside what held-out text shares with it.

Only the second number says what the first means: in proverbs and set phrases, and where rows repeat, all texts share stretches.
"""

import time
from collections.abc import Callable, Sequence

from slm_studio.core.dataset import Remark
from slm_studio.core.events import Progress
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.measuring.copied import find_copied, least_for

DRAWN = 8  # texts that are written
FEWEST, PATIENCE = 2, 20.0  # texts that are written in any case, and seconds after which no further one is begun
BEGINNING = 24  # characters of held-out text after which a text is written
MOST = 100  # characters of a stretch that are told
SAID = mark("Of {drawn} characters that it wrote after held-out beginnings, {share} % stand in the training text in stretches of {least} and more, the longest of {longest}; of held-out text {held_share} %, the longest of {held_longest}.")  # fmt: skip
Drawn = tuple[dict[str, float], tuple[Remark, ...]]


def beginnings(texts: Sequence[str], *, is_book: bool) -> list[tuple[int, str, str]]:
    """Return a few held-out beginnings from all over: row, the beginning, and how the text really goes on."""
    if is_book:
        whole = "".join(texts)
        count = max(1, min(DRAWN, len(whole) // (4 * BEGINNING)))
        step = max(1, len(whole) // count)
        cuts = [whole[place : place + step] for place in range(0, step * count, step)]
        return [(0, each[:BEGINNING], each[BEGINNING:]) for each in cuts if each[BEGINNING:].strip()]
    found = [(row, text[: min(BEGINNING, len(text) // 2)], text) for row, text in enumerate(texts) if len(text) > 1]
    picked = found[:: max(1, len(found) // DRAWN)][:DRAWN]
    return [(row, beginning, text[len(beginning) :]) for row, beginning, text in picked]


def count_memorised(
    begun: Sequence[tuple[int, str, str]],
    write: Callable[[int, str, int], str],
    held_out: Sequence[str],
    training: Sequence[str],
) -> Work[Drawn]:
    """Yield Progress; return the numbers, and a remark that says them and quotes the longest stretch.

    `write` writes on from a beginning of a row: (row, beginning, seed). `held_out` are the rows, of which as much is compared.
    """
    written: list[str] = []
    began = time.perf_counter()
    for place, (row, beginning, _) in enumerate(begun):
        if place >= FEWEST and time.perf_counter() - began > PATIENCE:
            break
        yield Progress("Writing texts to compare with the training text", place, len(begun))
        written.append(write(row, beginning, place))
    drawn = sum(map(len, written))
    held = _as_much(begun, held_out, drawn)
    if not drawn or not held:
        return {}, ()
    least = least_for([*written, *held])
    own = yield from find_copied(written, training, least)
    other = yield from find_copied(held, training, least)
    longest, held_longest = own.longest, other.longest
    text = written[longest.part][longest.start : longest.end].strip() if longest else ""
    facts = {
        "copied_share": own.share, "copied_longest": longest.length if longest else 0, "copied_least": least,
        "held_out_share": other.share, "held_out_longest": held_longest.length if held_longest else 0,
        "copied_drawn": drawn,
    }  # fmt: skip
    values = {
        "drawn": drawn, "least": least, "share": round(100 * own.share, 1), "longest": int(facts["copied_longest"]),
        "held_share": round(100 * other.share, 1), "held_longest": int(facts["held_out_longest"]), "text": text[:MOST],
    }  # fmt: skip
    return {key: float(value) for key, value in facts.items()}, (Remark(code="copied", message=SAID, values=values),)


def _as_much(begun: Sequence[tuple[int, str, str]], held_out: Sequence[str], wanted: int) -> list[str]:
    """Return held-out text of about so many characters: how the beginnings go on, then further rows."""
    share = max(1, wanted // max(1, len(begun)))
    found = [rest[:share] for _, _, rest in begun]
    rows = {row for row, _, _ in begun}
    left = wanted - sum(map(len, found))
    for row, text in enumerate(held_out):
        if left <= 0:
            break
        if row not in rows:
            found.append(text[:left])
            left -= len(text)
    return found
