"""Inside a Transformer: what is shown is what went through the net, and its formulas are those of the net."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from slm_studio.core.inside import Grid, Inside
from slm_studio.core.results import Label, Token
from slm_studio.engine.inside.embedding import parts_of
from slm_studio.engine.inside.recording import record
from slm_studio.engine.inside.traits import ABREAST, AROUND, BEFORE, BEHIND, ON_TOP, outer_linears, traits_of
from slm_studio.engine.inside.transformer import layers_of, projection_of
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import encode_framed
from slm_studio.engine.task import Task, answers_of
from slm_studio.engine.tasks import task_of
from tests.engine.models.foreign import DECODERS, ENCODERS, SHAPES, make_foreign

PROMPT = {"text": "A model reads."}
IDS = torch.tensor([[3, 5, 7, 9, 11, 13, 4, 6]])
BENT = {
    "GELU": lambda x: functional.gelu(x, approximate="tanh"),
    "SiLU": functional.silu,
    "ReLU": functional.relu,
}


def opened(shape: str, folder: Path) -> tuple[Task, Loaded]:
    task = task_of("write" if shape in DECODERS else "classify")
    return task, task.open(make_foreign(folder / shape, shape, task.key), {})


def numbers(grid: Grid) -> Tensor:
    return torch.tensor(grid.cells)


def titled(inside: Inside, title: str) -> Tensor:
    return numbers(next(grid for grid in inside.grids if grid.title == title))


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_shown_is_what_went_through_the_net(shape: str, tmp_path: Path) -> None:
    task, loaded = opened(shape, tmp_path)
    steps = task.inside(loaded, PROMPT, "").steps
    assert [step.key for step in steps] == ["embedding", "attention-1", "mlp-1", "attention-2", "mlp-2", "output"]

    seen: dict[int, object] = {}
    layers = layers_of(loaded.net)
    hooks = [
        layer.block.register_forward_hook(lambda _, __, given, at=at: seen.setdefault(at, given))
        for at, layer in enumerate(layers)
        if layer.call == 0
    ]
    shown = [task.inside(loaded, PROMPT, step.key) for step in steps]
    for hook in hooks:
        hook.remove()

    pieces = shown[0].grids[0].rows
    assert "".join(pieces).replace("##", "").replace(" ", "").lower().find("model") >= 0
    for at, layer in enumerate(layers):
        attention, mlp = shown[1 + 2 * at], shown[2 + 2 * at]
        heads = [numbers(grid) for grid in attention.grids if grid.kind == "shares"]
        assert len(heads) == 2
        for weights in heads:
            assert weights.shape == (len(pieces), len(pieces))
            torch.testing.assert_close(weights.sum(1), torch.ones(len(pieces)), atol=1e-4, rtol=0)
            assert (weights.triu(1).abs().max() == 0) == (shape in DECODERS)
        if layer.call == 0:
            given = seen[at] if isinstance(seen[at], Tensor) else seen[at][0]
            torch.testing.assert_close(titled(mlp, "What leaves layer {layer}"), given[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        titled(shown[0], "What goes into layer 1"), layer_inputs(loaded, task)[0], atol=1e-4, rtol=1e-4
    )


def layer_inputs(loaded: Loaded, task: Task) -> Tensor:
    found: list[Tensor] = []
    block = layers_of(loaded.net)[0].block
    hook = block.register_forward_pre_hook(
        lambda _, arguments, named: found.append((arguments or tuple(named.values()))[0]), with_kwargs=True
    )
    task.inside(loaded, PROMPT, "output")
    hook.remove()
    return found[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_last_step_says_what_the_model_answers(shape: str, tmp_path: Path) -> None:
    task, loaded = opened(shape, tmp_path)

    answer = task.inside(loaded, PROMPT, "output").grids[0]

    (said,) = answers_of(task, loaded, [PROMPT], {"temperature": 0.0, "max_new_tokens": 1, "seed": 0, "top": 3})
    if shape in DECODERS:
        assert isinstance(said[0], Token) and said[0].text.strip() == answer.rows[0].strip()
    else:
        labels = [(item.label, pytest.approx(item.score, abs=1e-4)) for item in said if isinstance(item, Label)]
        assert labels == [(name, cells[1]) for name, cells in zip(answer.rows, answer.cells, strict=True)]


@pytest.mark.parametrize("shape", SHAPES)
def test_its_formulas_give_the_numbers_of_the_net(shape: str, tmp_path: Path) -> None:
    _, loaded = opened(shape, tmp_path)
    net = loaded.net
    layer = layers_of(net)[0]
    traits = traits_of(net.config, layer.block, layer.attention, is_causal=shape in DECODERS)
    projection = projection_of(layer)
    first, *_, last = outer_linears(layer.block)
    named = [(name, part) for name, part in layer.block.named_modules() if "Norm" in type(part).__name__]
    norms = [part for name, part in named if not name.endswith(("q_norm", "k_norm"))]

    seen = record(net, [layer.block, projection, first, last, *outer_linears(layer.block)], lambda: net(IDS)[0])

    x, y = seen.taken(layer.block), seen.given(layer.block)
    attended, thought = seen.given(projection), seen.given(last)
    if shape == "albert":  # which keeps the norm of its end in front
        norms.reverse()
    with torch.no_grad():
        middle, end = {
            BEFORE: lambda: (x + attended, x + attended + thought),
            ABREAST: lambda: (x, x + attended + thought),
            BEHIND: lambda: (norms[0](x + attended), norms[1](norms[0](x + attended) + thought)),
            AROUND: lambda: (x + norms[1](attended), x + norms[1](attended) + norms[3](thought)),
            ON_TOP: lambda: (x + norms[0](attended), x + norms[0](attended) + norms[1](thought)),
        }[traits.wiring]()
        torch.testing.assert_close(end, y, atol=1e-3, rtol=1e-3)
        into = {BEFORE: -1, ABREAST: -1, AROUND: 2}.get(traits.wiring)
        torch.testing.assert_close(
            middle if into is None else norms[into](middle), seen.taken(first), atol=1e-3, rtol=1e-3
        )
    torch.testing.assert_close(
        _widened(seen, layer.block, traits.activation, traits.is_gated), seen.taken(last), atol=1e-2, rtol=1e-2
    )
    assert traits.norm == ("RMSNorm" if any("RMS" in type(norm).__name__ for norm in norms) else "LayerNorm")
    assert ("<i>R</i>" in traits.attention()) == any("Rotary" in type(part).__name__ for part in net.modules())
    assert ("b</i><sub>1" in traits.mlp()) == (not traits.is_gated and last.bias is not None)


def _widened(seen: object, block: nn.Module, activation: str, is_gated: bool) -> Tensor:
    bend = BENT[activation]
    *wide, _ = [seen.given(part) for part in outer_linears(block)]  # type: ignore[attr-defined]
    if not is_gated:
        return bend(wide[0])
    gate, up = wide if len(wide) == 2 else wide[0].chunk(2, dim=-1)
    return bend(gate) * up


@pytest.mark.parametrize("shape", SHAPES)
def test_the_formula_of_the_embedding_gives_what_goes_into_the_first_layer(shape: str, tmp_path: Path) -> None:
    _, loaded = opened(shape, tmp_path)
    net, first = loaded.net, layers_of(loaded.net)[0].block
    parts = parts_of(net)
    summed = [part for part in (parts.pieces, parts.places, parts.texts) if part is not None]

    seen = record(net, [*summed, first], lambda: net(IDS)[0])

    with torch.no_grad():
        x = torch.stack([seen.given(part).expand_as(seen.given(parts.pieces)) for part in summed]).sum(0)
        for part in (parts.norm, parts.projection):
            x = x if part is None else part(x)
    torch.testing.assert_close(x, seen.taken(first), atol=1e-4, rtol=1e-4)
    formula = parts.formula(net.config.hidden_size)
    told = {"P<": parts.places, "S<": parts.texts, "LayerNorm(": parts.norm, "W<": parts.projection}
    assert all((sign in formula) == (part is not None) for sign, part in told.items())
    scale = net.config.hidden_size**0.5 if "√" in formula else 1.0
    torch.testing.assert_close(
        seen.given(parts.pieces), scale * parts.pieces.weight[IDS[0]].detach(), atol=1e-4, rtol=1e-4
    )


LONG = {"text": " ".join(f"word{number} and" for number in range(100))}


@pytest.mark.parametrize("shape", [ENCODERS[0], DECODERS[0]])
def test_a_long_text_is_computed_whole_and_shown_in_part(shape: str, tmp_path: Path) -> None:
    task, loaded = opened(shape, tmp_path)

    first, attention = task.inside(loaded, LONG, ""), task.inside(loaded, LONG, "attention-1")

    assert first.read > 32 and first.grids[0].pieces == first.read and len(first.grids[0].rows) == 32
    head = attention.grids[0]
    assert len(head.rows) == len(head.columns) == len(head.cells[0]) == 32 and head.width == head.pieces == first.read


@pytest.mark.parametrize("shape", [ENCODERS[0], DECODERS[0]])
def test_of_a_long_text_the_last_step_is_what_the_model_answers(shape: str, tmp_path: Path) -> None:
    task, loaded = opened(shape, tmp_path)

    answer = task.inside(loaded, LONG, "output").grids[0]

    (said,) = answers_of(task, loaded, [LONG], {"temperature": 0.0, "max_new_tokens": 1, "seed": 0, "top": 3})
    if shape in DECODERS:
        assert said[0].text.strip() == answer.rows[0].strip()
        assert said[0].score == pytest.approx(answer.cells[0][1], abs=1e-5)
    else:
        assert [item.score for item in said] == pytest.approx([cells[1] for cells in answer.cells], abs=1e-5)


def test_what_is_too_long_to_be_computed_says_how_much_of_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, loaded = opened(DECODERS[0], tmp_path)
    before = task.inside(loaded, LONG, "")
    monkeypatch.setattr("slm_studio.engine.tasks.write.MOST_READ", 40)

    found = task.inside(loaded, LONG, "")

    assert found.cut > 0 and found.read + found.cut == before.read + before.cut


def test_looking_inside_changes_nothing(tmp_path: Path) -> None:
    task, loaded = opened("bert", tmp_path)
    before = task.numbers(loaded, [PROMPT])
    way = loaded.net.config._attn_implementation

    task.inside(loaded, PROMPT, "attention-2")

    assert loaded.net.config._attn_implementation == way and not loaded.net.config.output_attentions
    assert (task.numbers(loaded, [PROMPT]) == before).all()
    assert not any(part._forward_hooks for part in loaded.net.modules())


@pytest.mark.parametrize("shape", SHAPES)
def test_attention_weights_are_those_that_the_library_tells(shape: str, tmp_path: Path) -> None:
    task, loaded = opened(shape, tmp_path)
    shown = task.inside(loaded, PROMPT, "attention-2")

    loaded.net.set_attn_implementation("eager")
    ids = torch.tensor([ids_of(loaded, shape)])
    with torch.inference_mode():
        told = loaded.net(input_ids=ids, output_attentions=True).attentions[1][0]

    heads = torch.stack([numbers(grid) for grid in shown.grids if grid.kind == "shares"])
    torch.testing.assert_close(heads, told, atol=1e-5, rtol=1e-4)


def ids_of(loaded: Loaded, shape: str) -> list[int]:
    return [*encode_framed(loaded.tokenizer, [PROMPT["text"]], 32)[0]]
