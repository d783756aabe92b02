"""Write: continue a text."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from slm_studio.core.knobs import knob
from slm_studio.core.routes import COMPLETIONS
from slm_studio.core.running_text import RunningTextOptions
from slm_studio.core.tasks.info import CONTINUED, Code, Family, Role, SampleFile, Shown, Size, TaskInfo
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteOptions(RunningTextOptions):
    """The knobs that only writing has."""

    tokens: str = knob(
        "auto",
        "Tokens are",
        "Characters suit small texts and Chinese; pieces (byte-BPE) suit large ones.",
        choices={"auto": mark("Automatic"), "characters": mark("Characters"), "pieces": mark("Pieces")},
    )
    vocabulary: int | None = knob(
        None, "Vocabulary size", "Pieces that a fresh tokenizer may learn.", low=260, high=200000
    )
    prompts: str = knob("", "Sample prompts", "Beginnings that the model continues while it learns, separated by |.")


# nano was measured on books of 0.3 to 1.1 million characters: small batches learn most from little text.
SIZES = (
    Size(key="nano"),
    Size(key="micro", defaults={"learning_rate": 0.002}),
    Size(key="small", defaults={"learning_rate": 0.001, "max_length": 256}),
    Size(key="base", defaults={"learning_rate": 0.0006, "max_length": 256, "batch": 16}),
)
DEFAULTS = {
    "minutes": 2.5, "epochs": 20, "batch": 8, "learning_rate": 0.003, "head_factor": 1.0, "max_length": 128,
    "warmup": 0.05, "floor": 0.1, "weight_decay": 0.1, "dropout": 0.0, "patience": 6, "validation_share": 0.05,
    "test_share": 0.05,
}  # fmt: skip

STYLE_NAMES = (
    "style", "author", "genre", "mood", "poet", "writer", "form", "tone", "register",
    "风格", "作者", "体裁", "题材", "情绪", "诗人", "词牌", "文体", "语气",
)  # fmt: skip

CODE = Code(
    plain="""\
from transformers import pipeline

write = pipeline("text-generation", model={model})
text = {prompt}
room = {length} - len(write.tokenizer(text).input_ids)  # it sees {length} tokens at once
written = write(text, max_new_tokens=min(100, room), do_sample=True, temperature=0.8, top_p=0.95)
print(written[0]["generated_text"])
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
for piece in model.stream({prompt}, max_new_tokens=200):
    print(piece.text, end="", flush=True)
""",
    flag="--prompt",
)

PLAIN = TaskInfo(
    key="write",
    title="Write",
    blurb="Continue a text: stories, poems, any style. Pre-trains a small GPT.",
    sentence=mark("Learn to {task} like {text}"),
    roles=(
        Role(
            name="text",
            title="Text",
            help="the texts to learn from",
            may_be_blank=True,  # a text may begin anywhere
            kinds=("text", "label", "id", "number"),
        ),
        Role(
            name="style",
            title="Style",
            help="whose or which each text is (author, genre, mood): the model learns to write in each of them, as it is asked",
            needed=False,
            may_be_blank=True,
            reads="label",
            kinds=("label", "text", "id", "number"),
            called=STYLE_NAMES,
        ),
    ),
    families=(
        Family(
            key="llama",
            title="Llama shape",
            blurb="The shape of most models of today: RMSNorm, rotary positions, SwiGLU.",
            sizes=SIZES,
            default_size="nano",
            defaults=DEFAULTS,
        ),
        Family(
            key="gpt",
            title="GPT shape",
            blurb="The classic: learned positions, GELU.",
            sizes=SIZES,
            default_size="nano",
            defaults=DEFAULTS,
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Starts from a model that writes already.",
            unused=("tokens", "vocabulary"),  # the pieces are those of the base
            defaults=DEFAULTS | {"learning_rate": 2e-4, "minutes": None, "epochs": 3, "batch": 8},
        ),
    ),
    metric="loss",
    shown=("perplexity", "bits_per_byte"),
    compared="bits_per_byte",
    split="shuffled",
    packs=True,
    cuts=False,
    opens_up=True,
    answers="tokens",
    goes_on=True,
    side_by_side=True,
    samples=(
        Shown("style", mark("style"), "chip", may_lack=True),
        Shown("prompt", mark("prompt"), "prose"),
        Shown("text", mark("text"), "prose"),
    ),
    cases=(Shown("text", mark("passage"), "prose"), Shown("loss", mark("perplexity"), "perplexity")),
    files=(
        SampleFile("en/alice.txt", mark("Alice in Wonderland, to write like"), mark("Writing")),
        SampleFile("zh/lunyu.txt", mark("The Analects in Chinese, to write like"), mark("Writing")),
        SampleFile(
            "en/voices.csv", mark("Four voices in English, each a style to write in"), mark("Writing in a style")
        ),
        SampleFile(
            "zh/voices.csv", mark("Four voices in Chinese, each a style to write in"), mark("Writing in a style")
        ),
    ),
    hub_tag="text-generation",
    verb="generate",
    route=COMPLETIONS,
    unused=("head_factor",),  # nothing of it is ever new on top of a base
    architectures=("ForCausalLM", "LMHeadModel"),
    continues=("chat",),
    blank_is="training",
    example=mark("Once upon a time"),
    code=CODE,
    order=20,
    options=WriteOptions,
)


def shape(target: str, asks: Collection[str] | None) -> TaskInfo:
    """Return the task as a model asks: for a style where it learnt some."""
    if asks is None:
        return replace(PLAIN, shape=shape)
    asked = tuple(role for role in PLAIN.roles if role.name == "text" or role.name in asks)
    return replace(PLAIN, shape=shape, roles=asked, code=CODE if len(asked) == 1 else _with_style(CODE))


def _with_style(code: Code) -> Code:
    """Return programs that ask for a style; without the studio its code is written before the text."""
    return replace(
        code,
        plain=code.plain.replace("text = {prompt}", "text = {lead} + {prompt}"),
        studio=code.studio.replace("model.stream({prompt}", 'model.stream({{"text": {prompt}, "style": {second}}}'),
    )


INFO = replace(PLAIN, shape=shape)
