"""Loaded: a net, its tokenizer and what the task learnt about the data."""

import warnings
from dataclasses import dataclass, field
from typing import Protocol

import torch
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from slm_studio.core.errors import StudioError


class Tokenizer(Protocol):
    """What tasks and savers ask of a tokenizer: Transformers' own, or BagTokenizer."""

    def save_pretrained(self, save_directory: str) -> object:
        """Write the tokenizer's files."""


@dataclass(slots=True)
class Loaded:
    """A net that can learn or answer. `facts` are JSON-able: labels, kind of text …"""

    net: PreTrainedModel
    tokenizer: Tokenizer
    facts: dict[str, object] = field(default_factory=dict)
    kept: object = None  # what stands beside the net in a file of the task's own

    @property
    def device(self) -> torch.device:
        """Return where the net's parameters are."""
        return next(self.net.parameters()).device

    @property
    def padding(self) -> int:
        """Return the number that fills the tail of a short text in a batch.

        The net's own: it tells by this number where a text ends, and never looks at what stands there.
        """
        found = getattr(self.net.config, "pad_token_id", None)
        return found if isinstance(found, int) and found >= 0 else 0

    def refuse_unknown(self, highest: int) -> None:
        """Raise StudioError for a token beyond the net's table: looked up there, it would end the work in a crash."""
        table = getattr(self.net, "get_input_embeddings", lambda: None)()
        rows = getattr(table, "num_embeddings", None)
        if rows is not None and highest >= rows:
            raise StudioError(
                "model-vocabulary",
                "The vocabulary goes up to number {highest}, but the model knows only {rows} tokens.",
                "The tokenizer belongs to another model. Fetch both from the same place.",
                highest=highest,
                rows=rows,
            )

    @property
    def parameters(self) -> int:
        """Return the number of the net's parameters; tied ones count once."""
        return sum(parameter.numel() for parameter in self.net.parameters())


def quiet_libraries() -> None:
    """Keep the libraries' progress bars and advice off the terminal and the log; the studio speaks for itself."""
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    # scikit-learn takes few rows of many labels for numbers; what is wrong with them is said in a sentence of ours.
    warnings.filterwarnings("ignore", "The number of unique classes", UserWarning, r"sklearn\.")
