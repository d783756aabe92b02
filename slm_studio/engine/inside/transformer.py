"""The way through a Transformer: pieces, vectors, layers of attention and thought. What follows them its task adds.

One way serves all of them: a layer is a member of the list of modules that hold attention, its attention the innermost
module of that name, and its second part ends in the last linear layer outside of it.
"""

# T tokens, D numbers of a token's vector, N heads

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn
from transformers import PreTrainedModel

from slm_studio.core.inside import MOST_HEADS, Grid, Step
from slm_studio.core.texts import mark
from slm_studio.engine.inside.embedding import embedding_stage
from slm_studio.engine.inside.grids import Pieces, grid
from slm_studio.engine.inside.recording import Recording
from slm_studio.engine.inside.stages import Stage
from slm_studio.engine.inside.traits import LINEAR, Traits, outer_linears, traits_of

_PROJECTIONS = ("o_proj", "out_lin", "c_proj", "Wo", "dense", ".o")
_ATTENDING = mark(
    "Each piece (row) asks all pieces (columns) how much they matter to it, in {heads} {heads:head|heads} at once. The weights of a row sum to one."
)
_CAUSAL = mark(
    "Each piece (row) asks itself and the pieces before it (columns) how much they matter to it, in {heads} {heads:head|heads} at once. The weights of a row sum to one."
)
_THINKING = mark(
    "What each piece has gathered is worked on alone: widened to {hidden} numbers, bent by {activation}, and brought back to {width}."
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its module, its attention, and which of their calls is meant where layers share their weights."""

    block: nn.Module
    attention: nn.Module
    call: int


def transformer_stages(net: PreTrainedModel, pieces: Pieces, *, is_causal: bool) -> Iterator[Stage]:
    """Yield the way from the pieces to the vectors behind the last layer."""
    layers = layers_of(net)
    yield embedding_stage(net, pieces, layers[0].block)
    for at, layer in enumerate(layers, start=1):
        traits = traits_of(net.config, layer.block, layer.attention, is_causal=is_causal)
        yield _attention(net, pieces, layer, traits, at)
        yield _mlp(net, pieces, layer, traits, at)


def layers_of(net: PreTrainedModel) -> list[Layer]:
    """Return the layers in the order in which the net calls them."""
    lists = [module for module in net.modules() if isinstance(module, nn.ModuleList)]
    blocks = next(list(one) for one in lists if len(one) and all(map(_attentions, one)))
    if getattr(net.config, "model_type", "") == "albert":  # which calls few layers many times
        blocks = [layer for group in blocks for layer in group.albert_layers]
        each = net.config.num_hidden_layers // len(blocks)
        return [Layer(block, _attentions(block)[-1], call) for block in blocks for call in range(each)]
    return [Layer(block, _attentions(block)[-1], 0) for block in blocks]


def projection_of(layer: Layer) -> nn.Module:
    """Return the last linear layer of a layer's attention, which brings its heads together."""
    outer = _attentions(layer.block)[0]
    linears = [(name, module) for name, module in outer.named_modules() if isinstance(module, LINEAR)]
    return next((module for name, module in linears if name.endswith(_PROJECTIONS)), linears[-1][1])


def _attentions(module: nn.Module) -> list[nn.Module]:
    """Return the modules in one that weigh tokens, the innermost last."""
    return [part for part in module.modules() if type(part).__name__.endswith("Attention")]


def _attention(net: PreTrainedModel, pieces: Pieces, layer: Layer, traits: Traits, at: int) -> Stage:
    projection = projection_of(layer)

    def grids(seen: Recording) -> tuple[Grid, ...]:
        weights_NTT = seen.beside(layer.attention, layer.call)
        heads = () if weights_NTT is None else weights_NTT[:MOST_HEADS]
        return (
            *(
                grid(mark("Head {head}"), pieces, weights_TT, kind="shares", columns=pieces, head=head)
                for head, weights_TT in enumerate(heads, start=1)
            ),
            grid(mark("What attention gives back"), pieces, seen.given(projection, layer.call)),
        )

    step = Step(
        key=f"attention-{at}",
        title=mark("Layer {layer}: attention"),
        values={"layer": at, "heads": net.config.num_attention_heads},
        about=_CAUSAL if traits.is_causal else _ATTENDING,
        formula=traits.attention(),
    )
    return Stage(step, (layer.attention, projection), grids)


def _mlp(net: PreTrainedModel, pieces: Pieces, layer: Layer, traits: Traits, at: int) -> Stage:
    last = outer_linears(layer.block)[-1]
    hidden = last.weight.shape[0] if not isinstance(last, nn.Linear) else last.in_features

    def grids(seen: Recording) -> tuple[Grid, ...]:
        return (
            grid(mark("Widened and bent"), pieces, seen.taken(last, layer.call)),
            grid(mark("What it gives back"), pieces, seen.given(last, layer.call)),
            grid(mark("What leaves layer {layer}"), pieces, seen.given(layer.block, layer.call), layer=at),
        )

    step = Step(
        key=f"mlp-{at}",
        title=mark("Layer {layer}: MLP"),
        values={"layer": at, "hidden": hidden, "activation": traits.activation, "width": net.config.hidden_size},
        about=_THINKING,
        formula=traits.mlp(),
    )
    return Stage(step, (last, layer.block), grids)
