"""Recipe: everything that decides a run, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from slm_studio.core import codec, knobs
from slm_studio.core.dataset import Column, Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import knob
from slm_studio.core.listed_texts import read_as
from slm_studio.core.tasks import Family, TaskInfo, task_info
from slm_studio.core.tasks.info import CONTINUED, Reads, Split
from slm_studio.core.texts import mark

BLANK = "blank:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The only input of training beside the dataset. A knob that is None is as suits the model (see `settled`)."""

    task: str
    base: str  # blank:<family>-<size>, or a hub id, a folder, the folder of one of the person's models
    roles: dict[str, str]  # role → column
    cleaning: tuple[str, ...] = ()
    options: object = None  # the task's own knobs: an instance of task_info(task).options
    name: str = ""  # what the person calls the model
    named: str = ""  # the key of the named recipe that it began from (core.recipes)

    minutes: float | None = knob(
        None, "Minutes", "A time budget. It becomes a number of steps when the run starts.", low=0.05, high=10000
    )
    epochs: int | None = knob(None, "Epochs", "How often the model reads the whole dataset, at most.", low=1, high=1000)
    batch: int | None = knob(None, "Batch size", "Examples that are read together before each step.", low=1, high=4096)
    learning_rate: float | None = knob(
        None,
        "Learning rate",
        "How far each step moves. Too high diverges, too low learns nothing.",
        low=1e-7,
        high=10.0,
    )
    head_factor: float | None = knob(
        None,
        "Head learning rate factor",
        "Freshly made parameters learn this many times faster than inherited ones.",
        low=0.1,
        high=1000,
    )
    max_length: int | None = knob(
        None,
        "Maximum length",
        "Tokens that are read at once. What is longer is cut or read part by part, as the task does it.",
        low=4,
        high=32768,
    )
    warmup: float | None = knob(
        None, "Warm-up", "Share of the steps in which the learning rate rises from 0.", low=0.0, high=0.9
    )
    floor: float | None = knob(
        None, "Final learning rate", "Where the learning rate ends, as a share of its peak.", low=0.0, high=1.0
    )
    optimizer: str = knob(
        "auto",
        "Optimizer",
        "How gradients become steps. Automatic is AdamW, and Adam for tables of which a step touches few rows.",
        choices={"auto": mark("Automatic"), "adamw": "AdamW", "adam": "Adam", "rmsprop": "RMSprop", "sgd": "SGD"},
    )
    momentum: float = knob(
        0.0, "Momentum", "Share of the step before that SGD takes along in the next one.", low=0.0, high=0.999
    )
    weight_decay: float | None = knob(
        None,
        "Weight decay",
        "Pulls parameters towards 0 beside the gradient, so that fewer rows are learnt by heart. AdamW alone has it.",
        low=0.0,
        high=10.0,
    )
    l1: float = knob(
        0.0,
        "L1 penalty",
        "So much of the sum of all weights' sizes is added to the loss. It makes small weights vanish.",
        low=0.0,
        high=10.0,
    )
    l2: float = knob(
        0.0,
        "L2 penalty",
        "So much of the sum of all weights' squares is added to the loss. It keeps large weights away.",
        low=0.0,
        high=10.0,
    )
    dropout: float | None = knob(
        None, "Dropout", "Share of the signals that is switched off at random while learning.", low=0.0, high=0.9
    )
    clip: float = knob(
        1.0,
        "Gradient clipping",
        "The longest gradient that is taken as it is; longer ones are shortened.",
        low=0.01,
        high=1000,
    )
    patience: int | None = knob(
        None,
        "Patience",
        "Evaluations without gain on held-out rows after which the run ends. 0 never ends early.",
        low=0,
        high=1000,
    )
    eval_every: int | None = knob(
        None, "Evaluate every", "Steps between two looks at the held-out rows.", low=1, high=1000000
    )
    validation_share: float | None = knob(
        None, "Validation share", "Share of the rows held out to choose the best checkpoint.", low=0.01, high=0.5
    )
    test_share: float | None = knob(
        None, "Test share", "Share of the rows held out for the one final score.", low=0.0, high=0.5
    )
    last_epochs: int | None = knob(
        None,
        "Last epochs",
        "How often all rows but the test rows are read once more at the end, those that were held out to choose the best checkpoint among them. 0 leaves them out.",
        low=0,
        high=100,
    )
    average: float | None = knob(
        None,
        "Averaged weights",
        "How much of the mean of all weights so far stays at each step; the mean is what is scored and kept. 0.99 is about the last 100 steps, 0 the weights as they are.",
        low=0.0,
        high=0.99999,
    )
    extend_vocabulary: int = knob(
        0,
        "Pieces to add",
        "Characters of your texts that the base does not know get pieces of their own, the most frequent first: so many at most.",
        low=0,
        high=100000,
    )
    seed: int = knob(42, "Seed", "The same seed, data and recipe give the same model.", low=0, high=2**31 - 1)
    precision: str = knob(
        "auto",
        "Precision",
        "Number format while training. Automatic tries both and takes the faster one.",
        choices={"auto": mark("Automatic"), "fp32": "fp32", "bf16": "bf16"},
    )
    checkpoint_seconds: float = knob(
        60.0, "Checkpoint every", "Seconds between two checkpoints: the most a crash can lose.", low=0.0, high=86400
    )

    @property
    def is_blank(self) -> bool:
        """Say whether the network is made from nothing."""
        return self.base.startswith(BLANK)

    @property
    def family(self) -> Family:
        """Return the family of the base; every existing model belongs to “continued”."""
        return task_info(self.task).family(split_base(self.base)[0])

    @property
    def decays(self) -> bool:
        """Say whether the optimizer knows weight decay beside the gradient."""
        return self.optimizer in ("auto", "adamw")

    @property
    def last_pass(self) -> int:
        """Return the epochs in which all rows are read once more at the end: never more than there were before."""
        return min(self.last_epochs or 0, self.epochs or 1)

    @property
    def chosen(self) -> list[str]:
        """Return the names of the roles that have a column."""
        return [role for role, column in self.roles.items() if column]

    @property
    def unused(self) -> tuple[str, ...]:
        """Return the knobs that mean nothing for this task and family."""
        learnt_anew = ("extend_vocabulary",) if self.is_blank else ()  # a vocabulary of one's own lacks nothing
        return (*info_of_recipe(self).unused, *self.family.unused, *learnt_anew)

    def settled(self) -> "Recipe":
        """Return a copy in which no knob is None but `minutes` and `eval_every`: the family's and size's defaults fill the gaps.

        Where the person set a number of epochs but no minutes, the family's default minutes do not apply.
        """
        family, size = split_base(self.base)
        found = task_info(self.task).family(family)
        defaults = (
            {"last_epochs": 0, "average": 0.0}
            | dict(found.defaults)
            | (dict(found.size(size).defaults) if size else {})
        )
        if self.epochs is not None:
            defaults.pop("minutes", None)
        if not self.decays:
            defaults["weight_decay"] = 0.0
        gaps: dict[str, Any] = {name: value for name, value in defaults.items() if getattr(self, name) is None}
        return replace(self, options=self._heeded(), **gaps)

    def _heeded(self) -> object:
        """Return the task's own knobs; those that mean nothing for the family are at their defaults."""
        options = self.options or task_info(self.task).options()
        unheeded = {each.name: each.default for each in knobs.knobs(type(options)) if each.name in self.unused}
        return replace(options, **unheeded) if unheeded else options  # type: ignore[type-var]

    def problems(self) -> list[StudioError]:
        """Return one error for every setting that cannot be."""
        info = task_info(self.task)
        found = knobs.problems(self) + (knobs.problems(self.options) if self.options else [])
        for role in info.missing(self.chosen):
            found.append(
                StudioError(
                    "role-missing",
                    "No column is chosen for “{role}”.",
                    "Choose a column: {help}",
                    role=role.title,
                    help=role.help,
                )
            )
        found += self._at_odds()
        columns = [column for column in self.roles.values() if column]
        if twice := [column for column in columns if columns.count(column) > 1]:
            found.append(
                StudioError(
                    "column-twice",
                    "Column “{column}” plays more than one role.",
                    "Choose another column for one of them.",
                    column=twice[0],
                )
            )
        return found

    def _at_odds(self) -> list[StudioError]:
        """Return an error for each setting of an optimizer that another one would need."""
        found = []
        if self.momentum and self.optimizer != "sgd":
            found.append(
                StudioError(
                    "momentum-without-sgd",
                    "Momentum belongs to SGD, and the optimizer is another one.",
                    "Set momentum to 0, or the optimizer to SGD.",
                )
            )
        if self.weight_decay and not self.decays:
            found.append(
                StudioError(
                    "decay-without-adamw",
                    "Weight decay beside the gradient belongs to AdamW, and the optimizer is another one.",
                    "Set the L2 penalty instead, or the optimizer to AdamW.",
                )
            )
        return found


