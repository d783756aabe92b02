"""Named recipes: plans of textbooks and of other programs, each a row of one table, with what it is and what to expect.

A recipe is data. `plan_of` lays one under what a person set, for the window, the command line and programs alike; the plan
keeps its name, and `departures` says what is otherwise by now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from slm_studio.core import knobs
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import models_elsewhere
from slm_studio.core.saved import SavedModel, list_models
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedRecipe:
    """One row: a base, and the knobs that differ from what that base has by default."""

    key: str
    task: str
    title: str
    paragraph: str  # what it is, where it comes from, what to expect
    base: str
    settings: Mapping[str, object] = field(default_factory=dict)
    fits: bool = False  # its length is settled by the rows where it would cut most of them
    after: str = ""  # the recipe whose model it needs, where it is the second of two steps
    takes: str = ""  # what that model is to it: “base”, or a knob of its task


# As Keras trains where nothing else is said: a rate that stays as it is, nothing clipped, nothing smoothed.
KERAS = {
    "learning_rate": 0.001, "warmup": 0.0, "floor": 1.0, "clip": 1000.0, "dropout": 0.0, "label_smoothing": 0.0,
    "patience": 0, "last_epochs": 0, "epochs": 10, "batch": 32, "validation_share": 0.2, "directions": "one", "readout": "last", "pieces": "words",
}  # fmt: skip

RECIPES: tuple[NamedRecipe, ...] = (
    NamedRecipe(
        key="textbook-sentiment",
        task="classify",
        title=mark("Textbook sentiment"),
        paragraph=mark(
            "The net that courses begin with: an embedding of 128 numbers a word, an LSTM of 64, an LSTM of 32, and one sigmoid "
            "that tells two labels apart; Adam, 10 epochs, 32 rows a step, a fifth held out. The book reads 6 words (in Chinese: "
            "characters) of each text; where that would cut most of them, the length that fits the rows is taken, and said. Expect it to learn its rows by "
            "heart within a few epochs, some points below a bag of words on sentences, and on texts of hundreds of words little "
            "more than chance: its last state has forgotten how they began. It is here to be understood."
        ),
        base="blank:lstm-nano",
        settings=KERAS
        | {"embedding": 128, "layers": (64, 32), "output": "sigmoid", "loss": "binary", "optimizer": "adam"}
        | {"max_length": 6},
        fits=True,
    ),
    NamedRecipe(
        key="thousand-words",
        task="classify",
        title=mark("A thousand words"),
        paragraph=mark(
            "The 1,000 most frequent words (in Chinese: characters), all others one and the same; 100 of them of each text; an "
            "embedding of 128 numbers and one LSTM of 128 with ReLU, trained with RMSprop for 10 epochs, as in many a Keras "
            "tutorial. ReLU does not hold a state within bounds: gradients are clipped at 1 and an L2 penalty of 0.001 keeps "
            "weights small, and still the loss may leap a thousandfold between two looks; the best one is kept. Expect no more "
            "than the textbook's net learns, and several times the wait: it shows how far a thousand words go, and why tanh stayed."
        ),
        base="blank:lstm-nano",
        settings=KERAS
        | {"embedding": 128, "layers": (128,), "activation": "relu", "optimizer": "rmsprop", "vocabulary": 1000}
        | {"max_length": 100, "clip": 1.0, "l2": 0.001},
    ),
    NamedRecipe(
        key="fasttext",
        task="classify",
        title=mark("Like fastText"),
        paragraph=mark(
            "Words, pairs of neighbouring words and parts of words are looked up in a table of 64 numbers each, weighed by how rare "
            "they are and added up, and a linear layer decides: the idea of fastText (Joulin et al. 2016). Unlike there, a linear "
            "classifier reads the same features beside it, the steps are Adam's, and only what stood in the rows has a place in "
            "the table. Expect a good model in seconds: it is hard to beat."
        ),
        base="blank:bag-small",
    ),
    NamedRecipe(
        key="gpt-nano",
        task="write",
        title=mark("GPT nano"),
        paragraph=mark(
            "A small GPT of the classic shape (learned positions, GELU) learns to write from your text alone, character by "
            "character, as in Karpathy's char-rnn and nanoGPT. Expect words within a few minutes, lines that sound like the book with "
            "more time, and sense nowhere: for that it would need more text than one person writes."
        ),
        base="blank:gpt-nano",
        settings={"tokens": "characters", "minutes": 5.0},
    ),
)

BERT_NANO = (
    NamedRecipe(
        key="bert-nano",
        task="fill",
        title=mark("BERT nano, first step"),
        paragraph=mark(
            "A BERT of two layers reads your texts and guesses the words that are hidden from it, as Google's did with all of "
            "Wikipedia (Devlin et al. 2018): 15 % of the words, of which eight in ten stand as [MASK]. No labels are needed. Expect it "
            "to know within minutes which words stand beside each other, and no facts. What it is for is the second step: from "
            "its end, or by the recipe “BERT nano, second step”, it goes on to labels."
        ),
        base="blank:bert-nano",
    ),
    NamedRecipe(
        key="bert-nano-labels",
        task="classify",
        title=mark("BERT nano, second step"),
        paragraph=mark(
            "A BERT that has read the texts of these rows without their labels, and now learns the labels: pre-training and "
            "fine-tuning, the two steps of most models of today. It takes the model of the first step on the same file; where there "
            "is none, that is planned first. Expect it to do better than the same BERT from nothing where few rows have labels and many "
            "do not. A bag of words needs no first step, and is hard to beat all the same."
        ),
        base="blank:bert-nano",
        after="bert-nano",
        takes="base",
    ),
)
WORD2VEC_LSTM = (
    NamedRecipe(
        key="word2vec",
        task="words",
        title=mark("Word2Vec 100/5"),
        paragraph=mark(
            "Skip-gram with negative sampling, 100 numbers a word, five words to either side, words that stand less than five "
            "times left out: what gensim and courses begin with (Mikolov et al. 2013). Expect frequent words of your texts to find their "
            "likes. They are worth looking at by themselves, on the map; the recipe “Word2Vec + LSTM” begins with them."
        ),
        base="blank:skipgram-micro",
        settings={"vector_size": 100, "window": 5, "min_count": 5},
    ),
    NamedRecipe(
        key="word2vec-lstm",
        task="classify",
        title=mark("Word2Vec + LSTM"),
        paragraph=mark(
            "The pipeline of textbooks: word vectors that were learnt from the texts alone, then an LSTM of 64 that reads them one by "
            "one, and its last state decides; Adam, 10 epochs. It takes the vectors of the recipe “Word2Vec 100/5” on the same file; where "
            "there are none, that is planned first. Expect it to begin to learn earlier than an LSTM whose words are numbers by chance, "
            "and to end a little better where labels are few."
        ),
        base="blank:lstm-nano",
        settings=KERAS | {"layers": (64,), "optimizer": "adam"} | {"max_length": 100},
        after="word2vec",
        takes="vectors",
    ),
)
RECIPES += BERT_NANO + WORD2VEC_LSTM


def first_step(key: str) -> NamedRecipe | None:
    """Return the recipe that comes before one, where it is the second of two steps."""
    found = next((each for each in RECIPES if each.key == key), None)
    return named_recipe(found.after) if found and found.after else None


def second_step(model: SavedModel, task: str) -> str:
    """Return the recipe of a task that goes on from a model of a recipe's first step, or ""."""
    named = model.recipe.get("named")
    return next((each.key for each in recipes_of(task) if named and each.after == named), "")


