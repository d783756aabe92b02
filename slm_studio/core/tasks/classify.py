"""Classify: a text, or a pair of texts, and its label, its several labels, or a number."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from slm_studio.core.classifier_families import FAMILIES
from slm_studio.core.dataset import Column
from slm_studio.core.knobs import knob
from slm_studio.core.shapes import ShapeOptions
from slm_studio.core.tasks.info import (
    WEIGHT,
    Code,
    Reads,
    Role,
    SampleFile,
    Shown,
    TaskInfo,
)
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassifyOptions(ShapeOptions):
    """The knobs that only classification has, those of its nets' shapes included."""

    target: str = knob(
        "auto",
        "The answer is",
        "One label, several labels, or a number. Automatic goes by how the column is written.",
        choices={
            "auto": mark("Automatic"),
            "one": mark("One label"),
            "many": mark("Several labels"),
            "number": mark("A number"),
        },
    )
    few: str = knob(
        "auto",
        "Few rows",
        "Pairs of rows tune the base, then a logistic regression decides, as SetFit does. Automatic: up to 50 rows of each label.",
        choices={"auto": mark("Automatic"), "on": mark("By pairs"), "off": mark("Row by row")},
    )
    class_weights: str = knob(
        "none",
        "Class weights",
        "Balanced lets rare labels count as much as frequent ones.",
        choices={"none": mark("None"), "balanced": mark("Balanced")},
    )
    catch: str = knob(
        "",
        "Label to catch",
        "The label that must not be missed, such as spam. It is answered from a lower probability on, chosen on held-out rows.",
    )
    recall: float = knob(
        0.95,
        "Share to catch",
        "Share of the texts with this label that shall be caught.",
        low=0.5,
        high=1.0,
        idle_beside={"catch": ""},
    )
    right: float | None = knob(
        None,
        "Right without a person",
        "Share of the answers that shall be right; those that are less sure than it takes are for a person. Empty: the model gives all answers.",
        low=0.5,
        high=1.0,
    )
    label_smoothing: float = knob(
        0.05, "Label smoothing", "Keeps the model from being too sure of its rows.", low=0.0, high=0.5
    )
    vocabulary: int = knob(
        8000, "Vocabulary size", "Word pieces, or whole words, that a fresh tokenizer may learn.", low=100, high=200000
    )
    pieces: str = knob(
        "auto",
        "Pieces",
        "Automatic takes rare words apart. Whole words are the textbook's: the most frequent ones, all others are one.",
        choices={"auto": mark("Automatic"), "words": mark("Whole words")},
    )
    lowercase: bool = knob(True, "Lower case", "Read Apple and apple as the same word.")

    joined: str = ""  # how a cell joins several labels; found out from the column

    def target_of(self, column: Column | None) -> str:
        """Return what the answer is: as it was chosen, or as its column is written."""
        if self.target != "auto" or column is None:
            return self.target if self.target != "auto" else "one"
        return "many" if column.joins else "number" if column.measures else "one"

    def settled(self, column: Column | None) -> "ClassifyOptions":
        """Return these options with nothing left to the column."""
        return replace(self, target=self.target_of(column), joined=column.joins if column else "")

    def of_model(self, facts: Mapping[str, object]) -> "ClassifyOptions":
        """Return these options as a model has them, whatever a file looks like: older ones knew one label only."""
        return replace(self, target=str(facts.get("target") or "one"))


@dataclass(frozen=True, kw_only=True, slots=True)
class NamingOptions:
    """Say how much an answer tells."""

    top: int = knob(
        10, "Labels", "How many labels an answer names at most, the likeliest first.", low=1, high=2**31 - 1
    )


TEXTS = ("text", "label", "id", "number")  # kinds of columns that can be read

ASKED = (Shown("text", mark("text"), "prose"), Shown("text2", mark("second text"), "prose", may_lack=True))
CODE = Code(
    plain="""\
from transformers import pipeline

classify = pipeline("text-classification", model={model})
print(classify({prompt}, top_k=5, truncation=True))
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
print(model({prompt}))
""",
)

ONE = TaskInfo(
    key="classify",
    title="Classify",
    blurb="Sort texts into labels: topics, sentiment, intent, spam.",
    sentence=mark("Learn to {task} {text} into {label_values} {label_values:value|values} of {label}"),
    roles=(
        Role(name="text", title="Text", help="the texts to read", kinds=TEXTS),
        Role(
            name="text2",
            title="Second text",
            help="a text that goes with the first, where pairs are compared: a claim, another wording",
            needed=False,
            kinds=TEXTS,
        ),
        Role(
            name="label",
            title="Label",
            help="the answer for each text",
            asked=False,
            reads="label",
            kinds=("label", "number", "list", "text"),
        ),
        WEIGHT,
    ),
    families=FAMILIES,
    metric="accuracy",
    shown=("accuracy", "f1_macro"),
    compared="accuracy",
    split="stratified",
    by_rows=("epochs", "last_epochs", "learning_rate", "patience"),
    packs=False,
    cuts=True,
    opens_up=True,
    answers="labels",
    samples=(
        *ASKED,
        Shown("true", mark("true")),
        Shown("predicted", mark("predicted"), "chip"),
        Shown("score", mark("score"), "bar"),
    ),
    cases=(
        *ASKED,
        Shown("label", mark("label in the file"), "outline"),
        Shown("predicted", mark("model says"), "chip"),
        Shown("score", mark("sure"), "number"),
    ),
    files=(
        SampleFile("en/messages.csv", mark("English messages to sort"), mark("Customer service")),
        SampleFile("zh/messages.csv", mark("Chinese messages to sort"), mark("Customer service")),
        SampleFile("en/reviews.csv", mark("English reviews, good and bad"), mark("Sentiment")),
        SampleFile("zh/reviews.csv", mark("Chinese reviews, good and bad"), mark("Sentiment")),
        SampleFile("en/comments.csv", mark("English comments to moderate"), mark("Moderation")),
        SampleFile("zh/comments.csv", mark("Chinese comments to moderate"), mark("Moderation")),
        SampleFile("en/pool_questions.csv", mark("Questions to an English swimming pool"), mark("Frequent questions")),
        SampleFile("zh/pool_questions.csv", mark("Questions to a Chinese swimming pool"), mark("Frequent questions")),
        SampleFile(
            "en/hotel_guests.csv", mark("What English guests write about, several topics each"), mark("Several labels")
        ),
        SampleFile(
            "zh/hotel_guests.csv", mark("What Chinese guests write about, several topics each"), mark("Several labels")
        ),
        SampleFile(
            "en/word_senses.csv", mark("Does the English word mean something in nature here?"), mark("Word in context")
        ),
        SampleFile(
            "zh/word_senses.csv", mark("Does the Chinese word mean something in nature here?"), mark("Word in context")
        ),
    ),
    hub_tag="text-classification",
    verb="predict",
    route="/v1/classify",
    architectures=("ForSequenceClassification",),
    continues=("fill", "search", "write"),
    blank_is="training",
    caution="It gives a label to every text, also to texts unlike any it has seen.",
    example=mark("Write a text here."),
    code=CODE,
    order=10,
    options=ClassifyOptions,
)

