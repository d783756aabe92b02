"""The last step of a classifier, and what is made of it while it learns: softmax or one sigmoid, and the losses of textbooks."""

# B rows, H width of what is read out, L labels

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from slm_studio.core.errors import StudioError
from slm_studio.core.shapes import ShapeOptions


class Decision(nn.Linear):
    """A linear layer with a logit for every label, or one logit alone that tells two labels apart.

    The one stands beside a 0 for the first label: softmax([0, z]) is (1 - sigmoid(z), sigmoid(z)), and cross-entropy over
    it is the binary one. So whoever asks for logits sees two labels, whatever the layer holds.
    """

    def __init__(self, width: int, labels: int, *, single: bool = False) -> None:
        is_single = single and labels == 2  # with other labels a continued net has a new last layer
        super().__init__(width, 1 if is_single else labels)
        self.single = is_single

    def forward(self, read_BH: Tensor) -> Tensor:  # type: ignore[override]
        """Return logits_BL."""
        logits = super().forward(read_BH)
        return torch.cat([torch.zeros_like(logits), logits], dim=-1) if self.single else logits


def is_single(net: nn.Module) -> bool:
    """Return whether a net ends in one logit that tells two labels apart."""
    return any(isinstance(part, Decision) and part.single for part in net.children())


def squared_error(
    logits_BL: Tensor,
    labels_B: Tensor,
    *,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return the squared distance between probabilities and those of the true label, a mean over labels.

    As Keras' mean_squared_error over one-hot labels; of two labels it is what one sigmoid and a 0 or 1 give. Called as
    torch's cross_entropy is: `reduction` “none” gives each row's [B], 0 where its label is ignored.
    """
    is_known_B = labels_B != ignore_index
    known_B = labels_B.masked_fill(~is_known_B, 0)
    labels = logits_BL.shape[-1]
    true_BL = functional.one_hot(known_B, labels) * (1 - label_smoothing) + label_smoothing / labels
    counts_B = is_known_B.to(logits_BL.dtype) if weight is None else weight[known_B] * is_known_B
    errors_B = (logits_BL.softmax(-1) - true_BL).square().mean(-1) * counts_B
    return errors_B if reduction == "none" else errors_B.sum() / counts_B.sum()


def loss_named(name: str) -> Callable[..., Tensor]:
    """Return the loss that a model learns by; it is called as cross-entropy is. All names but one are cross-entropy.

    The binary one is the same number: of two labels, whether a sigmoid or a softmax tells them apart.
    """
    return squared_error if name == "mse" else functional.cross_entropy


def chance_of(name: str, shares_L: np.ndarray) -> float:
    """Return the loss of guessing by how often each label occurs."""
    if name == "mse":
        return float((shares_L * (1 - shares_L)).mean())
    return float(-(shares_L * np.log(shares_L)).sum())


def refuse_decision(options: ShapeOptions, labels: int) -> None:
    """Refuse what tells two labels apart where there are more. Raises StudioError."""
    if options.output == "sigmoid" and labels != 2:
        raise StudioError(
            "output-labels",
            "One sigmoid tells two labels apart, but these rows have {labels}.",
            "Set the output to a softmax over labels.",
            labels=labels,
        )
    if options.loss == "binary" and labels != 2:
        raise StudioError(
            "loss-labels",
            "Binary cross-entropy is for two labels, but these rows have {labels}.",
            "Set the loss to cross-entropy.",
            labels=labels,
        )
