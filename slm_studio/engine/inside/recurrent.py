"""The way through a recurrent classifier: at every piece its gates, its memory, its state.

The library's layers do not tell their gates, so the layers are walked again here, with their own weights.
"""

# T tokens, E width of what comes in, W width of one direction, G gates side by side

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from slm_studio.core.inside import Grid, Step
from slm_studio.core.texts import mark
from slm_studio.engine.inside.grids import Pieces, grid
from slm_studio.engine.inside.recording import Recording
from slm_studio.engine.inside.stages import Stage
from slm_studio.engine.models.cells import ACTIVATIONS, Loop
from slm_studio.engine.models.recurrent import LSTMForSequenceClassification, RecurrentModel

Walk = dict[str, Tensor]  # what a layer computes, in its order → [T, W]; the last is its state
_WAYS = {"": mark("Layer {layer}: {cell} forwards"), "_reverse": mark("Layer {layer}: {cell} backwards")}
_GATES = "ifozr"
_NAMES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
_ABOUT = {
    "lstm": mark(
        "Piece after piece, the input gate lets new things into the memory, the forget gate keeps of it what stays (1) or goes (0), and the output gate says what is shown of it."
    ),
    "gru": mark(
        "Piece after piece, the update gate says how much of the state stays, and the reset gate how much of it counts for what is new."
    ),
    "rnn": mark("Piece after piece, the new state is made of the piece and of the state before."),
}
_TITLES = {
    "lstm": {
        "i": mark("Input gate"), "f": mark("Forget gate"), "g": mark("Candidate"),
        "o": mark("Output gate"), "c": mark("Memory"), "h": mark("State"),
    },
    "gru": {
        "r": mark("Reset gate"), "z": mark("Update gate"), "n": mark("Candidate"),
        "h": mark("State"),
    },
    "rnn": {"h": mark("State")},
}  # fmt: skip


def recurrent_stages(net: LSTMForSequenceClassification, pieces: Pieces) -> Iterator[Stage]:
    """Yield the way from the pieces to what the whole text is read as."""
    reader = net.reader
    yield _embedding(reader, pieces)
    for at in range(1, len(reader.config.widths) + 1):
        for way in list(_WAYS)[: reader.config.directions]:
            yield _layer(reader, pieces, at, way)
    yield _readout(net, pieces)


def walks(reader: RecurrentModel, embedded_TE: Tensor) -> list[dict[str, Walk]]:
    """Return what every layer computes, by direction; both directions together are what the next layer takes in."""
    found = []
    inputs_TE = embedded_TE
    for weights in _layers(reader):
        layer = {way: _walk(reader, weights, inputs_TE, way) for way in _WAYS if f"weight_ih{way}" in weights}
        found.append(layer)
        inputs_TE = torch.cat([walk["h"] for walk in layer.values()], dim=-1)
    return found


def _layers(reader: RecurrentModel) -> Iterator[dict[str, Tensor]]:
    """Yield the weights of each layer, named without its number."""
    stacked: list[nn.Module] = [*reader.layers] if hasattr(reader, "layers") else [getattr(reader, reader.config.cell)]
    for module in stacked:
        named = {name: tensor.detach().float().cpu() for name, tensor in module.named_parameters()}
        for layer in range(1 if isinstance(module, Loop) else module.num_layers):  # type: ignore[arg-type]
            mark_ = f"_l{layer}"
            yield {name.replace(mark_, ""): tensor for name, tensor in named.items() if mark_ in name}


def _walk(reader: RecurrentModel, weights: dict[str, Tensor], inputs_TE: Tensor, way: str) -> Walk:
    cell, bend = reader.config.cell, ACTIVATIONS[reader.config.activation]
    given_TG = functional.linear(inputs_TE, weights[f"weight_ih{way}"], weights[f"bias_ih{way}"])
    width = weights[f"weight_hh{way}"].shape[1]
    state_W, memory_W = given_TG.new_zeros(width), given_TG.new_zeros(width)
    steps: list[Walk] = []
    places = range(len(given_TG))
    for place in reversed(places) if way else places:
        recalled_G = functional.linear(state_W, weights[f"weight_hh{way}"], weights[f"bias_hh{way}"])
        if cell == "lstm":
            i, f, g, o = (given_TG[place] + recalled_G).chunk(4)
            i, f, g, o = i.sigmoid(), f.sigmoid(), bend(g), o.sigmoid()
            memory_W = f * memory_W + i * g
            state_W = o * bend(memory_W)
            steps.append({"i": i, "f": f, "g": g, "o": o, "c": memory_W, "h": state_W})
        elif cell == "gru":
            (r, z, n), (r2, z2, n2) = given_TG[place].chunk(3), recalled_G.chunk(3)
            r, z = (r + r2).sigmoid(), (z + z2).sigmoid()
            n = bend(n + r * n2)
            state_W = (1 - z) * n + z * state_W
            steps.append({"r": r, "z": z, "n": n, "h": state_W})
        else:
            state_W = bend(given_TG[place] + recalled_G)
            steps.append({"h": state_W})
    in_order = reversed(steps) if way else steps
    columns = list(in_order)
    return {name: torch.stack([step[name] for step in columns]) for name in columns[0]}


