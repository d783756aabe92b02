"""Rewrite: turn a text into another: its translation, its summary, its correction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from slm_studio.core.dataset import Column
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.knobs import knob
from slm_studio.core.pair_columns import CORRECTION, SUMMARY, TRANSLATION, pair_roles
from slm_studio.core.tasks.info import CONTINUED, WEIGHT, Code, Family, Role, SampleFile, Shown, Size, Suit, TaskInfo
from slm_studio.core.texts import mark

KINDS = (TRANSLATION, SUMMARY, CORRECTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class RewriteOptions:
    """The knobs that only rewriting has."""

    kind: str = knob(
        "auto",
        "What is learnt",
        "Which scores lead the report, and what simple methods stand beside the model. Automatic tells it by the rows.",
        choices={
            "auto": mark("Automatic"),
            TRANSLATION: mark("Translation"),
            SUMMARY: mark("Summary"),
            CORRECTION: mark("Correction"),
        },
    )
    both_ways: bool = knob(
        False,
        "Both directions",
        "Each pair is learnt there and back by one model; a tag in front of a text says which way it goes.",
    )
    label_smoothing: float = knob(
        0.1,
        "Label smoothing",
        "Share of certainty that is taken from the true piece and spread over all others, so that the model is never too sure.",
        low=0.0,
        high=0.9,
    )
    vocabulary: int | None = knob(
        None,
        "Vocabulary size",
        "Pieces that a fresh tokenizer may learn from both sides together.",
        low=300,
        high=200000,
    )
    known_pairs: bool = knob(
        True,
        "Weigh known answers",
        "The pairs that a translation is learnt from stay beside the model, on this computer alone. Where a text is much like one of them, its answer is weighed with the model's own; held-out pairs tell how much it counts. With one beam, or where tokens are drawn, the answer is the model's own.",
    )
    prefix: str = knob(
        "",
        "Words in front",
        "Stand before every source, as a base was taught to be asked: T5 knows “summarize: ”.",
    )

    def target_of(self, column: Column | None) -> str:
        """Return what the answers are, where it was chosen; the rows tell it otherwise."""
        return self.kind if self.kind != "auto" else ""

    def of_model(self, facts: dict[str, object]) -> "RewriteOptions":
        """Return these options as a model has them."""
        return replace(self, kind=str(facts.get("target") or self.kind), both_ways=bool(facts.get("both_ways")))


def suits(columns: Sequence[Column]) -> Suit | None:
    """Return the columns of a text and of what it shall become."""
    found = pair_roles(columns)
    if found is None:
        return None
    source, target, kind = found
    reason = {
        TRANSLATION: mark("“{text}” and “{rewritten}” hold the same in two languages."),
        SUMMARY: mark("“{rewritten}” says in short what “{text}” says."),
        CORRECTION: mark("“{rewritten}” is “{text}”, put right."),
    }.get(kind, mark("“{text}” holds texts, and “{rewritten}” what they become."))
    return Suit(roles={"text": source, "rewritten": target}, reason=reason)


# Measured on 26 thousand pairs of sentences: small nets, much left out, weights averaged over the last steps.
DEFAULTS = {
    "epochs": 60, "batch": 32, "learning_rate": 0.003, "head_factor": 1.0, "max_length": 128, "dropout": 0.2, "warmup": 0.05,
    "floor": 0.05, "weight_decay": 0.01, "average": 0.998, "patience": 10, "validation_share": 0.05, "test_share": 0.05,
}  # fmt: skip
SIZES = (
    Size(key="nano"),
    Size(key="micro", defaults={"learning_rate": 0.002}),
    Size(key="small", defaults={"learning_rate": 0.0015, "dropout": 0.3}),
    Size(key="base", defaults={"learning_rate": 0.0008, "dropout": 0.3}),
)

# Measured on the same pairs: at 0.003 an LSTM needs more than twice the time.
LSTM_SIZES = (
    Size(key="nano"),
    Size(key="micro"),
    Size(key="small", defaults={"learning_rate": 0.004, "dropout": 0.3}),
    Size(key="base", defaults={"learning_rate": 0.002, "dropout": 0.3}),
)

CODE = Code(
    plain="""\
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({model})
model = AutoModelForSeq2SeqLM.from_pretrained({model})
source = tokenizer({asked}, truncation=True, max_length={length}, return_tensors="pt")
written = model.generate(
    source.input_ids, attention_mask=source.attention_mask, max_new_tokens=200, num_beams={beams}
)
print(tokenizer.decode(written[0], skip_special_tokens=True))
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
for piece in model.stream({prompt}, max_new_tokens=200):
    print(piece.text, end="", flush=True)
