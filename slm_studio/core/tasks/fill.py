"""Fill: find the words that are missing in a text. So a BERT is pre-trained, to go on to other tasks."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from slm_studio.core.dataset import Column
from slm_studio.core.knobs import knob
from slm_studio.core.running_text import RunningTextOptions
from slm_studio.core.tasks.info import CONTINUED, Code, Family, Role, SampleFile, Shown, Size, TaskInfo
from slm_studio.core.texts import mark

SPANS = "spans"  # the fact that it points at terms, too


@dataclass(frozen=True, kw_only=True, slots=True)
class FillOptions(RunningTextOptions):
    """The knobs that only filling gaps has."""

    units: str = knob(
        "whole",
        "Hidden together",
        "Whole words, so that no half gives the other half away; Chinese words are found by a dictionary. Or less at a time.",
        choices={
            "whole": mark("Whole words"),
            "characters": mark("Words, Chinese by characters"),
            "pieces": mark("Single pieces"),
        },
    )
    hidden: float = knob(0.15, "Hidden share", "Share of the text that has to be guessed.", low=0.01, high=0.9)
    masked: float = knob(
        0.8, "Shown as [MASK]", "Share of the hidden tokens in whose place [MASK] stands.", low=0.0, high=1.0
    )
    random: float = knob(
        0.1,
        "Shown as another",
        "Share of the hidden tokens in whose place a random one stands. What is left of them stands there as it is.",
        low=0.0,
        high=1.0,
    )
    vocabulary: int | None = knob(
        None, "Vocabulary size", "Word pieces that a fresh tokenizer may learn.", low=100, high=200000
    )
    lowercase: bool = knob(
        True, "Lower case", "Read Apple and apple as the same word. Off where names shall be found later."
    )
    span_selection: bool = knob(
        False,
        "Span selection",
        "Each sentence without one of its terms becomes a question, which the model answers by pointing at the term in another passage. Then “Answer” can go on with few questions.",
    )
    prompts: str = knob("", "Sample prompts", "Texts with a gap that the model fills while it learns, separated by |.")

    def target_of(self, column: Column | None) -> str:
        """Return whether it learns to point at terms, too."""
        return SPANS if self.span_selection else ""


# The wider the net, the lower the rate that it bears. The rows decide how many are read at once.
SIZES = (
    Size(key="nano"),
    Size(key="micro", defaults={"learning_rate": 0.0007}),
    Size(key="small", defaults={"learning_rate": 0.0005}),
)
DEFAULTS = {
    "minutes": 5.0, "epochs": 60, "learning_rate": 0.001, "head_factor": 1.0, "max_length": 128,
    "warmup": 0.1, "floor": 0.05, "weight_decay": 0.01, "dropout": 0.0, "patience": 8, "validation_share": 0.05,
    "test_share": 0.05,
}  # fmt: skip

CODE = Code(
    plain="""\
from transformers import pipeline

fill = pipeline("fill-mask", model={model})
text = {prompt}
for found in fill(text.replace("[MASK]", fill.tokenizer.mask_token), top_k=5):
    print(found)
""",
    studio="""\
import slm_studio

fill = slm_studio.load({model})
for found in fill({prompt}, top=5):
    print(found.gap, found.text, round(found.score, 3))
""",
)

GAPS = TaskInfo(
    key="fill",
    title="Fill gaps",
    blurb="Find missing words. Pre-trains a BERT on plain texts, which then goes on to classify or tag.",
    sentence=mark("Learn to {task} in {text}"),
    roles=(
        Role(
            name="text",
            title="Text",
            help="the texts to learn from",
            kinds=("text", "label", "id"),
        ),
    ),
    families=(
        Family(
            key="bert",
            title="BERT",
            blurb="A Transformer encoder that reads to both sides, pre-trained as its authors did it: 15 % of the words are hidden.",
            sizes=SIZES,
            default_size="nano",
            unused=("head_factor",),  # all of it is fresh
            defaults=DEFAULTS,
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Goes on from a model of the BERT family, to make it at home in texts of your own.",
            unused=("vocabulary", "lowercase"),  # as the base has them
            defaults=DEFAULTS
            | {
                "learning_rate": 1e-4,
                "minutes": None,
                "epochs": 3,
                "head_factor": 10.0,
                "dropout": 0.1,
                "patience": 3,
            },
        ),
    ),
    metric="masked_accuracy",
    shown=("masked_accuracy", "masked_accuracy_at_5", "perplexity"),
    compared="masked_accuracy",
    split="shuffled",
    packs=True,
    cuts=False,
    opens_up=True,
    answers="gaps",
    answer_options=("each", "also"),
    samples=(
        Shown("text", mark("text"), "prose"),
        Shown("true", mark("hidden"), "outline"),
        Shown("predicted", mark("model says"), "prose"),
    ),
    cases=(
        Shown("text", mark("passage"), "prose"),
        Shown("expected", mark("hidden"), "outline"),
        Shown("predicted", mark("model says"), "chip"),
        Shown("score", mark("sure"), "number"),
    ),
    files=(
        SampleFile("en/harbour.txt", mark("A year in a harbour town in English, to fill gaps in"), mark("Gaps")),
        SampleFile("zh/harbour.txt", mark("A year in a harbour town in Chinese, to fill gaps in"), mark("Gaps")),
    ),
    hub_tag="fill-mask",
    verb="predict",
    route="/v1/fill",
    architectures=("ForMaskedLM",),
    by_rows=("batch",),
    blank_is="pre-training",
    caution="It fills gaps as the texts did that it learnt from, with what they say of people and groups. It knows no facts.",
    example=mark("We went to the [MASK] to buy bread."),
    code=CODE,
    order=25,
    options=FillOptions,
)
FORMS = {"": GAPS, SPANS: replace(GAPS, shown=("masked_accuracy", "spans_found", "masked_accuracy_at_5", "perplexity"))}


def shape(target: str, asks: Collection[str] | None) -> TaskInfo:
    """Return the task for what is learnt: where it points, too, that is scored."""
    return replace(FORMS.get(target, GAPS), shape=shape)


INFO = replace(GAPS, shape=shape, targets=tuple(FORMS))
