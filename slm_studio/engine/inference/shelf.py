"""The open models. The one piece of state in the engine: a handle is worth nothing in another process."""

import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from slm_studio.core.answers import PAIR, UNKNOWN_WORDS, remarks_json
from slm_studio.core.cleaning import STEPS
from slm_studio.core.errors import StudioError, Value
from slm_studio.core.events import Event, Finished, Note, Predicted, Progress
from slm_studio.core.gaps import WRITTEN
from slm_studio.core.generation import count_of, seed_at, settle_seed
from slm_studio.core.index import indexes_of, old_notes, read_index
from slm_studio.core.moderation import handed_on
from slm_studio.core.prompt import UNANSWERABLE, Cell, Prompt, check_form, check_prompt, prompt_of
from slm_studio.core.results import Item as Answer
from slm_studio.core.results import Opened, Token, Variant
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.core.sides import SAID_OF_TURNED, TURNED
from slm_studio.core.tasks import TaskInfo
from slm_studio.core.texts import mark
from slm_studio.engine.data.cleaning import mend_prompt
from slm_studio.engine.data.encoding import whole_characters
from slm_studio.engine.device import pick_device
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.blame import blaming
from slm_studio.engine.models.inspect import inspect_as
from slm_studio.engine.models.known_pairs import Known
from slm_studio.engine.retrieval.opening import known_mark, lately_looked_at
from slm_studio.engine.task import Task
from slm_studio.engine.tasks import task_of
from slm_studio.engine.writing.decoding import READING, has_ended

TRIAL = f"a b {WRITTEN}"  # a gap, for models that fill it; a text as any other to all else
LEFT_OUT = {  # by the keys of what a task says of a prompt
    "not_sent": mark("The oldest {count} {count:message does|messages do} not fit any more and {count:is|are} not sent."),
    "cut": mark("The question is too long: its first {count} {count:character is|characters are} not sent."),
    "unread": mark("The text is longer than the model sees at once: its first {count} {count:token is|tokens are} not read."),
    "end_unread": mark("The text is longer than the model reads: its last {count} {count:token is|tokens are} not read."),
    UNKNOWN_WORDS: mark("{named} {count:is|are} not among the words of these vectors and {count:is|are} left out."),
}  # fmt: skip
LENGTH = "max_new_tokens"
SHOWN = 5  # words that a sentence names
MOST = 3  # open models; the one used longest ago makes room


@dataclass(frozen=True, slots=True)
class Item:
    """One open model."""

    model: SavedModel
    task: Task
    loaded: Loaded

    @property
    def info(self) -> TaskInfo:
        """Return its task as this model does it."""
        return self.task.info_of(self.loaded)

    @property
    def cleaning(self) -> tuple[str, ...]:
        """Return the steps that mended the rows that the model learnt from: prompts are mended likewise."""
        steps = self.model.recipe.get("cleaning")
        return tuple(name for name in steps if name in STEPS) if isinstance(steps, list | tuple) else ()

    def ended(self, answer: Sequence[Answer], options: Mapping[str, object]) -> dict[str, object]:
        """Return whether a whole answer ended by itself; {} where answers are not written."""
        if self.info.answers != "tokens":
            return {}
        told = [self._told(answer, place, options) for place in range(count_of(options))]
        several: dict[str, object] = {"continuations": told} if len(told) > 1 else {}
        return {"ended": all(each["ended"] for each in told)} | several

    def _told(self, answer: Sequence[Answer], place: int, options: Mapping[str, object]) -> dict[str, object]:
        """Return what is known of one continuation of several, or of the only answer there is."""
        written = [each for each in answer if isinstance(each, Token) and each.place == place]
        ended = has_ended(self.loaded.net, self.loaded.tokenizer, written, options, self.info.writing)  # type: ignore[arg-type]
        return {"seed": seed_at(cast(int | None, options.get("seed")), place), "count": len(written), "ended": ended}


_shelf: "OrderedDict[str, Item]" = OrderedDict()


def open_model(folder: Path, device: str) -> Iterator[Event]:
    """Check a model folder, load it and keep it open under a handle."""
    began = time.perf_counter()
    model = open_saved(folder)
    if not model.task:
        raise StudioError(
            "not-for-answers",
            "“{model}” is a base that answers nothing by itself.",
            "Train it further: choose it under “Continue a model” in Train.",
            model=model.name,
        )
    yield Progress("Opening the model", 0, 0)
    task = task_of(model.task)
    inspect_as(folder, model.task)
    place = pick_device(device)
    with blaming(model.name):
        loaded = task.open(folder, model.facts, place)
        loaded.net.eval()
        # One answer, so that what only an answer finds out (a token without a row in the table) is found out here.
        _try(task, loaded)
    # The date of the weights is part of the handle, so that a model trained again is not answered by the old one.
    handle = f"{folder}@{place}@{(folder / 'studio.json').stat().st_mtime_ns}"
    _shelf[handle] = Item(model, task, loaded)
    _shelf.move_to_end(handle)
    while len(_shelf) > MOST:
        _shelf.popitem(last=False)
    kind = {"asks": (), **{name: loaded.facts[name] for name in ("target", "asks") if name in loaded.facts}}
    seconds = time.perf_counter() - began
    yield Finished(Opened(handle=handle, task=model.task, device=str(place), seconds=seconds, facts=kind))


def _try(task: Task, loaded: Loaded) -> None:
    trial = [prompt_of(TRIAL, task.info_of(loaded))]
    try:
        deque(task.answer(loaded, trial, {"top": 1, "max_new_tokens": 1, "seed": 0}), maxlen=0)
    except StudioError as error:
        if error.code not in UNANSWERABLE:  # these speak of the prompt alone
            raise


