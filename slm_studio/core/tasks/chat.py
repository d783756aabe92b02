"""Chat: answer what a person says, in a dialogue."""

from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.citing import cite_messages
from slm_studio.core.dataset import Column
from slm_studio.core.dialogue_columns import dialogue_roles
from slm_studio.core.generation import AnsweringOptions
from slm_studio.core.knobs import knob
from slm_studio.core.routes import CHAT_COMPLETIONS
from slm_studio.core.tasks.info import CONTINUED, WEIGHT, Code, Family, Role, SampleFile, Shown, Size, Suit, TaskInfo
from slm_studio.core.texts import mark

ALL_LEARN = {"adapter": "all"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatOptions:
    """The knobs that only chatting has."""

    system_prompt: str = knob(
        "", "System prompt", "Stands in front of every dialogue that brings none: who answers, and how."
    )
    template: str = knob(
        "", "Chat template", "How messages are written down for the model, in Jinja. Empty: the model's own."
    )
    adapter: str = knob(
        "lora",
        "What learns",
        "A small adapter (LoRA) beside the model's weights, or all of them. Only where a model is continued.",
        choices={"lora": mark("Adapter (LoRA)"), "all": mark("All weights")},
    )
    rank: int = knob(
        16,
        "Adapter rank",
        "The width of the adapter: more can learn more, and costs more.",
        low=1,
        high=512,
        idle_beside=ALL_LEARN,
    )
    alpha: float = knob(
        32.0,
        "Adapter alpha",
        "How much the adapter counts: alpha / rank times what it computes.",
        low=0.01,
        high=4096,
        idle_beside=ALL_LEARN,
    )
    matrices: str = knob(
        "all",
        "Adapter matrices",
        "Which matrices of each layer get an adapter.",
        choices={"all": mark("All of each layer"), "attention": mark("Attention only")},
        idle_beside=ALL_LEARN,
    )
    merge: bool = knob(
        True,
        "Merge when saved",
        "The adapter becomes part of the weights: one folder that opens anywhere. Otherwise the adapter alone is saved, and needs its base beside it.",
        idle_beside=ALL_LEARN,
    )
    vocabulary: int | None = knob(
        None, "Vocabulary size", "Pieces that a fresh tokenizer may learn.", low=260, high=200000
    )


def suits(columns: Sequence[Column]) -> Suit | None:
    """Return the columns that hold dialogues: a list of messages, or a question and its answer."""
    roles = dialogue_roles(columns)
    if not roles:
        return None
    if "messages" in roles:
        return Suit(roles=roles, reason=mark("“{messages}” holds the messages of dialogues."))
    return Suit(roles=roles, reason=mark("“{question}” holds what was asked, and “{answer}” what was answered."))


DEFAULTS = {
    "epochs": 20, "batch": 8, "learning_rate": 0.003, "head_factor": 1.0, "max_length": 256, "warmup": 0.05, "floor": 0.1,
    "weight_decay": 0.1, "dropout": 0.1, "patience": 4, "validation_share": 0.1, "test_share": 0.1,
}  # fmt: skip
SIZES = (
    Size(key="nano"),
    Size(key="micro", defaults={"learning_rate": 0.002}),
    Size(key="small", defaults={"learning_rate": 0.001}),
    Size(key="base", defaults={"learning_rate": 0.0006}),
)

CODE = Code(
    plain="""\
from transformers import pipeline

chat = pipeline("text-generation", model={model})
messages = [{system}{{"role": "user", "content": {prompt}}}]
said = chat(messages, max_new_tokens=200, do_sample=True, temperature=0.3, top_p=0.9, repetition_penalty=1.1)
print(said[0]["generated_text"][-1]["content"])
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
for piece in model.stream({prompt}, max_new_tokens=200):
    print(piece.text, end="", flush=True)
""",
    flag="--prompt",
)

INFO = TaskInfo(
    key="chat",
    title="Chat",
    blurb="Answer in a dialogue: an assistant, a shop's service. Best where it continues a model that writes.",
    sentence=mark("Learn to {task} as in the dialogues"),
    roles=(
        Role(
            name="messages",
            title="Messages",
            help="whole dialogues, each a list of who said what; or else choose a question and its answer",
            needed=False,
            reads="messages",
            kinds=("messages",),
        ),
        Role(
            name="question",
            title="Question",
            help="what was asked, where each row is one question",
            needed=False,
            kinds=("text", "label", "messages"),
        ),
        Role(
            name="input",
            title="Input",
            help="what the question is about, in a column of its own",
            needed=False,
            may_be_blank=True,
            kinds=("text", "label"),
        ),
        Role(
            name="system",
            title="System prompt",
            help="who answers and how, where each row has its own",
            needed=False,
            may_be_blank=True,
            kinds=("text", "label"),
        ),
        Role(
            name="answer",
            title="Answer",
            help="what was answered",
            needed=False,
            asked=False,
            kinds=("text", "label", "number", "messages"),
        ),
        WEIGHT,
    ),
    enough=(("messages",), ("question", "answer")),
    families=(
        Family(
            key="llama",
            title="Llama shape",
            blurb="From nothing: it learns the tone of the dialogues and repeats what it saw; it knows nothing else.",
            sizes=SIZES,
            default_size="nano",
            unused=(
                "head_factor",
                "adapter",
                "rank",
                "alpha",
                "matrices",
                "merge",
            ),  # nothing stands beside fresh weights
            defaults=DEFAULTS,
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="Starts from a model that writes or chats already, and knows its language.",
            unused=("vocabulary",),  # the pieces are those of the base
            # The adapter is new and learns `head_factor` times faster than weights that knew the language before.
            defaults=DEFAULTS
            | {
                "epochs": 3,
                "learning_rate": 5e-5,
                "head_factor": 10.0,
                "max_length": 512,
                "weight_decay": 0.01,
                "dropout": 0.0,
            },
        ),
    ),
    metric="perplexity",
    shown=("answer_loss", "stop_rate", "chrf"),
    compared="chrf",
    split="shuffled",
    packs=False,
    cuts=False,
    answers="tokens",
    writing=AnsweringOptions,
    samples=(
        Shown("question", mark("question"), "prose"),
        Shown("true", mark("true answer"), "prose"),
        Shown("answer", mark("answer"), "prose"),
    ),
    cases=(
        Shown("question", mark("question"), "prose"),
        Shown("true", mark("true answer"), "prose"),
        Shown("answer", mark("model says"), "prose"),
        Shown("base", mark("base says"), "prose", may_lack=True),
        Shown("loss", mark("loss"), "number"),
    ),
    hub_tag="text-generation",
    verb="chat",
    route=CHAT_COMPLETIONS,
    architectures=("ForCausalLM", "LMHeadModel"),
    templated=True,
    side_by_side=True,
    continues=("write",),
    unused=("extend_vocabulary",),  # adapters leave the table of pieces as it is
    blank_is="training",
    caution="It answers fluently also where it is wrong, and nobody checks what it says.",
    files=(
        SampleFile(
            "en/shop_faq.jsonl", mark("A shop's questions and answers in English, to chat"), mark("An assistant")
        ),
        SampleFile(
            "zh/shop_faq.jsonl", mark("A shop's questions and answers in Chinese, to chat"), mark("An assistant")
        ),
    ),
    example=mark("What can you help me with?"),
    code=CODE,
    order=25,
    suits=suits,
    cites=cite_messages,
    options=ChatOptions,
)
