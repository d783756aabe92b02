"""Answer: find the stretch of a passage that answers a question, or say that nothing in it does."""

from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.citing import cite_passages
from slm_studio.core.dataset import Column
from slm_studio.core.knobs import knob
from slm_studio.core.question_columns import question_columns
from slm_studio.core.tasks.info import CONTINUED, WEIGHT, Code, Family, Role, SampleFile, Shown, Size, Suit, TaskInfo
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerOptions:
    """The knobs that only answering has."""

    doc_stride: int = knob(
        32,
        "Overlap",
        "A passage that is longer than fits is read in windows; neighbours share so many tokens, so that no answer is cut in two.",
        low=0,
        high=4096,
    )
    windows: int = knob(
        12,
        "Windows read",
        "Of a very long passage so many windows are read, those whose words fit the question best (BM25).",
        low=1,
        high=1000,
    )
    negatives: int = knob(
        1,
        "Windows without the answer",
        "Beside those with the answer so many others of its passage are learnt from: there the right answer is that it is elsewhere.",
        low=1,
        high=100,
    )
    vocabulary: int | None = knob(
        None, "Known features", "Words and parts of words that a fresh network may know.", low=100, high=500000
    )
    vectors: str = knob(
        "",
        "Begin with word vectors",
        "A model of word vectors of yours, whose numbers its words begin with.",
        models="hits",
    )


def suits(columns: Sequence[Column]) -> Suit | None:
    """Return the columns of questions, passages and answers, where their names say it."""
    roles = question_columns(columns)
    if not roles:
        return None
    return Suit(roles=roles, reason=mark("“{question}” asks about “{passage}”, and “{answer}” is what stands there."))


# Measured on CMRC 2018: in short windows a base learns from a thousand questions what it does not in windows of 320.
DEFAULTS = {
    "epochs": 20, "batch": 16, "learning_rate": 0.002, "head_factor": 1.0, "max_length": 100, "dropout": 0.3, "warmup": 0.05,
    "floor": 0.0, "weight_decay": 0.01, "patience": 5, "validation_share": 0.1, "test_share": 0.1,
}  # fmt: skip
SIZES = tuple(Size(key=key) for key in ("nano", "micro", "small", "base"))

CODE = Code(
    plain="""\
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

question, passage = {prompt}, {second}
tokenizer = AutoTokenizer.from_pretrained({model})
model = AutoModelForQuestionAnswering.from_pretrained({model})
pair = tokenizer(question, passage, truncation="only_second", return_tensors="pt", return_offsets_mapping=True)
places = pair.pop("offset_mapping")[0]
inside = torch.tensor([side == 1 for side in pair.sequence_ids(0)])
with torch.inference_mode():
    found = model(**pair)
starts, ends = (each[0].masked_fill(~inside, -1e4) for each in (found.start_logits, found.end_logits))
scores = (starts[:, None] + ends[None, :]).triu().tril(40)  # at most 41 tokens
start, end = divmod(int(scores.masked_fill(scores == 0, -1e9).argmax()), len(ends))
print(passage[places[start][0] : places[end][1]])
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
for found in model({{"question": {prompt}, "passage": {second}}}):
    print(round(found.score, 3), found.text or "(no answer in the passage)")
""",
    flag="--question",
)
NONE = mark("(no answer)")
ASKED = Shown("question", mark("question"), "prose")
PREDICTED = Shown("predicted", mark("model says"), "text", blank=NONE)

INFO = TaskInfo(
    key="answer",
    title="Answer",
    blurb="Find the words of a passage that answer a question, or say that they are not there.",
    sentence=mark("Learn to {task} {question} from {passage} as in {answer}"),
    roles=(
        Role(name="question", title="Question", help="what is asked", kinds=("text", "label", "id")),
        Role(
            name="passage",
            title="Passage",
            help="the text in which the answer stands",
            kinds=("text", "label", "id"),
        ),
        Role(
            name="answer",
            title="Answer",
            help="words of the passage, several right ones as a list; empty where nothing in it answers the question",
            asked=False,
            may_be_blank=True,
            kinds=("text", "label", "list", "id", "number", "words", "tags", "date", "time", "address"),
            takes_lists=True,
        ),
        Role(
            name="start",
            title="Place",
            help="where in the passage the answer begins: characters from 0",
            needed=False,
            asked=False,
            reads="number",
            kinds=("number", "list", "label", "id"),
        ),
        WEIGHT,
    ),
    families=(
        Family(
            key="lstm",
            title="LSTM reader",
            blurb="Reads the parts of a passage that share words with the question. Learns how questions and answers fit, knows no language.",
            sizes=SIZES,
            default_size="micro",
            unused=("head_factor",),  # all of it is fresh
            defaults=DEFAULTS,
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Starts from an encoder that knows the language, such as a BERT: far better with few questions.",
            unused=("vocabulary", "vectors"),  # the pieces are those of the base
            defaults=DEFAULTS
            | {
                "epochs": 3,
                "batch": 16,
                "learning_rate": 2e-4,
                "max_length": 128,
                "dropout": 0.1,
                "head_factor": 10.0,
                "warmup": 0.1,
                "patience": 4,
            },
        ),
    ),
    metric="f1",
    chosen_by="f1",
    shown=("f1", "exact_match"),
    compared="f1",
    split="grouped",
    packs=False,
    cuts=False,
    answers="quotes",
    samples=(ASKED, Shown("true", mark("in the file"), "text", blank=NONE), PREDICTED),
    cases=(
        ASKED,
        Shown("answer", mark("answer in the file"), "prose", blank=NONE),
        Shown("predicted", mark("model says"), "prose", blank=NONE),
        Shown("f1", "F1", "number"),
    ),
    files=(
        SampleFile("en/guide_questions.json", mark("Questions about a town's guide in English"), mark("Comprehension")),
        SampleFile("zh/guide_questions.json", mark("Questions about a town's guide in Chinese"), mark("Comprehension")),
    ),
    hub_tag="question-answering",
    verb="answer",
    route="/v1/answer",
    architectures=("ForQuestionAnswering",),
    continues=("fill", "search"),
    blank_is="training",
    caution="It shows words that stand in the passage, also where these are wrong, or where they answer another question.",
    example=mark("When was the bridge built?"),
    about=mark(
        "The stone bridge over the river was built in 1732, after a flood had carried off the wooden one. It has five arches and is 86 metres long. Until 1921 whoever crossed it with a cart paid a toll of two pence at the gate house, where a small museum is today."
    ),
    code=CODE,
    order=22,
    suits=suits,
    cites=cite_passages,
    options=AnswerOptions,
)  # fmt: skip
