"""Tracing: what a model wrote, held against the text that it learnt from."""

from collections.abc import Iterator, Sequence

from slm_studio.core.copied import BASE_UNTOLD, GONE, UNTOLD, Copied
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished
from slm_studio.core.saved import SavedModel, local_folder, open_saved
from slm_studio.engine.evaluation.evaluate import learnt_from, recipe_of_model
from slm_studio.engine.inference.shelf import on_shelf
from slm_studio.engine.measuring.copied import find_copied, least_for
from slm_studio.engine.tasks import task_of

MOST_BASES = 8  # models that went on from one another and are looked at


def trace_texts(handle: str, texts: Sequence[str]) -> Iterator[Event]:
    """Find the longest stretch of some texts that stands in the text that an open model learnt from."""
    item = on_shelf(handle)
    if item.info.answers != "tokens":
        raise StudioError(
            "nothing-traced",
            "What models of the task “{task}” write is not compared with what they learnt from.",
            "Ask a model that writes texts.",
            task=item.info.key,
        )
    least = least_for(texts)
    training, why = training_texts(item.model)
    told = Copied(least=least, read=sum(map(len, training)), why=why, dataset=item.model.dataset_name)
    if not training:
        yield Finished(told)
        return
    found = (yield from find_copied(texts, training, least)).longest
    yield Finished(told if found is None else _shown(told, texts, found.part, found.start, found.end))


def training_texts(model: SavedModel) -> tuple[list[str], str]:
    """Return the texts that a model and the models below it learnt from, and why some of them are missing ("": none are)."""
    found = _own_texts(model)
    if not found:
        return [], GONE if model.dataset else UNTOLD
    for _ in range(MOST_BASES):
        base = _base_of(model)
        if base is None:
            return found, "" if model.base.startswith("blank:") else BASE_UNTOLD
        texts = _own_texts(base)
        if not texts:
            return found, BASE_UNTOLD
        found, model = found + texts, base
    return found, BASE_UNTOLD


def _own_texts(model: SavedModel) -> list[str]:
    if not model.recipe or not model.task:
        return []
    task = task_of(model.task)
    try:
        recipe = recipe_of_model(model, {})
        rows = learnt_from(task, recipe, model)
    except StudioError:  # its columns were renamed, or the recipe is of another version
        return []
    if rows is None:
        return []
    texts = task.taught(rows)
    reads = getattr(recipe.options, "reads", "")
    return ["".join(texts)] if reads == "book" else texts


def _base_of(model: SavedModel) -> SavedModel | None:
    """Return the model of this computer from which one went on."""
    folder = None if model.base.startswith("blank:") else local_folder(model.base)
    try:
        return open_saved(folder) if folder is not None else None
    except StudioError:
        return None


def _shown(told: Copied, texts: Sequence[str], part: int, start: int, end: int) -> Copied:
    """Return what is told of a stretch, without the blanks around it."""
    stretch = texts[part][start:end]
    start += len(stretch) - len(stretch.lstrip())
    text = stretch.strip()
    return Copied(
        text=text, part=part, start=start, end=start + len(text), least=told.least, read=told.read, why=told.why,
        dataset=told.dataset,
    )  # fmt: skip