def split_base(base: str) -> tuple[str, str]:
    """Return family and size of a base. Example: "blank:bag-small" → ("bag", "small"); a folder → ("continued", "")."""
    if not base.startswith(BLANK):
        return CONTINUED, ""
    family, _, size = base.removeprefix(BLANK).rpartition("-")
    if not family:
        raise StudioError(
            "base-form",
            "The base “{base}” has no size.",
            "Write blank:FAMILY-SIZE, for example blank:lstm-nano or blank:llama-nano.",
            base=base,
        )
    return family, size


def target_of(recipe: Recipe, dataset: Dataset | None = None) -> str:
    """Return what the answers are, where the task has several kinds of them: as its options say of the answers' column, or ""."""
    info = task_info(recipe.task)
    decide = getattr(recipe.options or info.options(), "target_of", None)
    return str(decide(answer_column(recipe, dataset) if dataset else None)) if decide else ""


def info_of_recipe(recipe: Recipe, dataset: Dataset | None = None) -> TaskInfo:
    """Return the task as it is for the rows of a dataset: how an answer is read may hang on its column."""
    return task_info(recipe.task).shaped({"target": target_of(recipe, dataset)})


def split_of(recipe: Recipe, dataset: Dataset) -> Split:
    """Return how rows are held out: as the task does it, unless its options decide otherwise for these rows."""
    info = info_of_recipe(recipe, dataset)
    decide = getattr(recipe.options or info.options(), "split_of", None)
    return decide(dataset) if decide else info.split


