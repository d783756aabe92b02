"""What tunes an encoder on pairs of rows: two of one label are to be alike, two of different labels are not."""

# B rows of a batch, H numbers of a vector, P pairs

import torch
from torch import Tensor
from torch.nn import functional


def pair_loss(vectors_BH: Tensor, labels_B: Tensor, weights_B: Tensor | None = None) -> Tensor:
    """Return the squared distance of cosines from 1 (one label) and 0 (two labels), both sides weighing the same.

    SetFit draws pairs until both sides are as many, and reads two texts for each; here every two rows of a batch are a
    pair, so that 32 texts make 496 of them. Without a pair the loss is 0.
    """
    count = len(labels_B)
    ones_P, others_P = torch.triu_indices(count, count, offset=1, device=labels_B.device)
    likeness_BB = functional.normalize(vectors_BH, dim=-1) @ functional.normalize(vectors_BH, dim=-1).T
    likeness_P = likeness_BB[ones_P, others_P]
    is_same_P = labels_B[ones_P] == labels_B[others_P]
    counts_P = torch.ones_like(likeness_P) if weights_B is None else (weights_B[ones_P] * weights_B[others_P])
    total = vectors_BH.sum() * 0.0
    for wanted, side_P in ((1.0, is_same_P), (0.0, ~is_same_P)):
        weight = (counts_P * side_P).sum()
        total = total + ((likeness_P - wanted).square() * counts_P * side_P).sum() / weight.clamp(min=1e-6) / 2
    return total