def _embedding(reader: RecurrentModel, pieces: Pieces) -> Stage:
    table = reader.embeddings
    step = Step(
        key="embedding",
        title=mark("Embedding"),
        values={"width": reader.config.embedding_size},
        about=mark("Every piece becomes a vector of {width} numbers, looked up in a table that the model has learnt."),
        formula="<i>x</i><sub>t</sub> = <i>E</i><sub>piece(t)</sub>",
    )
    return Stage(step, (table,), lambda seen: (grid(mark("Vectors of the pieces"), pieces, seen.given(table)),))


def _layer(reader: RecurrentModel, pieces: Pieces, at: int, way: str) -> Stage:
    cell = reader.config.cell

    def grids(seen: Recording) -> tuple[Grid, ...]:
        walk = walks(reader, seen.given(reader.embeddings))[at - 1][way]
        return tuple(
            grid(title, pieces, walk[name], kind="gates" if name in _GATES else "numbers")
            for name, title in _TITLES[cell].items()
        )

    step = Step(
        key=f"layer-{at}{way.replace('_reverse', '-back')}",
        title=_WAYS[way] if reader.config.directions > 1 else mark("Layer {layer}: {cell}"),
        values={"layer": at, "cell": _NAMES[cell]},
        about=_ABOUT[cell],
        formula=_formula(cell, reader.config.activation),
    )
    return Stage(step, (reader.embeddings,), grids)


def _formula(cell: str, activation: str) -> str:
    bend = "ReLU" if activation == "relu" else "tanh"
    state, before = "<i>h</i><sub>t</sub>", "<i>h</i><sub>t−1</sub>"

    def sums(gate: str) -> str:
        return f"<i>W</i><sub>{gate}</sub> <i>x</i><sub>t</sub> + <i>U</i><sub>{gate}</sub> {before} + <i>b</i><sub>{gate}</sub>"

    def squashed(gate: str) -> str:
        return f"<i>{gate}</i><sub>t</sub> = σ({sums(gate)})"

    if cell == "lstm":
        return "\n".join(
            (
                *map(squashed, "ifo"),
                f"<i>g</i><sub>t</sub> = {bend}({sums('g')})",
                "<i>c</i><sub>t</sub> = <i>f</i><sub>t</sub> ⊙ <i>c</i><sub>t−1</sub> + <i>i</i><sub>t</sub> ⊙ <i>g</i><sub>t</sub>",
                f"{state} = <i>o</i><sub>t</sub> ⊙ {bend}(<i>c</i><sub>t</sub>)",
            )
        )
    if cell == "gru":
        return "\n".join(
            (
                *map(squashed, "rz"),
                f"<i>n</i><sub>t</sub> = {bend}(<i>W</i><sub>n</sub> <i>x</i><sub>t</sub> + <i>b</i><sub>n</sub> + "
                f"<i>r</i><sub>t</sub> ⊙ (<i>U</i><sub>n</sub> {before} + <i>b'</i><sub>n</sub>))",
                f"{state} = (1 − <i>z</i><sub>t</sub>) ⊙ <i>n</i><sub>t</sub> + <i>z</i><sub>t</sub> ⊙ {before}",
            )
        )
    return f"{state} = {bend}({sums('h')})"


def _readout(net: LSTMForSequenceClassification, pieces: Pieces) -> Stage:
    if net.config.readout == "last":
        step = Step(
            key="readout",
            title=mark("The whole text"),
            about=mark("Where the reading ends, its state stands for the whole text."),
            formula="<i>x</i> = <i>h</i><sub>T</sub>",
        )
        return Stage(
            step,
            (net.classifier,),
            lambda seen: (grid(mark("What stands for the text"), ("",), seen.taken(net.classifier)),),
        )

    def grids(seen: Recording) -> tuple[Grid, ...]:
        shares_T = seen.given(net.attention).squeeze(-1).softmax(-1)
        read = seen.taken(net.classifier)
        strongest_H, attended_H = read.chunk(2)
        return (
            grid(mark("Weights of the pieces"), ("",), shares_T, kind="shares", columns=pieces),
            grid(mark("Weighed mean"), ("",), attended_H),
            grid(mark("Strongest of each number"), ("",), strongest_H),
        )

    step = Step(
        key="readout",
        title=mark("The whole text"),
        about=mark(
            "Two summaries stand for the whole text: a mean in which some pieces weigh more, and of each number the strongest."
        ),
        formula="<i>α</i><sub>t</sub> = softmax<sub>t</sub>(<i>w</i> · <i>h</i><sub>t</sub> + <i>b</i>)\n"
        "<i>x</i> = [ max<sub>t</sub> <i>h</i><sub>t</sub> , Σ<sub>t</sub> <i>α</i><sub>t</sub> <i>h</i><sub>t</sub> ]",
    )
    return Stage(step, (net.attention, net.classifier), grids)
