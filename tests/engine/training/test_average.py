"""The running mean of the weights: what it is, that it is what is kept, and that a run goes on with it bit by bit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Evaluated, Event, Finished, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run, open_run
from slm_studio.engine.training import checkpoint
from slm_studio.engine.training.average import Average


def test_it_is_the_mean_that_it_says() -> None:
    net = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        net.weight.fill_(1.0)
    average = Average(net, 0.5)
    for step, value in enumerate((3.0, 5.0), start=1):
        with torch.no_grad():
            net.weight.fill_(value)
        average.add(step)

    first = 2 / 11 * 1.0 + 9 / 11 * 3.0  # (1 + steps) / (10 + steps) of the old stays, as long as that is below 0.5
    assert average.weights["weight"].item() == pytest.approx(3 / 12 * first + 9 / 12 * 5.0)

    with average.in_place():
        assert net.weight.item() == average.weights["weight"].item()
    assert net.weight.item() == 5.0


@pytest.fixture
def rows(tmp_path: Path) -> Dataset:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "".join(f"{['red', 'green'][n % 2]} tea {n},{n % 2}\n" for n in range(60)))
    return list(engine.read(str(path)))[-1].result


def recipe(**settings: object) -> Recipe:
    common = {
        "epochs": 3,
        "batch": 8,
        "precision": "fp32",
        "patience": 0,
        "average": 0.8,
        "eval_every": 4,
        "learning_rate": 0.01,
    }
    roles = {"text": "text", "label": "label"}
    return make_recipe("classify", base="blank:rnn-nano", roles=roles, settings=common | settings)


def test_a_stopped_run_goes_on_bit_by_bit(rows: Dataset) -> None:
    whole = list(engine.train(recipe(), rows, create_run(recipe(), rows)))
    run = create_run(recipe(), rows)
    before: list[Event] = []
    work = engine.train(recipe(), rows, run)
    for event in work:
        before.append(event)
        if isinstance(event, Step) and event.n == 6:
            break
    work.close()

    after = list(engine.resume(open_run(run.path)))

    assert told(before) + told(after) == told(whole)
    one, other = (load_file(Path(each[-1].result.folder) / "model.safetensors") for each in (after, whole))
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def told(events: list[Event]) -> list[tuple[int, float]]:
    return [(event.n, event.loss) for event in events if isinstance(event, Step | Evaluated)]


def test_the_mean_is_scored_and_kept_and_learning_goes_on_from_the_weights(rows: Dataset) -> None:
    plain = list(engine.train(recipe(average=0.0), rows, create_run(recipe(average=0.0), rows)))
    run = create_run(recipe(), rows)
    averaged = list(engine.train(recipe(), rows, run))

    losses = [[event.loss for event in events if isinstance(event, Step)] for events in (plain, averaged)]
    scores = [[event.loss for event in events if isinstance(event, Evaluated)] for events in (plain, averaged)]
    assert losses[0] == losses[1]
    assert scores[0] != scores[1]
    newest = checkpoint.newest(run.path / "checkpoints")
    assert newest is not None and checkpoint.average_weights(newest) is not None
    best = checkpoint.best_weights(newest)
    finished = averaged[-1]
    assert isinstance(finished, Finished) and best is not None
    kept = load_file(Path(finished.result.folder) / "model.safetensors")
    assert all(torch.equal(best[name], kept[name]) for name in kept)


def test_a_checkpoint_that_is_kept_has_the_mean_of_then(rows: Dataset) -> None:
    run = create_run(recipe(), rows)
    for _ in engine.train(recipe(), rows, run):
        pass
    newest = checkpoint.newest(run.path / "checkpoints")
    assert newest is not None

    kept = list(engine.keep(open_run(run.path), int(newest.name)))[-1].result

    mean, found = checkpoint.average_weights(newest), load_file(Path(kept.folder) / "model.safetensors")
    assert mean is not None and all(torch.equal(mean[name], found[name]) for name in found)
