"""Tag: mark stretches of a text: names, places, slots."""

from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.dataset import Column
from slm_studio.core.knobs import knob
from slm_studio.core.tasks.info import CONTINUED, WEIGHT, Code, Family, Role, SampleFile, Shown, Size, Suit, TaskInfo
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class TagOptions:
    """The knobs that only tagging has."""

    vocabulary: int = knob(
        8000, "Vocabulary size", "Word pieces that a fresh tokenizer may learn.", low=100, high=200000
    )
    vectors: str = knob(
        "",
        "Begin with word vectors",
        "A model of word vectors of yours, whose numbers its words begin with.",
        models="hits",
    )


def suits(columns: Sequence[Column]) -> Suit | None:
    """Return the columns of words and their tags, or of texts and the spans in them."""
    kinds = {column.kind: column.name for column in reversed(columns) if column.filled}
    if "tags" in kinds and "words" in kinds:
        return Suit(
            roles={"text": kinds["words"], "tags": kinds["tags"]},
            reason=mark("“{tags}” holds a tag for each of the words in “{text}”."),
        )
    text = next(
        (column.name for column in columns if column.kind == "text" and column.name == "text"), kinds.get("text")
    )
    if "spans" in kinds and text:
        return Suit(
            roles={"text": text, "tags": kinds["spans"]},
            reason=mark("“{tags}” marks stretches of the texts in “{text}”."),
        )
    return None


DEFAULTS = {
    "epochs": 20, "batch": 16, "learning_rate": 0.003, "max_length": 256, "dropout": 0.5, "head_factor": 1.0, "warmup": 0.05,
    "floor": 0.0, "weight_decay": 0.01, "patience": 6, "validation_share": 0.1, "test_share": 0.1,
}  # fmt: skip
SIZES = tuple(Size(key=key) for key in ("nano", "micro", "small", "base"))

CODE = Code(
    plain="""\
from transformers import pipeline

tag = pipeline("token-classification", model={model}, aggregation_strategy="first")
for found in tag({prompt}):
    print(found["word"], found["entity_group"], round(float(found["score"]), 3))
""",
    studio="""\
import slm_studio

text = {prompt}
for found in slm_studio.load({model})(text):
    print(text[found.start : found.end], found.label, round(found.score, 3))
""",
)

INFO = TaskInfo(
    key="tag",
    title="Tag",
    blurb="Mark names and slots in a text: people, places, dates, what was ordered.",
    sentence=mark("Learn to {task} words of {text} as in {tags}"),
    roles=(
        Role(
            name="text",
            title="Text",
            help="the words, or the text that they stand in",
            reads="words",
            kinds=("words", "text", "label"),
        ),
        Role(
            name="tags",
            title="Tags",
            help="a tag for each word, or the marked spans",
            asked=False,
            reads="tags",
            kinds=("tags", "spans"),
        ),
        WEIGHT,
    ),
    families=(
        Family(
            key="lstm",
            title="LSTM",
            blurb="Reads words and their parts in both directions; a chain keeps its tags consistent. Minutes on a laptop.",
            sizes=SIZES,
            default_size="micro",
            unused=("head_factor",),  # all of it is fresh
            defaults=DEFAULTS,
        ),
        Family(
            key="bert",
            title="BERT",
            blurb="A Transformer encoder from nothing. Shows how attention learns; needs many rows.",
            sizes=SIZES,
            default_size="nano",
            unused=("head_factor", "vectors"),  # all of it is fresh
            defaults=DEFAULTS
            | {"epochs": 30, "batch": 32, "learning_rate": 0.001, "max_length": 128, "dropout": 0.1, "warmup": 0.1},
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Starts from a model that knows the language already.",
            unused=("vocabulary", "vectors"),  # the pieces are those of the base
            defaults=DEFAULTS
            | {
                "epochs": 4,
                "learning_rate": 2e-4,
                "max_length": 128,
                "dropout": 0.1,
                "head_factor": 10.0,
                "warmup": 0.1,
                "patience": 6,
            },
        ),
    ),
    metric="entity_f1",
    chosen_by="entity_f1",
    shown=("entity_f1", "entity_precision", "entity_recall"),
    compared="entity_f1",
    split="shuffled",
    packs=False,
    cuts=False,
    answers="spans",
    samples=(
        Shown("text", mark("text"), "prose"),
        Shown("true", mark("true"), "spans"),
        Shown("predicted", mark("predicted"), "spans"),
    ),
    cases=(
        Shown("text", mark("text"), "prose"),
        Shown("tags", mark("marked in the file"), "spans"),
        Shown("predicted", mark("model says"), "spans"),
        Shown("loss", mark("loss"), "number"),
    ),
    files=(
        SampleFile("en/names.conll", mark("Names in English messages"), mark("Names")),
        SampleFile("zh/names.conll", mark("Names in Chinese messages"), mark("Names")),
    ),
    hub_tag="token-classification",
    verb="predict",
    route="/v1/tag",
    architectures=("ForTokenClassification",),
    continues=("fill", "search"),
    blank_is="training",
    caution="It knows the kinds of names that its rows had, written as they were written there.",
    example=mark("Ada Lovelace was born in London."),
    code=CODE,
    order=15,
    suits=suits,
    options=TagOptions,
)
