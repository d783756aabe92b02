"""Inside the studio's own nets: gates, filters and features give the numbers of the net that is asked."""

import math

import pytest
import torch
from torch import Tensor

from slm_studio.core.inside import Inside
from slm_studio.core.results import Label, Number
from slm_studio.engine.inside.bag import deep_parts, direct_parts
from slm_studio.engine.inside.recording import record
from slm_studio.engine.inside.recurrent import walks
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import answers_of
from slm_studio.engine.tasks.classify import TASK
from tests.engine.inside.nets import ANSWERS, made

PROMPT = {"text": "red grass 苹果 grows"}
SHAPES = {
    "lstm": ("lstm", {}),
    "lstm one way, last state": ("lstm", {"directions": "one", "readout": "last"}),
    "lstm of the textbook": ("lstm", {"layers": (12, 8), "readout": "last", "activation": "relu"}),
    "gru": ("gru", {}),
    "gru with relu": ("gru", {"activation": "relu"}),
    "rnn": ("rnn", {"layers": (10, 6)}),
}


def all_steps(loaded: Loaded, prompt: dict[str, str] | None = None) -> list[Inside]:
    steps = TASK.inside(loaded, prompt or PROMPT, "").steps
    return [TASK.inside(loaded, prompt or PROMPT, step.key) for step in steps]


@pytest.mark.parametrize("name", SHAPES)
def test_gates_lead_to_the_states_of_the_net(name: str) -> None:
    family, settings = SHAPES[name]
    loaded = made(family, **settings)
    reader = loaded.net.reader
    ids = torch.tensor([[2, 5, 3, 7, 4, 6]])

    seen = record(loaded.net, [reader.embeddings, reader], lambda: loaded.net(ids).logits)

    *_, last = walks(reader, seen.given(reader.embeddings))
    torch.testing.assert_close(torch.cat([walk["h"] for walk in last.values()], dim=-1), seen.given(reader))
    for walk in last.values():
        for gate in set(walk) & set("iforz"):
            assert walk[gate].min() >= 0 and walk[gate].max() <= 1
        if "c" in walk:  # the memory is what the gates make of it
            kept = torch.cat([torch.zeros_like(walk["c"][:1]), walk["c"][:-1]])
            if next(iter(last)) == "" and walk is last[""]:
                torch.testing.assert_close(walk["f"] * kept + walk["i"] * walk["g"], walk["c"])


@pytest.mark.parametrize("target", ANSWERS)
@pytest.mark.parametrize("family", ["bag", "linear", "cnn", "rnn", "gru", "lstm", "bert"])
def test_every_step_has_numbers_and_the_last_is_the_answer(family: str, target: str) -> None:
    loaded = made(family, target)

    shown = all_steps(loaded)

    assert all(inside.grids and inside.grids[0].cells for inside in shown)
    for grid in (grid for inside in shown for grid in inside.grids):
        assert len(grid.rows) == len(grid.cells) and len({len(row) for row in grid.cells}) == 1
        if grid.kind == "shares":
            assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in grid.cells)
    (said,) = answers_of(TASK, loaded, [PROMPT], {})
    answer = shown[-1].grids[0]
    numbers = [
        item.score if isinstance(item, Label) else item.value for item in said if isinstance(item, Label | Number)
    ]
    assert [cells[1] for cells in answer.cells] == pytest.approx(numbers, rel=1e-4)


@pytest.mark.parametrize("family", ["cnn", "lstm", "rnn", "gru"])
def test_a_net_of_one_sigmoid_shows_its_sigmoid(family: str) -> None:
    loaded = made(family, output="sigmoid")

    last = all_steps(loaded)[-1]

    step = last.steps[-1]
    assert "σ(<i>z</i>)" in step.formula and "Σ" not in step.formula and "sigmoid" in step.about
    other, label = loaded.facts["labels"]
    (answer,) = last.grids[:1]
    logits = {row: cells[0] for row, cells in zip(answer.rows, answer.cells, strict=True)}
    said = {row: cells[1] for row, cells in zip(answer.rows, answer.cells, strict=True)}
    assert logits[other] == 0 and said[label] == pytest.approx(1 / (1 + math.exp(-logits[label])), rel=1e-4)
    assert f"<sub>{label}</sub> = σ" in step.formula and said[other] == pytest.approx(1 - said[label], rel=1e-4)


@pytest.mark.parametrize("family", ["bag", "cnn", "lstm", "bert"])
def test_of_a_long_text_the_last_step_is_what_the_model_answers(family: str) -> None:
    loaded = made(family, max_length=512)
    long = {"text": "red apples and pears, the green grass grows " * 25}

    shown = all_steps(loaded, long)

    (said,) = answers_of(TASK, loaded, [long], {})
    assert [cells[1] for cells in shown[-1].grids[0].cells] == pytest.approx([item.score for item in said], abs=1e-5)
    assert all(len(grid.rows) <= 33 and inside.cut == 0 for inside in shown for grid in inside.grids)


def test_what_features_say_adds_up_to_what_the_bag_says() -> None:
    loaded = made("bag")
    ids = torch.tensor(loaded.tokenizer.encode(PROMPT["text"]))
    with torch.inference_mode():
        ways = loaded.net.ways(ids[None])

    torch.testing.assert_close(direct_parts(loaded.net, ids).sum(0), ways["direct"][0])
    _, sum_D = deep_parts(loaded.net, ids)
    torch.testing.assert_close(loaded.net.classifier(sum_D).detach(), ways["deep"][0])


def test_filters_show_what_each_says_of_each_window() -> None:
    loaded = made("cnn")

    shown = TASK.inside(loaded, PROMPT, "filters-3")

    answers, strongest = shown.grids
    pieces = TASK.inside(loaded, PROMPT, "embedding").grids[0].rows
    assert answers.rows[2] == " ".join(pieces[:3]) and answers.rows[0] == pieces[0] and answers.rows[-1] == pieces[-1]
    assert numbers(strongest.cells)[0].tolist() == numbers(answers.cells).amax(0).tolist()
    output = TASK.inside(loaded, PROMPT, "output").grids[1]
    assert output.cells[0][:4] == strongest.cells[0][:4], "the filters of the first width stand first in what decides"


def numbers(cells: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.tensor(cells)


@pytest.mark.parametrize("family", ["bag", "lstm", "bert"])
def test_a_pair_of_texts_is_looked_into_as_well(family: str) -> None:
    loaded = made(family, text2=True)

    shown = all_steps(loaded, {"text": "red apples", "text2": "green grass"})

    assert all(inside.grids for inside in shown)


def test_features_bear_the_names_that_a_person_reads() -> None:
    loaded = made("bag")

    rows = TASK.inside(loaded, {"text": "green grass"}, "features").grids[0].rows

    assert {"green", "grass", "green grass"} <= set(rows) and any(row.startswith("·") for row in rows)


def test_a_step_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(Exception, match="no step “attention-9”") as caught:
        TASK.inside(made("lstm"), PROMPT, "attention-9")
    assert "embedding, layer-1, layer-1-back, readout, output" in caught.value.values["steps"]  # type: ignore[attr-defined]