def model_of_first(first: NamedRecipe, dataset: Dataset) -> SavedModel | None:
    """Return the newest model of a recipe that learnt from a dataset's rows, wherever it was put, or None."""
    fitting = [
        model
        for model in (*list_models(), *models_elsewhere())
        if model.recipe.get("named") == first.key and model.fingerprint == dataset.fingerprint
    ]
    return max(fitting, key=lambda model: model.created, default=None)


def plan_of_first(recipe: Recipe, first: NamedRecipe) -> Recipe:
    """Return the plan of the step before a recipe: it learns from the same texts, by the same seed, no longer than that may."""
    text = recipe.roles.get(task_info(recipe.task).asked[0].name, "")
    roles = {task_info(first.task).asked[0].name: text} if text else {}
    settings = {"seed": recipe.seed} | ({"minutes": recipe.minutes} if recipe.minutes else {})
    return plan_of(first.task, named=first.key, roles=roles, settings=settings)


def taking(recipe: Recipe, model: SavedModel) -> Recipe:
    """Return the plan of a second step with the model of the first in its place."""
    takes = named_recipe(recipe.named).takes
    if takes == "base":
        return replace(recipe, base=model.folder)
    options = recipe.options or task_info(recipe.task).options()
    return replace(recipe, options=replace(options, **{takes: model.folder}))  # type: ignore[type-var]


