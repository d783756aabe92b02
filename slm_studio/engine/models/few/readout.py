"""Readout: the vector that a classifier's last layer is handed, and how a stock network comes to hand it the mean of all tokens.

Stock classifiers read the first token alone, which encoders of sentences were not made for: on topics of sentences a logistic
head over the mean was 4 to 8 points better than over it. A network that averages would be no stock one any more. But one
more layer of the stock kind whose queries are 0 attends to every token alike: what it hands on is their mean.
"""

# B rows of a batch, T tokens, H numbers of a vector

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

AVERAGING = ("bert", "roberta", "xlm-roberta", "camembert")  # shapes whose layers are built as this file expects
LOUD = 1e4  # times the mean counts beside what the first token was before, which a layer adds: as good as alone
QUIET = 0.05  # by which the pooler's tanh is handed the mean: it hardly bends numbers so small


def last_layer(net: PreTrainedModel) -> nn.Linear:
    """Return the layer that makes logits of a vector: of what stands beside the body, the last one."""
    body = set(net.base_model.modules())
    return [module for module in net.modules() if isinstance(module, nn.Linear) and module not in body][-1]


@contextmanager
def handed(net: PreTrainedModel) -> Iterator[list[Tensor]]:
    """Collect the vectors_BH that the last layer is handed while the block runs the network."""
    found: list[Tensor] = []
    hook = last_layer(net).register_forward_pre_hook(lambda _, read: found.append(read[0]))
    try:
        yield found
    finally:
        hook.remove()


def can_average(net: PreTrainedModel) -> bool:
    """Say whether a network can be given a layer that averages."""
    return net.config.model_type in AVERAGING


@torch.no_grad()
def average(net: PreTrainedModel) -> list[str]:
    """Put a layer on top of the encoder that hands on the mean of all tokens, normalised, and read it as it is.

    Return the names of its parameters and of the pooler's, none of which is to learn.
    """
    layers, pooler = _layers(net), _pooler(net)
    layer = copy.deepcopy(layers[-1])
    for parameter in layer.parameters():
        parameter.zero_()
    one_HH = torch.eye(net.config.hidden_size)
    layer.attention.self.value.weight.copy_(one_HH)  # type: ignore[union-attr, operator]
    layer.attention.output.dense.weight.copy_(LOUD * one_HH)  # type: ignore[union-attr, operator]
    for norm in (layer.attention.output.LayerNorm, layer.output.LayerNorm):  # type: ignore[union-attr]
        norm.weight.fill_(1.0)  # type: ignore[union-attr, operator]
    layers.append(layer)
    net.config.num_hidden_layers = len(layers)
    pooler.weight.copy_(QUIET * one_HH)
    pooler.bias.zero_()
    still = {*layer.parameters(), *pooler.parameters()}
    return [name for name, parameter in net.named_parameters() if parameter in still]


def _layers(net: PreTrainedModel) -> nn.ModuleList:
    layers = net.base_model.encoder.layer
    assert isinstance(layers, nn.ModuleList)
    return layers


def _pooler(net: PreTrainedModel) -> nn.Linear:
    """Return the linear layer before the tanh: BERT has it in its body, RoBERTa and its kin in their head."""
    head = net.base_model.pooler.dense if net.config.model_type == "bert" else net.classifier.dense
    assert isinstance(head, nn.Linear)
    return head