def on_shelf(handle: str) -> Item:
    """Return an open model. Raises StudioError where it is not open (any more)."""
    if handle not in _shelf:
        raise StudioError("not-open", "This model is not open (any more).", "Open it again.")
    _shelf.move_to_end(handle)
    return _shelf[handle]


def close_model(handle: str) -> Iterator[Event]:
    """Forget an open model; closing twice does no harm."""
    _shelf.pop(handle, None)
    yield Finished(None)


def predict_prompt(handle: str, prompt: Prompt, options: dict[str, object]) -> Iterator[Event]:
    """Answer one prompt, then say how long it took."""
    item = on_shelf(handle)
    check_prompt(prompt, item.info, item.model.name)
    prompt = mend_prompt(_whole(prompt), item.cleaning, item.info)
    sent = item.task.sent(item.loaded, prompt, options)
    yield from _before(sent)
    yield from _turned(item.task.of_other_side(item.loaded, prompt, options), back=bool(options.get("back")))
    options = where_it_searches(item, _within(_side_by_side(item, options), sent))
    old = old_index(item, item.task.searched(prompt, options))
    yield from old
    began = time.perf_counter()
    answer, pair = [], dict[str, object]()
    for _, result in item.task.answer(item.loaded, [prompt], options):
        if isinstance(result, Progress):
            yield result
            if result.what == READING:
                began = time.perf_counter()  # the time of the answer is that of its words
        elif isinstance(result, Known):
            pair = {PAIR: {"source": result.source, "target": result.target, "likeness": result.likeness}}
        else:
            answer.append(result)
            yield Predicted(result)
    seconds = time.perf_counter() - began
    known: dict[str, object] = {
        "count": sum(not isinstance(each, Variant) for each in answer),
        "seconds": seconds,
        "device": str(item.loaded.device),
    }
    known |= remarks_json(old)
    yield Finished(known | pair | sent | item.ended(answer, options) | handed_on(answer, item.loaded.facts))


def _within(options: dict[str, object], sent: Mapping[str, object]) -> dict[str, object]:
    """Return options under which an answer is no longer than the room that is left for it, where that counts."""
    left, most = sent.get("left"), options.get(LENGTH)
    return {**options, LENGTH: min(left, most)} if isinstance(left, int) and isinstance(most, int) else options


def _side_by_side(item: Item, options: dict[str, object]) -> dict[str, object]:
    """Return options under which several answers can be told apart. Raises StudioError where there is only one."""
    if count_of(options) == 1:
        return options
    if not item.info.side_by_side:
        raise StudioError(
            "one-answer",
            "Models of the task “{task}” give one answer at a time.",
            "Ask once for each answer, each time with another seed.",
            task=item.model.task,
        )
    return settle_seed(options)


def where_it_searches(item: Item, options: dict[str, object]) -> dict[str, object]:
    """Return options that say what is searched: where nobody did, the newest index beside the model."""
    if "index" not in item.info.answer_options or options.get("index"):
        return options
    known = indexes_of(item.model.folder)
    return {**options, "index": known[0].folder} if known else options


def old_index(item: Item | None, folder: str) -> tuple[Note, ...]:
    """Return why the index in a folder ("" : none) is no longer true; the model that searches it is another than made it, too."""
    if not folder:
        return ()
    mark_here = known_mark(item.loaded) if item is not None else ""
    return old_notes(read_index(Path(folder)), lately_looked_at(Path(folder), mark_here))


def _turned(language: str, *, back: bool) -> Iterator[Event]:
    """Say of a text in the language of the answer how it is asked the other way round; `language` is the text's."""
    if language:
        yield Note(TURNED, SAID_OF_TURNED[language, back], {"language": language})


def _before(sent: Mapping[str, object]) -> Iterator[Event]:
    """Say what of a prompt the model does not receive."""
    for key, message in LEFT_OUT.items():
        if left := sent.get(key):
            told = _counted(left) if isinstance(left, list) else {"count": cast(int, left)}
            yield Note(f"prompt-{key.replace('_', '-')}", message, told)


def _counted(words: Sequence[str]) -> dict[str, Value]:
    """Return the first of some words as a sentence names them, and how many there are."""
    shown = ", ".join(f"“{word}”" for word in words[:SHOWN])
    return {"named": shown + ", …" * (len(words) > SHOWN), "count": len(words)}


def render_prompt(handle: str, prompt: Prompt, options: dict[str, object]) -> Iterator[Event]:
    """Say what an open model would receive of a prompt. Ends in Finished(dict)."""
    item = on_shelf(handle)
    check_form(prompt, item.info)
    prompt = mend_prompt(_whole(prompt), item.cleaning, item.info)
    yield Finished(item.task.rendered(item.loaded, prompt, options))


def look_into(handle: str, prompt: Prompt, step: str) -> Iterator[Event]:
    """Show the way from a prompt to its answer. Ends in Finished(Inside)."""
    item = on_shelf(handle)
    check_prompt(prompt, item.info, item.model.name)
    prompt = mend_prompt(_whole(prompt), item.cleaning, item.info)
    yield Finished(item.task.inside(item.loaded, prompt, step))


def _whole(prompt: Prompt) -> Prompt:
    """Return a prompt without halves of characters, which a window's keyboard can leave and no tokenizer bears."""
    return {role: _whole_cell(cell) for role, cell in prompt.items()}


def _whole_cell(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return whole_characters(cell)
    return tuple(
        whole_characters(part)
        if isinstance(part, str)
        else part
        if isinstance(part, int | float)
        else {key: whole_characters(part[key]) for key in ("role", "content")}  # programs say more beside, of any kind
        for part in cell
    )  # type: ignore[return-value]
