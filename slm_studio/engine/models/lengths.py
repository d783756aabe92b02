"""How many tokens a model reads of a text, and which texts have more."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from slm_studio.core.errors import StudioError
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.architectures import positions_of

DEFAULT = 512
LOOKED_AT = 4000  # characters of a text by which a plan counts its tokens


def positions(net: PreTrainedModel) -> int | None:
    """Return how many tokens the network can see at once; None where nothing limits it."""
    config = net.config.get_text_config()
    rows = getattr(config, "max_position_embeddings", None)
    return positions_of(config.model_type, rows, getattr(config, "pad_token_id", None)) or None


def settle_length(facts: Mapping[str, object], net: PreTrainedModel, default: int = DEFAULT) -> dict[str, object]:
    """Return facts with a max_length that the net's positions allow. Raises StudioError where it is no number of tokens."""
    length = facts.get("max_length") or default
    if type(length) is not int or length < 1:
        raise StudioError(
            "model-damaged",
            "“{file}” is damaged: {reason}.",
            "Fetch the model again, or take it from another source.",
            file="studio.json",
            reason="its max_length is not a number of tokens",
        )
    return {**facts, "max_length": min(length, positions(net) or length)}


def length_of(loaded: Loaded) -> int:
    """Return how many tokens of a text the model reads."""
    return int(loaded.facts.get("max_length") or DEFAULT)  # type: ignore[call-overload]


def unread(counts: Iterable[int], loaded: Loaded) -> dict[str, object]:
    """Return what `Task.sent` says of texts of so many tokens, each cut at the model's length: how many are not read.

    Example: of a text of 130 tokens, by a model that reads 128, {"end_unread": 2}
    """
    cut = max((count - length_of(loaded) for count in counts), default=0)
    is_beginning = getattr(loaded.tokenizer, "truncation_side", "right") == "left"
    return {"unread" if is_beginning else "end_unread": cut} if cut > 0 else {}


def count_pieces(folder: Path, texts: Sequence[str]) -> np.ndarray | None:
    """Return how many tokens each text is by the vocabulary of a folder; None where it has none of a quick kind.

    Of a long text the beginning is counted, and the rest taken to be like it.
    """
    vocabulary = vocabulary_in(folder)
    if vocabulary is None:
        return None
    pieces = vocabulary.encode_batch_fast([text[:LOOKED_AT] for text in texts], add_special_tokens=False)
    return np.array([len(each.ids) * max(1.0, len(text) / LOOKED_AT) for each, text in zip(pieces, texts, strict=True)])


def vocabulary_in(folder: Path) -> Tokenizer | None:
    """Return the vocabulary of a folder; None where it has none of a quick kind."""
    try:
        return _vocabulary(folder / "tokenizer.json")
    except Exception:  # noqa: BLE001  (the library raises nothing finer; whoever opens the folder says what is the matter)
        return None


@lru_cache(maxsize=1)  # while somebody plans, one base is measured again and again
def _vocabulary(path: Path) -> Tokenizer:
    found = Tokenizer.from_file(str(path))
    found.no_truncation()
    found.no_padding()
    return found
