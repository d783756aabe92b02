"""Search: find the passage that answers a question, by meaning, by words, or by both."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from slm_studio.core.dataset import Column
from slm_studio.core.knobs import knob
from slm_studio.core.retrieval_columns import paired_columns, retrieval_columns
from slm_studio.core.routes import SEARCH
from slm_studio.core.tasks.info import CONTINUED, WEIGHT, Code, Family, Role, SampleFile, Shown, Size, Suit, TaskInfo
from slm_studio.core.texts import mark

PAIRS, SCORED = "pairs", "scored"  # what rows teach: which passage answers a question, or how alike two texts are
AUTO = "auto"
BOTH, MEANING, WORDS = "both", "meaning", "words"  # ways to search


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchOptions:
    """The knobs that only search has."""

    temperature: float = knob(
        0.05,
        "Temperature",
        "How sharply a question tells its passage from the others. Lower looks at the likest ones only.",
        low=0.005,
        high=1.0,
    )
    hard_negatives: bool = knob(
        True,
        "Hard negatives",
        "Beside each question stands one passage more that shares its words but does not answer it, found by BM25.",
    )
    hold_out: str = knob(
        AUTO,
        "Held out are",
        "New passages with their questions, or new questions for known passages. Automatic goes by how many questions a passage has.",
        choices={AUTO: mark("Automatic"), "passages": mark("Passages"), "questions": mark("Questions")},
    )
    pooling: str = knob(
        AUTO,
        "Pooling",
        "How the vectors of a text's tokens become one. Automatic does as the base does, else it takes the mean.",
        choices={AUTO: mark("Automatic"), "mean": mark("Mean of all tokens"), "cls": mark("First token")},
    )
    query_prefix: str = knob(
        AUTO, "Query prefix", "What stands in front of every question. auto: what the base learnt with, or nothing."
    )
    passage_prefix: str = knob(
        AUTO, "Passage prefix", "What stands in front of every passage. auto: what the base learnt with, or nothing."
    )
    vector_size: int | None = knob(None, "Vector size", "Numbers of a text's vector.", low=8, high=4096)
    vocabulary: int = knob(
        8000, "Vocabulary size", "Word pieces that a fresh tokenizer may learn.", low=100, high=200000
    )
    lowercase: bool = knob(True, "Lower case", "Read Apple and apple as the same word.")
    vectors: str = knob(
        "",
        "Begin with word vectors",
        "A model of word vectors of yours, whose numbers its words begin with.",
        models="hits",
    )

    target: str = ""  # pairs | scored; found out from the roles

    def target_of(self, column: Column | None) -> str:
        """Return what the rows teach: how alike texts are, where a column says it."""
        return self.target or (SCORED if column is not None else PAIRS)


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingOptions:
    """Say how passages are found."""

    top: int = knob(10, "Passages", "How many passages an answer names at most, the best first.", low=1, high=1000)
    way: str = knob(
        BOTH,
        "Search by",
        "By meaning, by the words that a question and a passage share, or by both together, each counting as much as helped held-out questions most.",
        choices={BOTH: mark("Both together"), MEANING: mark("Meaning"), WORDS: mark("Words")},
    )


def suits(columns: Sequence[Column]) -> Suit | None:
    """Return the columns of questions and passages, where their names say it."""
    roles = retrieval_columns(columns)
    if not roles:
        return None
    reason = mark("“{query}” holds what is asked, and “{passage}” the passage that answers it.")
    if "wrong" in roles:
        reason = mark("“{passage}” answers “{query}”, and “{wrong}” does not.")
    if "score" in roles:
        reason = mark("“{score}” says how alike “{query}” and “{passage}” are.")
    return Suit(roles=roles, reason=reason)


def scored(columns: Sequence[Column]) -> Suit | None:
    """Return pairs that other tasks may learn from, too: questions with answers, or two texts and how alike they are."""
    roles = paired_columns(columns)
    if not roles:
        return None
    reason = mark("“{query}” and “{passage}” hold texts that belong together.")
    if "score" in roles:
        reason = mark("“{score}” says how alike “{query}” and “{passage}” are.")
    return Suit(roles=roles, reason=reason)


DEFAULTS = {
    "epochs": 20, "batch": 32, "learning_rate": 0.003, "head_factor": 1.0, "max_length": 256, "warmup": 0.05, "floor": 0.0,
    "weight_decay": 0.01, "dropout": 0.1, "patience": 5, "validation_share": 0.1, "test_share": 0.1,
}  # fmt: skip
SIZES = tuple(Size(key=key) for key in ("nano", "micro", "small", "base"))

CODE = Code(
    plain="""\
from sentence_transformers import SentenceTransformer

model = SentenceTransformer({model})
question = model.encode({prompt}, prompt_name="query")
passages = {second}.splitlines()
near = model.similarity(question, model.encode(passages, prompt_name="document"))[0].tolist()
for score, passage in sorted(zip(near, passages), reverse=True):
    print(round(score, 3), passage)
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
for hit in model.search({prompt}, "documents"):  # a file, a folder or an index of yours
    print(round(hit.score, 3), hit.source, hit.text)