def has_taken(recipe: Recipe) -> bool:
    """Say whether a plan has what its recipe takes from the step before, whoever put it there; True where there is none."""
    named = next((each for each in RECIPES if each.key == recipe.named), None)
    if named is None or not named.after:
        return True
    return not recipe.is_blank if named.takes == "base" else bool(getattr(recipe.options, named.takes, ""))


def recipes_of(task: str) -> tuple[NamedRecipe, ...]:
    """Return the named recipes of a task."""
    return tuple(each for each in RECIPES if each.task == task)


def named_recipe(key: str) -> NamedRecipe:
    """Return the recipe called `key`. Raises StudioError where there is none."""
    for each in RECIPES:
        if each.key == key:
            return each
    raise StudioError(
        "no-such-recipe",
        "There is no recipe “{recipe}”.",
        "Choose one of: {recipes}.",
        recipe=key,
        recipes=", ".join(each.key for each in RECIPES),
    )


def plan_of(
    task: str,
    *,
    named: str = "",
    base: str = "",
    roles: Mapping[str, str] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Recipe:
    """Build a recipe from loose settings, a named one beneath them where one is named: what the person set wins.

    Raises StudioError where the name is unknown, or of another task.
    """
    if not named:
        return make_recipe(task, base=base, roles=roles, settings=settings)
    beneath = named_recipe(named)
    if beneath.task != task:
        others = ", ".join(each.key for each in recipes_of(task))
        raise StudioError(
            "recipe-of-another-task",
            "The recipe “{recipe}” is for the task “{own}”, not for “{task}”.",
            "Choose one of: {recipes}." if others else "Leave out the task, or the recipe.",
            recipe=named,
            own=beneath.task,
            task=task,
            recipes=others,
        )
    whole = dict(beneath.settings) | dict(settings or {})
    if settings and "epochs" in settings and "minutes" not in settings:
        whole.pop("minutes", None)  # of two answers to “how long” the person's counts
    return make_recipe(task, base=base or beneath.base, roles=roles, settings=whole | {"named": named})


def departures(recipe: Recipe) -> tuple[str, ...]:
    """Return the labels of the knobs that are no longer as the named recipe has them; “base” where it begins elsewhere."""
    if not recipe.named:
        return ()
    try:
        taken = recipe.base if named_recipe(recipe.named).takes == "base" else ""
        pure = plan_of(recipe.task, named=recipe.named, base=taken).settled()
    except StudioError:
        return ()  # of another version
    now = recipe.settled()
    named = named_recipe(recipe.named)
    left = (*INDIFFERENT, named.takes, "max_length" if named.fits else "")
    found = [] if now.base == pure.base else [mark("Base")]
    for one, other in ((now, pure), (now.options, pure.options)):
        found += [
            each.label
            for each in knobs.knobs(type(one))
            if getattr(one, each.name) != getattr(other, each.name) and each.name not in left
        ]
    return tuple(found)


# What no recipe is about: whoever changes these still follows it. The column settles the target.
INDIFFERENT = ("target", "seed", "precision", "checkpoint_seconds", "eval_every", "test_share")


def fitted_length(recipe: Recipe) -> int | None:
    """Return the length that a plan has from its named recipe, where that lets the rows decide; else None."""
    found = next((each for each in RECIPES if each.key == recipe.named and each.fits), None)
    length = found.settings.get("max_length") if found else None
    return length if isinstance(length, int) and recipe.max_length == length else None


def certain_length(recipe: Recipe) -> int | None:
    """Return how many tokens of each text a plan reads; None where there is no such limit, or the rows decide."""
    return recipe.settled().max_length if fitted_length(recipe) is None else None


def title_of(key: str) -> str:
    """Return the title of a recipe; of one that this version does not know, its key."""
    return next((each.title for each in RECIPES if each.key == key), key)