SEVERAL_CODE = Code(
    plain="""\
from transformers import pipeline

classify = pipeline("text-classification", model={model})
thresholds = {thresholds}
found = classify({prompt}, top_k=None, truncation=True)
print([each for each in found if each["score"] >= thresholds.get(each["label"], 0.5)])
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
for label in model({prompt}):
    print(label.label, round(label.score, 3), "yes" if label.chosen else "")
""",
)
NUMBER_CODE = Code(
    plain="""\
from transformers import pipeline

classify = pipeline("text-classification", model={model})
scaled = classify({prompt}, function_to_apply="none", truncation=True)[0]["score"]
print({mean} + {scale} * scaled)
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
print(model({prompt}).items[0].value)
""",
)


def _reading(reads: Reads, title: str, help: str) -> tuple[Role, ...]:  # noqa: A002  (the field's name)
    """Return the roles with an answer that is read so."""
    return tuple(
        replace(role, reads=reads, title=title, help=help) if role == ONE.answer else role for role in ONE.roles
    )


MANY = replace(
    ONE,
    blurb=mark("Give each text the labels that fit, one or several: topics, themes, kinds of trouble."),
    sentence=mark("Learn to {task} {text} by the labels in {label}"),
    roles=_reading("labels", mark("Labels"), mark("the labels of each text, joined in one cell")),
    metric="f1_micro",
    shown=("f1_micro", "f1_macro", "exact_match"),
    compared="f1_micro",
    answers="several",
    unused=("label_smoothing", "few", "catch", "recall", "right"),
    samples=(
        *ASKED,
        Shown("true", mark("true")),
        Shown("predicted", mark("predicted"), "chip"),
        Shown("score", mark("score"), "bar"),
    ),
    cases=(
        *ASKED,
        Shown("label", mark("labels in the file"), "outline"),
        Shown("predicted", mark("model says"), "chip"),
        Shown("loss", mark("loss"), "number"),
    ),
    caution="A label that few rows have is found less surely; its threshold was chosen on few rows, too.",
    code=SEVERAL_CODE,
)
NUMBER = replace(
    ONE,
    blurb=mark("Give each text a number: stars, a price, how urgent it is."),
    sentence=mark("Learn to {task} {text} by the number in {label}"),
    roles=_reading("number", mark("Number"), mark("the number of each text: stars, a price, a share")),
    metric="mae",
    shown=("mae", "spearman", "mse"),
    compared="mae",
    answers="number",
    split="shuffled",
    unused=("label_smoothing", "class_weights", "few", "catch", "recall", "right"),
    samples=(
        *ASKED,
        Shown("true", mark("number in the file")),
        Shown("predicted", mark("predicted"), "chip"),
        Shown("error", mark("off by"), "number"),
    ),
    cases=(
        *ASKED,
        Shown("label", mark("number in the file"), "outline"),
        Shown("predicted", mark("model says"), "chip"),
        Shown("error", mark("off by"), "number"),
    ),
    caution="It gives a number to every text, also to texts unlike any it has seen.",
    code=NUMBER_CODE,
)
FORMS = {"one": ONE, "many": MANY, "number": NUMBER}


def shape(target: str, asks: Collection[str] | None) -> TaskInfo:
    """Return the task for a kind of answer. What a model does not ask goes, and it needs all that it asks: both of a pair."""
    info = FORMS.get(target, ONE)
    if asks is None:
        return replace(info, shape=shape)
    known = asks or ("text",)
    roles = tuple(
        replace(role, needed=True) if role.name in known else role
        for role in info.roles
        if not role.asked or role.name in known
    )
    return replace(info, roles=roles, code=info.code if len(known) == 1 else _of_pairs(info.code))


def _of_pairs(code: Code) -> Code:
    """Return programs that ask two texts."""
    return replace(
        code,
        plain=code.plain.replace("classify({prompt}", 'classify({{"text": {prompt}, "text_pair": {second}}}'),
        studio=code.studio.replace("model({prompt})", 'model({{"text": {prompt}, "text2": {second}}})'),
    )


INFO = replace(ONE, shape=shape, targets=tuple(FORMS))
