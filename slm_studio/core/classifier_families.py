"""The nets that can sort texts, and the knobs with which each of them learns best (measured, not guessed)."""

from slm_studio.core.shapes import shape_knobs
from slm_studio.core.tasks.info import CONTINUED, Family, Size

# Of the nets that read word after word.
READING = {
    "epochs": 20, "batch": 32, "learning_rate": 0.002, "max_length": 128, "dropout": 0.5, "head_factor": 1.0, "warmup": 0.05,
    "floor": 0.0, "weight_decay": 0.01, "patience": 6, "validation_share": 0.1, "test_share": 0.1,
}  # fmt: skip
SIZES = tuple(Size(key=key) for key in ("nano", "micro", "small", "base"))
# Measured on 77 intents (RNN 0.73 → 0.79, GRU 0.78 → 0.82), and on two labels, where it makes no difference.
QUICK_NANO = (Size(key="nano", defaults={"learning_rate": 0.004}), *SIZES[1:])

BAG_DEFAULTS = {
    "epochs": 15, "batch": 16, "learning_rate": 0.002, "max_length": 8192, "dropout": 0.3, "head_factor": 1.0, "warmup": 0.05,
    "floor": 0.0, "weight_decay": 0.0, "patience": 6, "validation_share": 0.1, "test_share": 0.1,
    "last_epochs": 8,
}  # fmt: skip

# Rows of a hashed table are looked up, fastest in fp32.
BAG_UNUSED = ("few", "precision", "head_factor", "vocabulary", "pieces", *shape_knobs(shown=("vectors",)))

FAMILIES = (
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
        unused=(
            *BAG_UNUSED,
            "vectors",
            "dropout",
            "weight_decay",
            "optimizer",
            "momentum",
        ),  # it descends the gradient
        defaults=BAG_DEFAULTS | {"learning_rate": 2.0, "dropout": 0.0},
    ),
    Family(
        key="cnn",
        title="CNN",
        blurb="Filters look at three to five words at a time, and the strongest find decides. Seconds to minutes.",
        sizes=SIZES,
        default_size="micro",
        unused=(
            "few",
            "head_factor",
            *shape_knobs(shown=("embedding", "vectors", "output", "loss")),
        ),  # all of it is fresh
        defaults=READING,
    ),
    Family(
        key="rnn",
        title="RNN",
        blurb="Elman's net, the oldest: one state goes from word to word, and forgets soon. To see why others came.",
        sizes=QUICK_NANO,
        default_size="micro",
        unused=("few", "head_factor"),
        defaults=READING,
    ),
    Family(
        key="gru",
        title="GRU",
        blurb="Like an LSTM with two gates instead of three: a little smaller and quicker, mostly as good.",
        sizes=QUICK_NANO,
        default_size="micro",
        unused=("few", "head_factor"),
        defaults=READING,
    ),
    Family(
        key="lstm",
        title="LSTM",
        blurb="Reads the words in order and carries on what it needs of them. Minutes on a laptop.",
        sizes=SIZES,
        default_size="micro",
        unused=("few", "head_factor"),
        defaults=READING,
    ),
    Family(
        key="bert",
        title="BERT",
        blurb="A Transformer encoder from nothing. Shows how attention learns; needs many rows.",
        sizes=SIZES,
        default_size="nano",
        unused=("few", "head_factor", *shape_knobs()),  # all of it is fresh
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
            "epochs": None,  # these four by the base and the rows: few are read more often
            "last_epochs": None,
            "batch": 32,
            "learning_rate": None,
            "max_length": 128,
            "dropout": 0.1,
            "head_factor": 10.0,
            "warmup": 0.1,
            "floor": 0.0,
            "weight_decay": 0.01,
            "patience": None,
            "validation_share": 0.1,
            "test_share": 0.1,
        },
    ),
)
