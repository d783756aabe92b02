"""Words: learn a vector for every word from the company it keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.dataset import Column
from slm_studio.core.knobs import knob
from slm_studio.core.running_text import RunningTextOptions
from slm_studio.core.tasks.info import (
    CONTINUED,
    Code,
    Family,
    Form,
    Role,
    SampleFile,
    Shown,
    Size,
    Suit,
    TaskInfo,
)
from slm_studio.core.texts import mark

ASKS = {  # what can be asked of vectors: option of the verb predict → what it gives
    "near": mark("Nearest words"),
    "analogy": mark("Analogy"),
    "similarity": mark("Likeness of two"),
    "odd": mark("Odd one out"),
    "map": mark("Map"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WordsOptions(RunningTextOptions):
    """The knobs that only word vectors have, named as gensim names them."""

    vector_size: int | None = knob(None, "Vector size", "Numbers of a word's vector.", low=2, high=2048)
    window: int | None = knob(
        None, "Window", "Words on either side that are a word's company, at most.", low=1, high=100
    )
    min_count: int = knob(
        5, "Least count", "Words that stand less often in the text are left out.", low=1, high=1000000
    )
    vocabulary: int | None = knob(
        None, "Vocabulary size", "Words that are kept at most, the most frequent first.", low=2, high=4000000
    )
    negative: int = knob(
        5,
        "Negative samples",
        "Random words from which each real neighbour is told. They are shared by the words around.",
        low=1,
        high=100,
    )
    sample: float = knob(
        0.001, "Subsampling", "Words more frequent than this share are often passed over. 0 keeps all.", low=0, high=1
    )
    ns_exponent: float = knob(
        0.75,
        "Sampling exponent",
        "Random words come by their count to this power: 1 as often as they stand, 0 all alike.",
        low=-2,
        high=2,
    )
    x_max: float = knob(
        100.0, "Full weight from", "GloVe: pairs of words that stand together so often count fully.", low=1, high=1e6
    )
    segmentation: str = knob(
        "auto",
        "Words are",
        "How a text becomes words. Automatic cuts Chinese by a dictionary and other scripts at blanks and signs.",
        choices={
            "auto": mark("Automatic"),
            "given": mark("As written, between blanks"),
            "characters": mark("Chinese by characters"),
        },
    )
    dictionary: str = knob(
        "", "Own dictionary", "A file of words, one a line, that are never cut: names, terms. Only for Chinese."
    )
    lowercase: bool = knob(True, "Lower case", "Read Apple and apple as the same word.")
    workers: int | None = knob(
        None,
        "Threads",
        "How many learn at a time, each from a part of every batch, so that vectors differ a little with their number. "
        "Automatic: one; GloVe tries what is fastest here.",
        low=1,
        high=256,
    )
    prompts: str = knob("", "Sample prompts", "Words whose neighbours are shown while it learns, separated by |.")


def suits(columns: Sequence[Column]) -> Suit | None:
    """Return the column of words that were cut already, where nothing says what each of them is."""
    kinds = {column.kind: column.name for column in reversed(columns) if column.filled}
    if "words" not in kinds or "tags" in kinds:
        return None
    return Suit(roles={"text": kinds["words"]}, reason=mark("“{text}” holds texts that are cut into words already."))


def scored(columns: Sequence[Column]) -> Suit | None:
    """Return the columns of pairs of words and how alike people found them: a file to score with, not to learn from."""
    numbers = [column.name for column in columns if column.filled and column.kind == "number"]
    words = [column.name for column in columns if column.filled and column.kind in ("text", "label", "id")]
    single = all(len(example.split()) == 1 for column in columns if column.name in words for example in column.examples)
    if len(words) != 2 or len(numbers) != 1 or not single:
        return None
    return Suit(
        roles={"first": words[0], "second": words[1], "alike": numbers[0]},
        reason=mark("“{alike}” says how alike “{first}” and “{second}” are."),
    )


# Measured beside gensim on the same text: batches up to 64 blocks give the same neighbours (of 256, CBOW's are less alike).
# How often a text is read depends on how long it is: the task settles it.
DEFAULTS = {
    "batch": 64, "learning_rate": 0.025, "warmup": 0.0, "floor": 0.004, "patience": 3,
    "validation_share": 0.05, "test_share": 0.05,
}  # fmt: skip
SIZES = tuple(Size(key=key) for key in ("nano", "micro", "small", "base"))  # vectors of 50, 100, 200, 300 numbers
WORD2VEC_ONLY, GLOVE_ONLY = ("negative", "sample", "ns_exponent"), ("x_max",)

CODE = Code(
    plain="""\
