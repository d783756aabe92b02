"""The shapes of networks that the studio opens, and what each of them can be used for. No torch, no Transformers."""

from collections.abc import Mapping
from dataclasses import dataclass

from slm_studio.core.tasks import all_tasks, task_info

HEADLESS, MASKED = "Model", "ForMaskedLM"  # ends of names of networks without a head, and with one that fills gaps
# the studio's own shapes
_PAIRED = "ForConditionalGeneration"  # the end of the name of every network that reads and writes, but for Marian's
OWN_TYPES = (
    "slm-bag",
    "slm-lstm",
    "slm-gru",
    "slm-rnn",
    "slm-cnn",
    "slm-tagger",
    "slm-words",
    "slm-rewriter",
    "slm-reader",
)


@dataclass(frozen=True, slots=True)
class Architecture:
    """One shape: how its word embedding is called, and whether it sees only what stands before."""

    embedding: str  # the end of the tensor's name
    is_decoder: bool = False
    flat: str = ""  # the same of a net without vectors, whose tokens speak for the labels themselves
    is_pair: bool = False  # an encoder that sees all of a source, and a decoder that writes and sees what stands before


_BERT_LIKE = Architecture("embeddings.word_embeddings.weight")
_LLAMA_LIKE = Architecture("embed_tokens.weight", is_decoder=True)

ARCHITECTURES: Mapping[str, Architecture] = {
    **dict.fromkeys(
        (
            "bert", "distilbert", "roberta", "xlm-roberta", "camembert", "albert", "electra", "mpnet", "deberta-v2",
        ),
        _BERT_LIKE,
    ),
    "modernbert": Architecture("embeddings.tok_embeddings.weight"),
    "gpt2": Architecture("wte.weight", is_decoder=True),
    "gpt_neox": Architecture("embed_in.weight", is_decoder=True),
    **dict.fromkeys(
        (
            "llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3_text", "smollm3", "phi3", "olmo2",
        ),
        _LLAMA_LIKE,
    ),
    **dict.fromkeys(("slm-lstm", "slm-gru", "slm-rnn"), Architecture("reader.embeddings.weight")),
    "slm-cnn": Architecture("embeddings.weight"),
    "slm-bag": Architecture("table.weight", flat="direct.weight"),
    **dict.fromkeys(("slm-tagger", "slm-reader"), Architecture("embeddings.weight")),
    "slm-words": Architecture("vectors.weight"),
    **dict.fromkeys(("t5", "mt5", "bart", "mbart", "marian", "slm-rewriter"), Architecture("shared.weight", is_pair=True)),
}  # fmt: skip


def looks_ahead(config: Mapping[str, object]) -> bool:
    """Say whether a network of this config sees the token that it would have to predict: such a one cannot write."""
    if is_pair(config):
        return False
    if not ARCHITECTURES[str(config["model_type"])].is_decoder:
        return config.get("is_decoder") is not True  # BERT and its kin can be made decoders
    return config.get("is_causal") is False or bool(config.get("use_bidirectional_attention"))


def is_pair(config: Mapping[str, object]) -> bool:
    """Say whether a network of this config has a part that reads and another that writes."""
    return ARCHITECTURES[str(config["model_type"])].is_pair


def claims(architecture: str, *, has_template: bool = False, has_pooling: bool = False) -> str:
    """Return the task that a folder's own architecture name stands for; "" is a base that answers nothing.

    Where it can do several, a template for chats says which is meant. A network without a head answers where its folder
    says how the vectors of tokens become one. Example: claims("LlamaForCausalLM") == "write"
    """
    able = able_tasks(architecture)
    if has_pooling and (architecture.endswith(MASKED) or (not able and architecture.endswith(HEADLESS))):
        able = tuple(info.key for info in all_tasks() if info.pools)
    return next((key for key in able if task_info(key).templated == has_template), able[0] if able else "")


def able_tasks(architecture: str) -> tuple[str, ...]:
    """Return every task that networks of this name can do."""
    return tuple(info.key for info in all_tasks() if architecture.endswith(info.architectures))


def writes(task: str) -> bool:
    """Say whether a task makes text, token by token."""
    return bool(task) and task_info(task).answers == "tokens"


def reads_and_writes(task: str) -> bool:
    """Say whether a task needs a network with a part that reads and another that writes: what it writes does not go on."""
    return writes(task) and _PAIRED in task_info(task).architectures


def fills(task: str) -> bool:
    """Say whether a task fills gaps, for which a network has to read to both sides of them."""
    return bool(task) and task_info(task).answers == "gaps"


def points(task: str) -> bool:
    """Say whether a task points at words, which a network can only tell by what follows them, too."""
    return bool(task) and task_info(task).answers == "quotes"


def names_labels(task: str) -> bool:
    """Say whether a task answers by labels that its network names."""
    return bool(task) and task_info(task).answers in ("labels", "spans")


def positions_of(model_type: str, rows: int | None, padding: int | None) -> int:
    """Return how many tokens a network can read at once, where its table of positions has `rows`; 0 = nothing limits it."""
    if not rows:
        return 0
    # RoBERTa and its kin count positions from the padding token's number on.
    skipped = {
        "mpnet": 2,
        **dict.fromkeys(("roberta", "xlm-roberta", "camembert"), (1 if padding is None else padding) + 1),
    }
    return max(1, rows - skipped.get(model_type, 0))
