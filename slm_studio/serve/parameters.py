"""Parameters: how an answer shall be written, under the names of OpenAI's API and under our own."""

import secrets
from dataclasses import asdict, fields, replace

from slm_studio.core import knobs
from slm_studio.core.errors import StudioError
from slm_studio.core.generation import DecodingOptions
from slm_studio.core.tasks import TaskInfo
from slm_studio.serve.bodies import Body, not_a

LENGTH = "max_new_tokens"
LENGTHS = ("max_completion_tokens", "max_tokens", LENGTH)  # the same, in the order in which they count
MOST_STOPS, LONGEST_STOP = 16, 1000
NOT_SAID = ("alternatives", "stop", LENGTH)  # knobs that have other names here, or a form of their own
# Ignored: they say who asks, how it is billed and stored, or hint at what changes no word.
HARMLESS = frozenset(
    ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "parallel_tool_calls")
)  # fmt: skip
# What would change the answer and is not done here: field → what it may be all the same.
REFUSED: dict[str, tuple[object, ...]] = {
    "n": (1,), "best_of": (1,), "echo": (False,), "suffix": ("",), "frequency_penalty": (0, 0.0), "presence_penalty": (0, 0.0),
    "logit_bias": ({},), "tools": ([],), "functions": ([],), "tool_choice": ("none", "auto"), "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},), "modalities": (["text"],), "audio": (), "prediction": (), "web_search_options": (),
    "reasoning_effort": ("none",), "verbosity": ("medium",), "moderation": (),
}  # fmt: skip


def decoding_in(body: Body, info: TaskInfo, alternatives: int = 0) -> DecodingOptions:
    """Return how to write; what is not said is as in the playground, and a seed is drawn so that it can be told. Raises StudioError."""
    kind = info.writing
    chosen: dict[str, object] = {}
    for name in LENGTHS[::-1]:
        _put(chosen, body, LENGTH, name, kind)
    for each in fields(kind):
        if each.name not in NOT_SAID:
            _put(chosen, body, each.name, each.name, kind)
    found = kind(**chosen, stop=_stops(body), alternatives=alternatives)  # type: ignore[arg-type]
    return found if found.seed is not None else replace(found, seed=secrets.randbelow(2**31))


def settings_json(options: DecodingOptions, left: int | None = None) -> dict[str, object]:
    """Return how an answer was written, under the names by which it can be asked for again.

    `left` is how many tokens there was room for, where that is known.
    """
    plain, most = asdict(options), options.max_new_tokens
    del plain[LENGTH]
    plain["max_tokens"] = most if left is None else min(most, left)
    plain["stop"] = list(options.stop)
    del plain["alternatives"]
    return plain


def known_names(kind: type[DecodingOptions] = DecodingOptions) -> str:
    """Return the parameters that count, for a sentence."""
    own = [each.name for each in fields(kind) if each.name not in NOT_SAID]
    return ", ".join(["max_tokens", "stop", *own])


def _put(chosen: dict[str, object], body: Body, knob: str, name: str, kind: type[DecodingOptions]) -> None:
    """Take a knob's value by one of its names; what is wrong with it is said by that name."""
    value = body.any(name)
    if value is None:
        return
    for problem in knobs.problems(kind(**{knob: value})):  # type: ignore[arg-type]
        named = {**problem.values, "label": name, "parameter": name}
        raise StudioError(problem.code, problem.message, problem.hint, **named)
    chosen[knob] = value


def _stops(body: Body) -> tuple[str, ...]:
    value = body.any("stop")
    found = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise not_a("a text, or a list of texts", "stop", value)
    if len(found) > MOST_STOPS or any(len(each) > LONGEST_STOP for each in found):
        raise StudioError(
            "stop-too-much",
            "“stop” holds more than {most} texts, or one of more than {longest} characters.",
            "Give fewer or shorter ones.",
            most=MOST_STOPS,
            longest=LONGEST_STOP,
            parameter="stop",
        )
    return tuple(each for each in found if each)
