"""Classify: one text, one label."""

from dataclasses import dataclass

from slm_studio.core.knobs import knob
from slm_studio.core.shapes import ShapeOptions, shape_knobs
from slm_studio.core.tasks.info import CONTINUED, Code, Family, Role, SampleFile, Shown, Size, TaskInfo
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassifyOptions(ShapeOptions):
    """The knobs that only classification has, those of its nets' shapes included."""

    class_weights: str = knob(
        "none",
        "Class weights",
        "Balanced lets rare labels count as much as frequent ones.",
        choices={"none": mark("None"), "balanced": mark("Balanced")},
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


@dataclass(frozen=True, kw_only=True, slots=True)
class NamingOptions:
    """Say how much an answer tells."""

    top: int = knob(
        10, "Labels", "How many labels an answer names at most, the likeliest first.", low=1, high=2**31 - 1
    )


# Of the nets that read word after word.
READING = {
    "epochs": 20, "batch": 32, "learning_rate": 0.002, "max_length": 128, "dropout": 0.5, "head_factor": 1.0, "warmup": 0.05,
    "floor": 0.0, "weight_decay": 0.01, "patience": 6, "validation_share": 0.1, "test_share": 0.1,
}  # fmt: skip
SIZES = tuple(Size(key=key) for key in ("nano", "micro", "small", "base"))

BAG_DEFAULTS = {
    "epochs": 15, "batch": 16, "learning_rate": 0.002, "max_length": 8192, "dropout": 0.3, "head_factor": 1.0, "warmup": 0.05,
    "floor": 0.0, "weight_decay": 0.0, "patience": 6, "validation_share": 0.1, "test_share": 0.1,
    "last_epochs": 8,
}  # fmt: skip

# Rows of a hashed table are looked up, fastest in fp32.
BAG_UNUSED = ("precision", "head_factor", "vocabulary", "pieces", *shape_knobs(shown=("vectors",)))

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

INFO = TaskInfo(
    key="classify",
    title="Classify",
    blurb="Sort texts into labels: topics, sentiment, intent, spam.",
    sentence=mark("Learn to {task} {text} into {label_values} values of {label}"),
    roles=(
        Role(name="text", title="Text", help="the texts to read", kinds=("text", "label", "id", "number")),
        Role(
            name="label",
            title="Label",
            help="the answer for each text",
            asked=False,
            reads="label",
            kinds=("label", "number", "text"),
        ),
    ),
    families=(
        Family(
            key="bag",
            title="Bag of words",
            blurb="Counts words and parts of words, directly and by what they have in common. Learns in seconds, hard to beat.",
            sizes=SIZES,
            unused=BAG_UNUSED,
            defaults=BAG_DEFAULTS,
        ),
        Family(
            key="linear",
            title="Linear",
            blurb="The classic: words and parts of words, each for or against a label. Learns in seconds.",
            sizes=SIZES,
            unused=(*BAG_UNUSED, "vectors", "dropout", "weight_decay"),
            defaults=BAG_DEFAULTS | {"learning_rate": 2.0, "dropout": 0.0},
        ),
        Family(
            key="cnn",
            title="CNN",
            blurb="Filters look at three to five words at a time, and the strongest find decides. Seconds to minutes.",
            sizes=SIZES,
            default_size="micro",
            unused=(
                "head_factor",
                *shape_knobs(shown=("embedding", "vectors", "output", "loss")),
            ),  # all of it is fresh
            defaults=READING | {"learning_rate": 0.001},
        ),
        Family(
            key="rnn",
            title="RNN",
            blurb="Elman's net, the oldest: one state goes from word to word, and forgets soon. To see why others came.",
            sizes=SIZES,
            default_size="micro",
            unused=("head_factor",),
            defaults=READING | {"learning_rate": 0.001},
        ),
        Family(
            key="gru",
            title="GRU",
            blurb="Like an LSTM with two gates instead of three: a little smaller and quicker, mostly as good.",
            sizes=SIZES,
            default_size="micro",
            unused=("head_factor",),
            defaults=READING,
        ),
        Family(
            key="lstm",
            title="LSTM",
            blurb="Reads the words in order, in both directions. Minutes on a laptop.",
            sizes=SIZES,
            default_size="micro",
            unused=("head_factor",),
            defaults=READING,
        ),
        Family(
            key="bert",
            title="BERT",
            blurb="A Transformer encoder from nothing. Shows how attention learns; needs many rows.",
            sizes=SIZES,
            default_size="nano",
            unused=("head_factor", *shape_knobs()),  # all of it is fresh
            defaults={
                "epochs": 30,
                "batch": 32,
                "learning_rate": 0.001,
                "max_length": 128,
                "dropout": 0.1,
                "head_factor": 1.0,
                "warmup": 0.1,
                "floor": 0.0,
                "weight_decay": 0.01,
                "patience": 6,
                "validation_share": 0.1,
                "test_share": 0.1,
            },
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Starts from a model that knows the language already.",
            unused=("vocabulary", "pieces", "lowercase", *shape_knobs()),  # the pieces are those of the base
            defaults={
                "epochs": 3,
                "batch": 32,
                "learning_rate": 0.0002,
                "max_length": 128,
                "dropout": 0.1,
                "head_factor": 10.0,
                "warmup": 0.1,
                "floor": 0.0,
                "weight_decay": 0.01,
                "patience": 3,
                "validation_share": 0.1,
                "test_share": 0.1,
            },
        ),
    ),
    metric="accuracy",
    shown=("accuracy", "f1_macro"),
    compared="accuracy",
    split="stratified",
    packs=False,
    cuts=True,
    answers="labels",
    samples=(
        Shown("text", mark("text"), "prose"),
        Shown("true", mark("true")),
        Shown("predicted", mark("predicted"), "chip"),
        Shown("score", mark("score"), "bar"),
    ),
    cases=(
        Shown("text", mark("text"), "prose"),
        Shown("label", mark("label in the file"), "outline"),
        Shown("predicted", mark("model says"), "chip"),
        Shown("score", mark("sure"), "number"),
    ),
    files=(
        SampleFile("en/messages.csv", mark("English messages to sort")),
        SampleFile("zh/messages.csv", mark("Chinese messages to sort")),
    ),
    hub_tag="text-classification",
    verb="predict",
    architectures=("ForSequenceClassification",),
    continues=("fill", "write"),
    blank_is="training",
    caution="It gives a label to every text, also to texts unlike any it has seen.",
    example=mark("Write a text here."),
    code=CODE,
    order=10,
    options=ClassifyOptions,
)