""",
    flag="--query",
)
ASKED = Shown("query", mark("question"), "prose")

OF_PAIRS = TaskInfo(
    key="search",
    title="Search",
    blurb="Find the passage that answers a question: an FAQ, documents, a knowledge base.",
    sentence=mark("Learn to {task} {passage} by {query}"),
    roles=(
        Role(
            name="query",
            title="Question",
            help="what is asked",
            needed=False,
            kinds=("text", "label", "id"),
        ),
        Role(
            name="passage",
            title="Passage",
            help="the text that answers it, or the second of two texts that are compared",
            needed=False,
            may_be_blank=True,
            kinds=("text", "label", "id"),
        ),
        Role(
            name="score",
            title="Likeness",
            help="how alike the two texts are, where people said it in numbers",
            needed=False,
            asked=False,
            reads="number",
            kinds=("number", "label"),
        ),
        Role(
            name="wrong",
            title="Wrong passage",
            help="a passage that does not answer it",
            needed=False,
            asked=False,
            kinds=("text", "label"),
        ),
        WEIGHT,
    ),
    enough=(("query", "passage"),),
    families=(
        Family(
            key="bag",
            title="Bag of words",
            blurb="Adds up vectors of words and parts of words. It begins by counting shared words and learns which mean the same, in seconds.",
            sizes=SIZES,
            unused=("head_factor", "precision", "pooling", "vocabulary"),
            defaults=DEFAULTS | {"epochs": 30, "learning_rate": 0.001, "max_length": 8192, "weight_decay": 0.0},
        ),
        Family(
            key="bert",
            title="BERT",
            blurb="A Transformer encoder from nothing. Shows how attention learns; needs many thousand pairs.",
            sizes=SIZES,
            default_size="nano",
            unused=("head_factor", "vectors", "vector_size"),
            defaults=DEFAULTS | {"epochs": 30, "learning_rate": 0.0005, "max_length": 128, "warmup": 0.1},
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Starts from an encoder that knows the language, best from one that searches already.",
            unused=("head_factor", "vocabulary", "lowercase", "vectors", "vector_size"),
            defaults=DEFAULTS
            | {"epochs": 3, "batch": 16, "learning_rate": 2e-5, "dropout": 0.0, "warmup": 0.1, "patience": 4},
        ),
    ),
    metric="mrr",
    shown=("mrr", "recall_at_1", "recall_at_10", "ndcg_at_10"),
    compared="mrr",
    split="grouped",
    packs=False,
    cuts=True,
    answers="hits",
    answer_options=("index", "way"),
    samples=(
        ASKED,
        Shown("true", mark("its passage"), "prose"),
        Shown("predicted", mark("found first"), "prose"),
        Shown("rank", mark("rank"), "number"),
    ),
    cases=(
        ASKED,
        Shown("passage", mark("passage in the file"), "prose"),
        Shown("predicted", mark("found first"), "prose"),
        Shown("rank", mark("rank")),
    ),
    files=(
        SampleFile(
            "en/library_faq.csv", mark("A library's questions and answers in English, to search"), mark("Search")
        ),
        SampleFile(
            "zh/library_faq.csv", mark("A library's questions and answers in Chinese, to search"), mark("Search")
        ),
    ),
    hub_tag="sentence-similarity",
    verb="search",
    route=SEARCH,
    architectures=("ForTextVectors",),
    pools=True,
    continues=("fill",),
    blank_is="training",
    caution="It finds what is most like a question, also where no passage answers it: read what it found.",
    example=mark("How long may I keep a book?"),
    about=mark("Books may be kept for four weeks.\nThe library is closed on Mondays."),
    code=CODE,
    order=40,
    suits=suits,
    scored=scored,
    targets=(PAIRS, SCORED),
    options=SearchOptions,
)
OF_SCORES = replace(
    OF_PAIRS,
    sentence=mark("Learn to {task}: {score} is how alike {query} and {passage} are"),
    metric="spearman",
    shown=("spearman",),
    compared="spearman",
    split="shuffled",
    unused=("hard_negatives", "hold_out", "temperature"),
    samples=(
        ASKED,
        Shown("passage", mark("second text"), "prose"),
        Shown("true", mark("likeness in the file"), "number"),
        Shown("predicted", mark("likeness found"), "number"),
    ),
    cases=(
        ASKED,
        Shown("passage", mark("second text"), "prose"),
        Shown("score", mark("likeness in the file"), "number"),
        Shown("predicted", mark("likeness found"), "number"),
    ),
    caution="It says how alike texts are by what its rows called alike, and not whether what they say is true.",
)
FORMS = {PAIRS: OF_PAIRS, SCORED: OF_SCORES}


def shape(target: str, asks: Collection[str] | None) -> TaskInfo:
    """Return the task for what its rows teach."""
    return replace(FORMS.get(target, OF_PAIRS), shape=shape)


INFO = replace(OF_PAIRS, shape=shape)
