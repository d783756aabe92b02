"""How fresh networks begin: pieces close together, padding at nothing, and layers by which a signal keeps its strength.

Source: Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html (matrices)
"""

import torch
from torch import nn
from transformers import initialization as init

from slm_studio.engine.models.cells import Loop, begin_recurrence

SPREAD = 0.1  # standard deviation of a piece's numbers


@torch.no_grad()
def begin(module: nn.Module, spread: float = SPREAD) -> None:
    """Draw the weights of one module anew, but for those that were read from a file."""
    if isinstance(module, nn.Embedding):
        init.normal_(module.weight, std=spread)
        if module.padding_idx is not None and not getattr(module.weight, "_is_hf_initialized", False):
            init.zeros_(module.weight[module.padding_idx])
    elif isinstance(module, nn.Linear | nn.Conv1d):
        init.xavier_uniform_(module.weight)
        if module.bias is not None:
            init.zeros_(module.bias)
    elif isinstance(module, nn.RNNBase | Loop):
        begin_recurrence(module)
