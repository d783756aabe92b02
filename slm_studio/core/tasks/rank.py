"""Rank: put the likeliest of several texts first: hypotheses of a recogniser, spellings, replies."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from slm_studio.core.candidate_columns import CHARACTERS, FURTHER, WORDS, list_roles, unit_of
from slm_studio.core.dataset import Column
from slm_studio.core.knobs import knob
from slm_studio.core.routes import RANK
from slm_studio.core.tasks.info import CONTINUED, Code, Family, Role, SampleFile, Shown, Size, Suit, TaskInfo
from slm_studio.core.texts import mark

AUTO, NET, WEIGHTS = "auto", "net", "weights"


@dataclass(frozen=True, kw_only=True, slots=True)
class RankOptions:
    """The knobs that only ranking has."""

    unit: str = knob(
        AUTO,
        "Errors are counted in",
        "Words where a language has blanks, characters in Chinese, Japanese and Korean. Automatic tells it by the right texts.",
        choices={AUTO: mark("Automatic"), WORDS: mark("Words"), CHARACTERS: mark("Characters")},
    )
    loosely: bool = knob(
        False,
        "Ignore case and punctuation",
        "A wrong comma or capital letter is then no error, as recognisers have it.",
    )
    learns: str = knob(
        AUTO,
        "What learns",
        "Of a model that is continued the weights of the scores alone, or first the model itself, from the right texts. Automatic leaves the model as it is.",
        choices={AUTO: mark("Automatic"), WEIGHTS: mark("The weights alone"), NET: mark("The model, too")},
    )
    tokens: str = knob(
        AUTO,
        "Tokens are",
        "Characters suit small texts and Chinese; pieces (byte-BPE) suit large ones.",
        choices={AUTO: mark("Automatic"), "characters": mark("Characters"), "pieces": mark("Pieces")},
    )
    vocabulary: int | None = knob(
        None, "Vocabulary size", "Pieces that a fresh tokenizer may learn.", low=260, high=200000
    )

    def target_of(self, column: Column | None) -> str:
        """Return in which units errors are counted: as was chosen, or as the right texts tell it."""
        if self.unit != AUTO or column is None:
            return self.unit if self.unit != AUTO else ""
        return unit_of(column.examples)


def suits(columns: Sequence[Column]) -> Suit | None:
    """Return the columns of lists of candidates and of the right texts."""
    roles = list_roles(columns)
    if not roles:
        return None
    if "reference" not in roles:
        reason = mark(
            "“{candidates}” holds lists of candidates, but no column holds the right texts. Choose it, or fill a new one by hand."
        )
        return Suit(roles=roles, reason=reason)
    reason = mark("“{candidates}” holds lists of candidates, and “{reference}” the right texts.")
    if "scores" in roles:
        reason = mark(
            "“{candidates}” holds lists of candidates with their own “{scores}”, and “{reference}” the right texts."
        )
    if "scores2" in roles:
        reason = mark(
            "“{candidates}” holds lists of candidates, each with several scores of its own, and “{reference}” the right texts."
        )
    return Suit(roles=roles, reason=reason)


SIZES = (
    Size(key="nano"),
    Size(key="micro", defaults={"learning_rate": 0.002}),
    Size(key="small", defaults={"learning_rate": 0.001, "dropout": 0.2}),
    Size(key="base", defaults={"learning_rate": 0.0006, "dropout": 0.2}),
)
DEFAULTS = {
    "epochs": 12, "batch": 32, "learning_rate": 0.003, "head_factor": 1.0, "max_length": 128, "warmup": 0.05, "floor": 0.1,
    "weight_decay": 0.1, "dropout": 0.1, "patience": 3, "validation_share": 0.1, "test_share": 0.1,
}  # fmt: skip

CODE = Code(
    plain="""\
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({model})
model = AutoModelForCausalLM.from_pretrained({model})
end, likely = tokenizer.eos_token_id, {{}}
for text in {prompt}.splitlines():
    ids = torch.tensor([[end, *tokenizer(text, add_special_tokens=False).input_ids{closing}]])
    chances = model(ids).logits[0, :-1].log_softmax(-1)
    nats = chances.gather(-1, ids[0, 1:, None]).sum().item()
    likely[text] = {model_weight} * nats + {length_weight} * len({units})  # weights learnt from lists
print(sorted(likely, key=likely.get, reverse=True))  # by the model alone, without own scores
""",
    studio="""\
import slm_studio

model = slm_studio.load({model})
for each in model.rank({prompt}.splitlines()):
    print(round(each.score, 3), each.text)
