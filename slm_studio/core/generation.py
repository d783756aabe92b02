"""How a model writes: the knobs of sampling, for the playground, the command line and the engine alike."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import knob
from slm_studio.core.texts import mark

COUNT = "count"  # the option that asks for several continuations of one text
MOST_SIDE_BY_SIDE = 16
SEEDS = 2**31  # how many there are
_BOLD = (mark("Temperature"), mark("0 always takes the likeliest token; higher is bolder."))
_LIKELIEST = (
    mark("Top p"),
    mark("Draw among the likeliest tokens that together reach this probability. 1 allows all."),
)
_NOTHING_DRAWN = {"temperature": 0.0}
_ANEW = (mark("Repetition penalty"), mark("Above 1 makes tokens that stand in the text already less likely."))


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplingOptions:
    """Say how bold the choice of the next token is."""

    temperature: float = knob(0.8, *_BOLD, low=0.0, high=5.0)
    top_k: int = knob(
        0,
        "Top k",
        "Draw among the k likeliest tokens only. 0 allows all.",
        low=0,
        high=1_000_000,
        idle_beside=_NOTHING_DRAWN,
    )
    top_p: float = knob(0.95, *_LIKELIEST, low=0.0, high=1.0, idle_beside=_NOTHING_DRAWN)
    min_p: float = knob(
        0.0,
        "Min p",
        "Draw among tokens that are at least this share as likely as the likeliest. 0 allows all.",
        low=0.0,
        high=1.0,
        idle_beside=_NOTHING_DRAWN,
    )
    repetition_penalty: float = knob(1.0, *_ANEW, low=0.1, high=10.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodingOptions(SamplingOptions):
    """Say how long and how boldly to write, and where to stop."""

    max_new_tokens: int = knob(200, "Length", "The most tokens that are written.", low=1, high=100_000)
    seed: int | None = knob(
        None,
        "Seed",
        "The same seed writes the same text. Empty is different each time.",
        low=0,
        high=SEEDS - 1,
        idle_beside=_NOTHING_DRAWN,
    )
    alternatives: int = knob(0, "Alternatives", "Other tokens shown with each written one.", low=0, high=50)
    stop: tuple[str, ...] = ()  # the text ends before the first of these


@dataclass(frozen=True, kw_only=True, slots=True)
class AnsweringOptions(DecodingOptions):
    """The same for answers in a chat: where a story may wander, a small model that answers had better not, nor turn in circles."""

    temperature: float = knob(0.3, *_BOLD, low=0.0, high=5.0)
    top_p: float = knob(0.9, *_LIKELIEST, low=0.0, high=1.0, idle_beside=_NOTHING_DRAWN)
    repetition_penalty: float = knob(1.1, *_ANEW, low=0.1, high=10.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class RewritingOptions(DecodingOptions):
    """The same for translations, summaries and corrections: there is a right answer, so the likeliest one is looked for."""

    temperature: float = knob(0.0, *_BOLD, low=0.0, high=5.0)
    beams: int | None = knob(
        None,
        "Beams",
        "Whole answers that are weighed side by side for the likeliest. 1 writes piece by piece; more are slower, and nothing is drawn. Automatic is 4 for translations and 1 otherwise. Pairs that were learnt are weighed by several only: with 1, or where tokens are drawn, the answer is the model's own.",
        low=1,
        high=64,
    )
    length_penalty: float = knob(
        1.0,
        "Length penalty",
        "Of several beams, above 1 prefers longer answers and below 1 shorter ones.",
        low=-5.0,
        high=5.0,
    )
    back: bool = knob(
        False, "Other way round", "From the target's language into the source's, where both directions were learnt."
    )


def refuse_drawn_beams(options: RewritingOptions) -> None:
    """Raise StudioError where beams are asked for beside what only an answer has that is written piece by piece."""
    if options.beams is None or options.beams == 1:
        return
    plain = RewritingOptions()
    for name in ("temperature", "repetition_penalty"):
        if (value := getattr(options, name)) != getattr(plain, name):
            raise StudioError(
                "beams-draw-nothing",
                "Of {beams} beams the likeliest answer is taken, so {name} {value} would change nothing.",
                "Leave it out, or set beams to 1: then the answer is written piece by piece.",
                beams=options.beams, name=name, value=f"{value:g}",
            )  # fmt: skip


def count_of(options: Mapping[str, object], name: str = COUNT) -> int:
    """Return how many continuations are asked for. Raises StudioError, which calls the option by `name`."""
    count = options.get(COUNT, 1)
    if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MOST_SIDE_BY_SIDE:
        return count
    raise StudioError(
        "knob-range", "“{label}” is {value}.", "Choose a number from {low} to {high}.",
        label=name, value=str(count), low=1, high=MOST_SIDE_BY_SIDE, parameter=name,
    )  # fmt: skip


def settle_seed(options: Mapping[str, object]) -> dict[str, object]:
    """Return options under which each of several continuations can be told the seed that writes it again."""
    is_open = count_of(options) > 1 and options.get("seed") is None
    return {**options, "seed": secrets.randbelow(SEEDS)} if is_open else dict(options)


def seed_at(seed: int | None, place: int) -> int | None:
    """Return the seed of the continuation at a place. Example: seed_at(7, 0) == 7, seed_at(7, 2) == 9"""
    return None if seed is None else (seed + place) % SEEDS