""",
)

PLAIN = TaskInfo(
    key="rewrite",
    title="Rewrite",
    blurb="Turn a text into another: its translation, its summary, its correction.",
    sentence=mark("Learn to {task} {text} as {rewritten}"),
    roles=(
        Role(
            name="text",
            title="Source",
            help="the texts as they come in",
            kinds=("text", "list", "label", "id"),
            takes_lists=True,
        ),
        Role(
            name="rewritten",
            title="Target",
            help="what each of them shall become: its translation, summary or correction",
            asked=False,
            kinds=("text", "list", "label", "id"),
            takes_lists=True,
        ),
        WEIGHT,
    ),
    families=(
        Family(
            key="lstm",
            title="LSTM with attention",
            blurb="The classic before Transformers: one LSTM reads in both directions, another writes and weighs what was read; summaries and corrections may copy it.",
            sizes=LSTM_SIZES,
            default_size="micro",
            unused=("head_factor", "prefix"),
            defaults=DEFAULTS | {"learning_rate": 0.006, "dropout": 0.2},
        ),
        Family(
            key="t5",
            title="T5 shape",
            blurb="A Transformer that reads and a Transformer that writes and looks back at what was read.",
            sizes=SIZES,
            default_size="nano",
            unused=("head_factor", "prefix"),
            defaults=DEFAULTS,
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Starts from a T5, mT5, BART, mBART or Marian, which knows its languages already.",
            unused=("vocabulary", "head_factor"),  # the pieces are those of the base, and nothing of it is new
            defaults=DEFAULTS
            | {
                "epochs": 4,
                "batch": 16,
                "learning_rate": 2e-4,
                "max_length": 256,
                "dropout": 0.1,
                "average": 0.0,
                "patience": 3,
            },
        ),
    ),
    metric="perplexity",
    shown=("chrf", "bleu"),
    compared="chrf",
    split="shuffled",
    packs=False,
    cuts=True,
    answers="tokens",
    writing=RewritingOptions,
    samples=(
        Shown("text", mark("source"), "prose"),
        Shown("rewritten", mark("in the file"), "prose"),
        Shown("predicted", mark("model says"), "prose"),
    ),
    cases=(
        Shown("text", mark("source"), "prose"),
        Shown("rewritten", mark("in the file"), "prose"),
        Shown("predicted", mark("model says"), "prose"),
        Shown("likeness", mark("likeness"), "number"),
    ),
    files=(
        SampleFile("en/phrases.tsv", mark("English phrases, to translate into Chinese"), mark("Translation")),
        SampleFile("zh/phrases.tsv", mark("Chinese phrases, to translate into English"), mark("Translation")),
        SampleFile("en/notices.jsonl", mark("English notices, to sum up"), mark("Summary")),
        SampleFile("zh/notices.jsonl", mark("Chinese notices, to sum up"), mark("Summary")),
        SampleFile("en/spelling.tsv", mark("Misspelt English messages, to correct"), mark("Correction")),
        SampleFile("zh/typos.tsv", mark("Chinese sentences with wrong characters, to correct"), mark("Correction")),
    ),
    hub_tag="text-generation",  # the hub no longer looks for text2text-generation
    verb="predict",
    route="/v1/rewrite",
    architectures=("ForConditionalGeneration", "MTModel"),
    blank_is="training",
    caution="It writes fluently also where it leaves something out, adds something or turns it round; what matters must be read beside the source.",
    example=mark("Where is the station?"),
    code=CODE,
    order=30,
    suits=suits,
    options=RewriteOptions,
)
# Of a translation nearly every word may be another and right all the same; in the others what differs is worth a look.
MARKED = tuple(replace(shown, style="changes") if shown.key == "predicted" else shown for shown in PLAIN.cases)
FORMS = {
    TRANSLATION: replace(PLAIN, hub_tag="translation"),
    SUMMARY: replace(
        PLAIN, shown=("rouge1", "rouge2", "rougeL"), compared="rouge1", hub_tag="summarization", cases=MARKED
    ),
    CORRECTION: replace(PLAIN, shown=("exact_match", "chrf"), cases=MARKED),
}


def shape(target: str, asks: Collection[str] | None) -> TaskInfo:
    """Return the task for what is learnt: other scores lead where a text is summed up than where it is translated."""
    return replace(FORMS.get(target, PLAIN), shape=shape)


INFO = replace(PLAIN, shape=shape, targets=KINDS)
