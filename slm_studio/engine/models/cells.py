"""Recurrent layers: the library's LSTM, GRU and Elman cells, a loop of our own where their activation is another, and how they begin."""

# B rows, T tokens, E width of what is read, W width of one direction, G width of all gates together

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import initialization as init

Cell = Literal["lstm", "gru", "rnn"]
Activation = Literal["tanh", "relu"]
GATES: dict[str, int] = {"lstm": 4, "gru": 3, "rnn": 1}
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "relu": torch.relu}
_LIBRARY: dict[str, type[nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def is_of_the_library(cell: str, activation: str) -> bool:
    """Say whether PyTorch has such a cell; its Elman cell alone knows another activation than tanh."""
    return activation == "tanh" or cell == "rnn"


def make_layers(
    cell: str, activation: str, inputs: int, width: int, *, layers: int = 1, bidirectional: bool, dropout: float = 0.0
) -> nn.RNNBase:
    """Return the library's layers of one width. Dropout acts between them."""
    more = {"nonlinearity": activation} if cell == "rnn" else {}
    return _LIBRARY[cell](
        inputs, width, layers, batch_first=True, bidirectional=bidirectional, dropout=dropout if layers > 1 else 0.0, **more
    )  # type: ignore[arg-type]  # fmt: skip


def read(layer: nn.Module, inputs_BTE: Tensor, mask_BT: Tensor) -> Tensor:
    """Return what a layer makes of every position [B, T, directions · W]; padding stands on the right, and is 0 there."""
    if isinstance(layer, Loop):
        found: Tensor = layer(inputs_BTE, mask_BT)
        return found
    # Packed, the backward direction begins at the last token of each row, however much padding follows.
    lengths_B = mask_BT.sum(1).clamp(min=1).cpu()
    packed = pack_padded_sequence(inputs_BTE, lengths_B, batch_first=True, enforce_sorted=False)
    hidden, _ = layer(packed)
    hidden_BTH, _ = pad_packed_sequence(hidden, batch_first=True, total_length=inputs_BTE.shape[1])
    return hidden_BTH


class Loop(nn.Module):
    """One LSTM or GRU layer, walked step by step, with another activation where the library has tanh.

    That is at the candidate and, of an LSTM, at the output: where Keras' LSTM(activation="relu") has it. Weights are
    named and laid out as the library's are.
    """

    def __init__(self, cell: str, activation: str, inputs: int, width: int, *, bidirectional: bool) -> None:
        super().__init__()
        self.cell, self.width, self.activation = cell, width, ACTIVATIONS[activation]
        self.directions = ("", "_reverse") if bidirectional else ("",)
        rows = GATES[cell] * width
        for direction in self.directions:
            for name, shape in (
                ("weight_ih", (rows, inputs)), ("weight_hh", (rows, width)), ("bias_ih", (rows,)), ("bias_hh", (rows,)),
            ):  # fmt: skip
                self.register_parameter(f"{name}_l0{direction}", nn.Parameter(torch.empty(shape)))
        begin_recurrence(self)

    def forward(self, inputs_BTE: Tensor, mask_BT: Tensor) -> Tensor:
        """Return the states at every position, those of both directions side by side."""
        mask_BT = mask_BT.bool().clone()
        mask_BT[:, 0] = True  # an empty text is one padding token, as the packed reading takes it
        walks = [self._walk(inputs_BTE, mask_BT, direction) for direction in self.directions]
        return torch.cat(walks, dim=-1) * mask_BT[..., None]

    def _walk(self, inputs_BTE: Tensor, mask_BT: Tensor, direction: str) -> Tensor:
        weight, bias = getattr(self, f"weight_hh_l0{direction}"), getattr(self, f"bias_hh_l0{direction}")
        given_BTG = functional.linear(
            inputs_BTE, getattr(self, f"weight_ih_l0{direction}"), getattr(self, f"bias_ih_l0{direction}")
        )
        places = range(inputs_BTE.shape[1])
        state_BW = memory_BW = inputs_BTE.new_zeros(len(inputs_BTE), self.width)
        states: list[Tensor] = [state_BW] * len(places)
        for place in reversed(places) if direction else places:
            recalled_BG = functional.linear(state_BW, weight, bias)
            if self.cell == "lstm":
                next_BW, kept_BW = self._lstm(given_BTG[:, place] + recalled_BG, memory_BW)
                memory_BW = torch.where(mask_BT[:, place, None], kept_BW, memory_BW)
            else:
                next_BW = self._gru(given_BTG[:, place], recalled_BG, state_BW)
            # Over padding nothing is read: the backward direction comes from there to the last token with empty hands.
            state_BW = torch.where(mask_BT[:, place, None], next_BW, state_BW)
            states[place] = state_BW
        return torch.stack(states, dim=1)

    def _lstm(self, gates_BG: Tensor, memory_BW: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next state and memory. PyTorch's order of gates: input, forget, candidate, output."""
        enter, keep, candidate, leave = gates_BG.chunk(4, dim=1)
        memory_BW = keep.sigmoid() * memory_BW + enter.sigmoid() * self.activation(candidate)
        return leave.sigmoid() * self.activation(memory_BW), memory_BW

    def _gru(self, given_BG: Tensor, recalled_BG: Tensor, state_BW: Tensor) -> Tensor:
        """Return the next state. PyTorch's order of gates: reset, update, candidate."""
        reset, update, candidate = given_BG.chunk(3, dim=1)
        reset_too, update_too, recalled = recalled_BG.chunk(3, dim=1)
        share = (update + update_too).sigmoid()
        return (1 - share) * self.activation(candidate + (reset + reset_too).sigmoid() * recalled) + share * state_BW


@torch.no_grad()
def begin_recurrence(layer: nn.Module) -> None:
    """Start with orthogonal recurrences, gate by gate, and the forget gates of an LSTM open.

    Source: Jozefowicz et al. 2015, https://proceedings.mlr.press/v37/jozefowicz15.html
    """
    for name, parameter in layer.named_parameters():
        if getattr(parameter, "_is_hf_initialized", False):
            continue
        if "weight_ih" in name:
            init.xavier_uniform_(parameter)
        elif "weight_hh" in name:
            for gate in parameter.chunk(parameter.shape[0] // parameter.shape[1]):
                init.orthogonal_(gate)
        else:
            init.zeros_(parameter)
            if "bias_ih" in name and _is_lstm(layer):
                init.ones_(parameter.chunk(4)[1])  # PyTorch's order: input, forget, cell, output


def _is_lstm(layer: nn.Module) -> bool:
    return isinstance(layer, nn.LSTM) or (isinstance(layer, Loop) and layer.cell == "lstm")
