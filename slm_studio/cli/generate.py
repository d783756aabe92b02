"""slm-studio generate MODEL --prompt "…": let a model write on."""

import argparse
from collections.abc import Mapping
from typing import Any

from slm_studio.cli.command import Command, model_folder
from slm_studio.cli.flags import add_knobs, settings_of
from slm_studio.cli.usage import whole_number
from slm_studio.core.answers import left_out
from slm_studio.core.copied import Copied
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.events import Event, Predicted
from slm_studio.core.generation import COUNT, MOST_SIDE_BY_SIDE, DecodingOptions, count_of
from slm_studio.core.knobs import problems
from slm_studio.core.prompt import Prompt, prompt_of
from slm_studio.core.results import Token
from slm_studio.core.tasks import Role, all_tasks, task_info


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("generate", help="let a model write on from a beginning")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--prompt", default="", help="the beginning")
    for role in _beside():
        parser.add_argument(f"--{role.name}", metavar="WORDS", help=f"its {role.name}, where the model learnt some")
    parser.add_argument(
        "--stop", action="append", default=[], metavar="TEXT", help="the text ends before this; may be repeated"
    )
    parser.add_argument(
        "--count", type=whole_number, default=1, metavar="N",
        help=f"how many continuations to draw side by side, each with a seed of its own (1 to {MOST_SIDE_BY_SIDE})",
    )  # fmt: skip
    parser.add_argument(
        "--copied", action="store_true",
        help="look for the longest stretch of what it wrote in the text that it learnt from (case does not count, blanks in a row count as one)",
    )  # fmt: skip
    parser.add_argument("--device")
    add_knobs(parser, [DecodingOptions], "how to write")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return text, tokens and speed; people see the text as it is written."""
    settings = settings_of(arguments, [DecodingOptions])
    for problem in problems(DecodingOptions(**settings)):  # type: ignore[arg-type]
        raise problem
    opened = work.open(arguments.model, arguments.device)
    info = task_info(opened.task)
    if info.answers != "tokens":
        raise StudioError(
            "not-a-writer",
            "“{model}” does the task “{task}” and does not write.",
            "Ask it with: slm-studio predict {folder} --text WORDS",
            model=model_folder(arguments.model).name,
            task=opened.task,
            folder=arguments.model,
        )
    beside = {role.name: words for role in _beside() if (words := getattr(arguments, role.name)) is not None}
    options = settings | {"stop": arguments.stop, COUNT: arguments.count}
    count_of(options, "--count")
    prompt = {**prompt_of(arguments.prompt, info), **beside}
    if arguments.count > 1:
        return several(work, opened.handle, prompt, options, is_traced=arguments.copied)
    pieces: list[str] = []

    def show(event: Event) -> None:
        if isinstance(event, Predicted) and isinstance(event.item, Token):
            # The beginning comes with what goes on from it, so that no line of progress stands between them.
            work.screen.write(event.item.text if pieces or not info.goes_on else arguments.prompt + event.item.text)
            pieces.append(event.item.text)
        else:
            work.screen.event(event)

    done = work.do(dict, "predict", on_event=show, handle=opened.handle, prompt=prompt, options=options)
    work.screen.write("\n")
    speed = say_speed(work, done)
    copied = copied_of(work, opened.handle, "".join(pieces)) if arguments.copied else {}
    if not work.screen.as_json:
        return None
    found = {"text": "".join(pieces), "tokens": done["count"], "tokens_per_second": speed, "ended": done["ended"]}
    return found | left_out(done) | copied


def several(
    work: Command, handle: str, prompt: Prompt, options: dict[str, object], *, is_traced: bool
) -> dict[str, object] | None:
    """Return several continuations with the seed that writes each again; people see them below each other."""
    texts = [""] * count_of(options)

    def keep(event: Event) -> None:
        if isinstance(event, Predicted) and isinstance(event.item, Token):
            texts[event.item.place] += event.item.text
        else:
            work.screen.event(event)

    done = work.do(dict, "predict", on_event=keep, handle=handle, prompt=prompt, options=options)
    told = [
        {"text": text, "tokens": each["count"], "seed": each["seed"], "ended": each["ended"]}
        for text, each in zip(texts, done["continuations"], strict=True)
    ]
    for place, each in enumerate(told, start=1):
        work.screen.write(f"{place}. (--seed {each['seed']})\n{each['text']}\n\n")
        if is_traced:
            each |= copied_of(work, handle, each["text"])
    speed = say_speed(work, done)
    if not work.screen.as_json:
        return None
    return {"continuations": told, "tokens": done["count"], "tokens_per_second": speed} | left_out(done)


def say_speed(work: Command, done: Mapping[str, Any]) -> float:
    """Say how fast it was, and return it in tokens a second."""
    speed = done["count"] / max(done["seconds"], 1e-9)
    work.screen.say(f"{done['count']:,} tokens, {speed:,.0f} a second")
    return float(speed)


def _beside() -> list[Role]:
    """Return what may be asked for beside a beginning."""
    return [role for info in all_tasks() if info.goes_on for role in info.asked[1:]]


def copied_of(work: Command, handle: str, text: str) -> dict[str, object]:
    """Say what of a text stands in the training text, and return it for programs."""
    told = work.do(Copied, "trace", handle=handle, texts=(text,))
    if told.length:
        work.screen.say(f"{told.length:,} characters of this stand in the training text: “{told.text}”")
    elif told.read:
        work.screen.say(f"No {told.least} characters of this in a row stand in the training text.")
    why = fill(told.why, {"dataset": told.dataset})
    if why:
        work.screen.say(why)
    return {
        "copied": {
            "length": told.length,
            "text": told.text,
            "start": told.start,
            "end": told.end,
            "least": told.least,
            "compared_with": told.read,
            "why": why,
        }
    }
