"""Do two folders hold the same model? Both answer the same prompts, and the largest difference is what counts."""

# B prompts, N numbers of all answers

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from slm_studio.core.prompt import prompt_of
from slm_studio.core.saved import open_saved
from slm_studio.engine.models.blame import blaming
from slm_studio.engine.models.encoding import encode_framed
from slm_studio.engine.models.inspect import inspect_as
from slm_studio.engine.models.lengths import positions
from slm_studio.engine.models.opening import open_net, open_tokenizer
from slm_studio.engine.tasks import task_of

PROMPTS = (
    "The quick brown fox jumps over the lazy dog.",
    "I would not buy this again!",
    "今天天气很好，我们去公园吧。",
    "42 % of 7,000 people said: “No.”",
)
COMPARED = 64  # tokens of each, at most
TOLERANCE = 1e-5  # same files give 0; other formats and machines differ in the last digits


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the answers of two folders lie apart."""

    prompts: int
    difference: float  # the largest between two numbers of the answers (probabilities, or logits)

    @property
    def same(self) -> bool:
        """Say whether they answer the same. (NaN is not.)"""
        return self.difference <= TOLERANCE

    def checked(self) -> dict[str, bool | int | float | str]:
        """Return the figures for a result."""
        return {"prompts": self.prompts, "largest_difference": self.difference, "same_answers": self.same}


def same_answers(one: Path, other: Path) -> Parity:
    """Open both folders, one after the other, and compare their answers."""
    first, second = answers(one), answers(other)
    if first.shape != second.shape:
        return Parity(len(PROMPTS), float("inf"))
    return Parity(len(PROMPTS), float(np.abs(first - second).max(initial=0.0)))


def answers(folder: Path) -> np.ndarray:
    """Return every number that the model answers to the prompts, in a fixed order."""
    model = open_saved(folder)
    if not model.task:
        with blaming(model.name):
            return _hidden(folder)
    task = task_of(model.task)
    inspect_as(folder, model.task)
    with blaming(model.name):
        loaded = task.open(folder, model.facts, "cpu")
        return task.numbers(loaded, [prompt_of(text, task.info_of(loaded)) for text in PROMPTS])


@torch.inference_mode()
def _hidden(folder: Path) -> np.ndarray:
    net, tokenizer = open_net(folder, "").eval(), open_tokenizer(folder)
    found = []
    for prompt in PROMPTS:
        ids = torch.tensor(encode_framed(tokenizer, [prompt], min(COMPARED, positions(net) or COMPARED)))
        found.append(net(input_ids=ids).last_hidden_state.flatten().numpy())
    return np.concatenate(found)
