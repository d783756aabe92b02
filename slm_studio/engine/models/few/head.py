"""The head of few rows: a logistic regression on the vectors of all of them, written into the network's last layer."""

# N rows, H numbers of a vector

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

STRENGTH = (
    10.0  # C of scikit-learn, for vectors that lie 1 from their middle: best or nearly so for 8, 16 and 50 rows a label
)
ROUNDS = 1000
UNSEEN = -100.0  # the logit of a label that no row has


def fit(
    vectors_NH: np.ndarray, labels_N: np.ndarray, *, weights_N: np.ndarray | None, balanced: bool
) -> LogisticRegression:
    """Return the regression; how strongly it is held back does not hang on how long the vectors are."""
    length = float(np.linalg.norm(vectors_NH - vectors_NH.mean(0), axis=1).mean()) or 1.0
    found = LogisticRegression(
        C=STRENGTH / length**2, max_iter=ROUNDS, tol=1e-6, class_weight="balanced" if balanced else None
    )
    return found.fit(vectors_NH.astype(np.float64), labels_N, sample_weight=weights_N)


@torch.no_grad()
def write(layer: nn.Linear, found: LogisticRegression) -> None:
    """Let a layer say what the regression says: softmax over its logits gives the same probabilities.

    Of two labels the regression has one row of weights; here each of them has half of it, with its own sign.
    """
    weights, biases = found.coef_, found.intercept_
    if len(weights) == 1:
        weights, biases = np.concatenate([-weights, weights]) / 2, np.concatenate([-biases, biases]) / 2
    layer.weight.zero_()
    layer.bias.fill_(UNSEEN)
    layer.weight[found.classes_] = torch.as_tensor(weights, dtype=layer.weight.dtype, device=layer.weight.device)
    layer.bias[found.classes_] = torch.as_tensor(biases, dtype=layer.bias.dtype, device=layer.bias.device)