def reads_of(recipe: Recipe, dataset: Dataset | None = None) -> dict[str, Reads]:
    """Return column → how its cells are read, for the columns that play a role."""
    known = {role.name: role for role in info_of_recipe(recipe, dataset).roles}
    columns = {column.name: column for column in dataset.columns} if dataset else {}
    return {
        column: read_as(known[role], columns[column]) if column in columns else known[role].reads
        for role, column in recipe.roles.items()
        if column and role in known
    }


def column_read_as(recipe: Recipe, reads: Reads, dataset: Dataset | None = None) -> str:
    """Return the column whose cells are read so (the first of several), or ""."""
    return next((column for column, each in reads_of(recipe, dataset).items() if each == reads), "")


def answer_column(recipe: Recipe, dataset: Dataset) -> Column | None:
    """Return the column of the true answers, where there is one."""
    answer = task_info(recipe.task).answer
    name = recipe.roles.get(answer.name, "") if answer else ""
    return next((column for column in dataset.columns if column.name == name), None)


def recipe_to_json(recipe: Recipe) -> dict[str, object]:
    """Return the recipe as it stands in recipe.json; knobs at their default are written too."""
    return {each.name: codec.to_json(getattr(recipe, each.name)) for each in fields(recipe)}


def recipe_from_json(plain: Mapping[str, object]) -> Recipe:
    """Rebuild a recipe; its options take the type that its task declares."""
    options = plain.get("options")
    recipe = codec.from_json(Recipe, {key: value for key, value in plain.items() if key != "options"})
    if options is None:
        return recipe
    return replace(recipe, options=codec.from_json(task_info(recipe.task).options, options))


def make_recipe(
    task: str, *, base: str = "", roles: Mapping[str, str] | None = None, settings: Mapping[str, object] | None = None
) -> Recipe:
    """Build a recipe from loose settings (flags, form values); the task's own knobs find their place in `options`."""
    info = task_info(task)
    settings = settings or {}
    own = {each.name: each for each in knobs.knobs(info.options)}
    # A program may name a list as a list, and one number as it is.
    options = {
        name: tuple(value if isinstance(value, list) else [value])
        if own[name].kind is tuple and isinstance(value, list | int)
        else value
        for name, value in settings.items()
        if name in own
    }
    common: dict[str, Any] = {name: value for name, value in settings.items() if name not in own}
    return Recipe(
        task=task, base=base or info.default_base, roles=dict(roles or {}), options=info.options(**options), **common
    )