""",
    flag="--candidates",
)


def _further_scores(name: str, title: str) -> Role:
    """Return the role of other numbers that a recogniser gives, beside its first ones."""
    return Role(
        name=name,
        title=title,
        help="another number for each of them: what the recogniser's own language model says, or the sum of all",
        needed=False,
        may_be_blank=True,
        reads="numbers",
        kinds=("list", "text", "label", "number"),
    )


CONTEXT, REFERENCE = (
    Shown("context", mark("context"), "prose", may_lack=True),
    Shown("reference", mark("right text"), "prose"),
)

OF_WORDS = TaskInfo(
    key="rank",
    title="Rank",
    blurb="Put the likeliest of several texts first: what a recogniser heard, spellings, replies.",
    sentence=mark("Learn to {task} {candidates} so that {reference} comes first"),
    roles=(
        Role(
            name="candidates",
            title="Candidates",
            help="a list of texts of which one shall be chosen",
            reads="candidates",
            kinds=("list", "tags", "words", "text", "label"),
        ),
        Role(
            name="scores",
            title="Own scores",
            help="what the recogniser gave each of them, a list of numbers",
            needed=False,
            may_be_blank=True,
            reads="numbers",
            kinds=("list", "text", "label", "number"),
        ),
        *map(_further_scores, FURTHER, (mark("Second scores"), mark("Third scores"), mark("Fourth scores"))),
        Role(
            name="context",
            title="Context",
            help="what stands before: a question, the sentence before",
            needed=False,
            may_be_blank=True,
            kinds=("text", "label"),
        ),
        Role(
            name="reference",
            title="Right text",
            help="what was really said, or should be chosen",
            asked=False,
            kinds=("text", "label", "id", "number"),
        ),
    ),
    families=(
        Family(
            key="llama",
            title="Llama shape",
            blurb="Learns from the right texts which sentences are likely; rows without candidates teach it, too.",
            sizes=SIZES,
            default_size="nano",
            unused=("learns", "head_factor"),
            defaults=DEFAULTS,
        ),
        Family(
            key="gpt",
            title="GPT shape",
            blurb="The classic: learned positions, GELU.",
            sizes=SIZES,
            default_size="nano",
            unused=("learns", "head_factor"),
            defaults=DEFAULTS,
        ),
        Family(
            key=CONTINUED,
            title="Continue a model",
            blurb="A model that writes, chats, fills gaps or searches says how likely each candidate is; what weighs how much is learnt.",
            unused=("tokens", "vocabulary", "head_factor", "extend_vocabulary"),
            defaults=DEFAULTS | {"epochs": 3, "batch": 16, "learning_rate": 5e-5, "weight_decay": 0.01, "dropout": 0.0},
        ),
    ),
    metric="wer",
    shown=("wer", "wer_before", "wer_oracle", "best_first"),
    compared="wer",
    split="grouped",
    packs=False,
    cuts=True,
    answers="order",
    samples=(
        CONTEXT,
        REFERENCE,
        Shown("before", mark("first before"), "changes"),
        Shown("predicted", mark("first now"), "changes"),
    ),
    cases=(
        CONTEXT,
        REFERENCE,
        Shown("predicted", mark("first now"), "changes"),
        Shown("before", mark("first before"), "changes"),
        Shown("moved", mark("up by")),
        Shown("errors", mark("errors")),
    ),
    files=(
        SampleFile(
            "en/heard.jsonl", mark("What a recogniser heard, in English, to put in order"), mark("Speech hypotheses")
        ),
        SampleFile(
            "zh/heard.jsonl", mark("What a recogniser heard, in Chinese, to put in order"), mark("Speech hypotheses")
        ),
    ),
    hub_tag="text-ranking",
    verb="rank",
    route=RANK,
    architectures=(),
    borrows=True,
    continues=("write", "fill", "chat", "search"),
    blank_is="training",
    caution="It chooses among the candidates that it is given: where none of them is right, neither is its choice.",
    example=mark("The shop opens at eight.\nThe shop opens at ate.\nThe chop opens at eight."),
    code=CODE,
    order=60,
    suits=suits,
    targets=(WORDS, CHARACTERS),
    options=RankOptions,
)
OF_CHARACTERS = replace(OF_WORDS, metric="cer", shown=("cer", "cer_before", "cer_oracle", "best_first"), compared="cer")
FORMS = {WORDS: OF_WORDS, CHARACTERS: OF_CHARACTERS}


def shape(target: str, asks: Collection[str] | None) -> TaskInfo:
    """Return the task for the units in which errors are counted; its questions hold what those that it learnt from held."""
    form = replace(FORMS.get(target, OF_WORDS), shape=shape)
    if not asks:
        return form
    return replace(form, roles=tuple(role for role in form.roles if role.needed or role.name in asks))


INFO = replace(OF_WORDS, shape=shape)