# The file is written by: slm-studio export {model} vectors.txt --to word2vec
from gensim.models import KeyedVectors

vectors = KeyedVectors.load_word2vec_format("vectors.txt")
print(vectors.most_similar({prompt}))
""",
    studio="""\
import slm_studio

vectors = slm_studio.load({model})
for near in vectors({prompt}):
    print(near.text, round(near.score, 3))
""",
    flag="--near",
)

INFO = TaskInfo(
    key="words",
    title="Word vectors",
    blurb="Learn which words are alike from the company they keep: Word2Vec and GloVe.",
    sentence=mark("Learn {task} from {text}"),
    roles=(
        Role(
            name="text",
            title="Text",
            help="the texts to learn from",
            needed=False,
            reads="words",
            kinds=("text", "words", "label", "id"),
        ),
        Role(
            name="first",
            title="First word",
            help="to score with pairs of words: one of the two",
            needed=False,
            kinds=("label", "text", "id"),
        ),
        Role(
            name="second",
            title="Second word",
            help="to score with pairs of words: the other one",
            needed=False,
            kinds=("label", "text", "id"),
        ),
        Role(
            name="alike",
            title="Likeness",
            help="to score with pairs of words: how alike people found them",
            needed=False,
            asked=False,
            reads="number",
            kinds=("number",),
        ),
    ),
    enough=(("text",), ("first", "second", "alike")),
    lends="vectors",
    families=(
        Family(
            key="skipgram",
            title="Word2Vec, skip-gram",
            blurb="Each word foretells its neighbours. Best on small texts and for rare words.",
            sizes=SIZES,
            default_size="micro",
            unused=GLOVE_ONLY,
            defaults=DEFAULTS,
        ),
        Family(
            key="cbow",
            title="Word2Vec, CBOW",
            blurb="The neighbours together foretell the word. The fastest; good on large texts.",
            sizes=SIZES,
            default_size="micro",
            unused=GLOVE_ONLY,
            defaults=DEFAULTS,
        ),
        Family(
            key="glove",
            title="GloVe",
            blurb="Counts first which words stand together, then fits vectors to the counts.",
            sizes=SIZES,
            default_size="micro",
            unused=WORD2VEC_ONLY,
            defaults=DEFAULTS | {"batch": 16, "learning_rate": 0.05, "floor": 1.0, "patience": 10},
        ),
        Family(
            key=CONTINUED,
            title="Continue vectors",
            blurb="Goes on from vectors that know words already; words of your text that they lack are added.",
            unused=("vector_size", "segmentation", "lowercase"),  # as the base has them
            defaults=DEFAULTS,
        ),
    ),
    metric="context_accuracy",
    shown=("context_accuracy",),
    compared="context_accuracy",
    split="shuffled",
    packs=True,
    cuts=False,
    answers="hits",
    answer_options=("ask", "method"),
    samples=(Shown("word", mark("word")), Shown("neighbours", mark("nearest words"), "prose")),
    cases=(
        Shown("question", mark("question"), "prose"),
        Shown("expected", mark("in the file"), "outline"),
        Shown("predicted", mark("vectors say"), "chip"),
        Shown("score", mark("score"), "number"),
    ),
    files=(
        SampleFile("en/village.txt", mark("A village and a court in English, for word vectors"), mark("Word vectors")),
        SampleFile("zh/village.txt", mark("A village and a court in Chinese, for word vectors"), mark("Word vectors")),
    ),
    hub_tag="feature-extraction",
    verb="words",
    unused=("extend_vocabulary", "head_factor", "max_length", "weight_decay", "dropout", "clip", "precision"),
    by_rows=("epochs",),
    architectures=("ForWordVectors",),
    exports=(
        Form("word2vec", ".txt", mark("word2vec, as text")),
        Form("word2vec-binary", ".bin", mark("word2vec, binary")),
        Form("glove", ".txt", mark("GloVe, as text")),
    ),
    blank_is="pre-training",
    caution="It knows words by the company that they kept in its texts, and repeats what was said there of people and groups.",
    example=mark("king"),
    code=CODE,
    order=60,
    suits=suits,
    scored=scored,
    options=WordsOptions,
)
