"""Our own loop over recurrent cells does what the library's cells do, and with ReLU what the formulas say."""

import numpy as np
import pytest
import torch
from torch import nn

from slm_studio.engine.models.cells import Loop, begin_recurrence, make_layers, read

# B rows, T tokens, E width of what is read, W width of one direction


def inputs(rows: int = 5, tokens: int = 9, width: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    lengths_B = torch.tensor([9, 1, 4, 7, 2])[:rows]
    return torch.randn(rows, tokens, width), torch.arange(tokens)[None] < lengths_B[:, None]


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_with_tanh_it_is_the_librarys_cell(cell: str, bidirectional: bool) -> None:
    library = make_layers(cell, "tanh", 6, 8, bidirectional=bidirectional)
    own = Loop(cell, "tanh", 6, 8, bidirectional=bidirectional)
    for parameter in library.parameters():
        nn.init.normal_(parameter, std=0.5)  # biases too
    own.load_state_dict(library.state_dict())
    inputs_BTE, mask_BT = inputs()
    outcomes = []
    for layer in (library, own):
        given = inputs_BTE.clone().requires_grad_()
        hidden = read(layer, given, mask_BT)
        hidden.square().sum().backward()
        outcomes.append((hidden, given.grad, *(parameter.grad for parameter in layer.parameters())))

    for one, other in zip(*outcomes, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-5, atol=1e-6)
    assert (outcomes[1][0][~mask_BT] == 0).all()


def test_with_relu_it_computes_what_keras_does() -> None:
    """Keras puts `activation` at the candidate and at the output, and leaves the gates their sigmoid."""
    layer = Loop("lstm", "relu", 6, 8, bidirectional=False)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.3)
    inputs_BTE, mask_BT = inputs()
    weights = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    state = memory = np.zeros((5, 8), dtype=np.float32)
    seen = []
    for place in range(9):
        gates = inputs_BTE[:, place].numpy() @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
        gates = gates + state @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
        enter, keep, candidate, leave = np.split(gates, 4, axis=1)
        memory = _sigmoid(keep) * memory + _sigmoid(enter) * np.maximum(candidate, 0)
        state = _sigmoid(leave) * np.maximum(memory, 0)
        seen.append(state)

    hidden = layer(inputs_BTE, torch.ones(5, 9)).detach()

    np.testing.assert_allclose(hidden.numpy(), np.stack(seen, axis=1), rtol=1e-4, atol=1e-5)
    assert hidden.max() > 1  # which tanh would have squashed
    torch.testing.assert_close(layer(inputs_BTE, mask_BT)[mask_BT], hidden[mask_BT])


def test_a_gru_with_relu_computes_what_the_formula_says() -> None:
    layer = Loop("gru", "relu", 6, 8, bidirectional=False)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.3)
    inputs_BTE, _ = inputs()
    weights = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    state = np.zeros((5, 8), dtype=np.float32)
    for place in range(9):
        given = inputs_BTE[:, place].numpy() @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
        recalled = state @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
        (reset, update, candidate), (r, u, c) = np.split(given, 3, axis=1), np.split(recalled, 3, axis=1)
        share = _sigmoid(update + u)
        state = (1 - share) * np.maximum(candidate + _sigmoid(reset + r) * c, 0) + share * state

    hidden = layer(inputs_BTE, torch.ones(5, 9)).detach().numpy()

    np.testing.assert_allclose(hidden[:, -1], state, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_it_learns_in_bf16_too(cell: str) -> None:
    layer = Loop(cell, "relu", 6, 8, bidirectional=True)
    inputs_BTE, mask_BT = inputs()
    plain = layer(inputs_BTE, mask_BT)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = layer(inputs_BTE, mask_BT)
    hidden.float().square().sum().backward()

    torch.testing.assert_close(hidden.float(), plain, rtol=0.1, atol=0.05)
    assert all(torch.isfinite(parameter.grad).all() for parameter in layer.parameters())


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_recurrences_begin_orthogonal_and_only_lstms_forget_late(cell: str) -> None:
    layer = make_layers(cell, "tanh", 6, 8, bidirectional=True)
    begin_recurrence(layer)

    for name, parameter in layer.named_parameters():
        if "weight_hh" in name:
            for gate in parameter.split(8):
                torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)
        elif "bias" in name:
            open_gates = 8 if cell == "lstm" and "bias_ih" in name else 0
            assert parameter.sum() == open_gates
    if cell == "lstm":
        assert (layer.bias_ih_l0[8:16] == 1).all()


def _sigmoid(numbers: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-numbers))
