"""The best weights, and no others, become the model; the draws of a step are its own."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Evaluated, Event, Finished, Saved, Step
from slm_studio.core.recipe import Recipe
from slm_studio.core.run import create_run, open_run
from slm_studio.core.work import Work
from slm_studio.engine.task import Judgement, Table
from slm_studio.engine.tasks.write import Write
from slm_studio.engine.training.checkpoint import numbered
from tests.engine.training.conftest import losses

Weights = dict[str, torch.Tensor]


def is_same(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let held-out losses be those of this list, one an evaluation, then 9.0. Nothing is written as it learns."""
    script: list[float] = []

    def judge(self: Write, *_: object, whole: bool) -> Work[Judgement]:
        yield from ()
        return Judgement(loss=script.pop(0) if script and not whole else 9.0, metrics=())

    monkeypatch.setattr(Write, "judge", judge)
    monkeypatch.setattr(Write, "samples", lambda self, *_: Table((), ()))
    return script


def watch(events: Iterator[Event], folder: Path) -> tuple[list[Event], dict[int, Weights]]:
    """Run to the end and keep the weights of every step at which a checkpoint was written."""
    seen, weights = [], {}
    for event in events:
        seen.append(event)
        if isinstance(event, Saved):
            weights[event.n] = load_file(Path(event.path) / "model" / "model.safetensors")
    return seen, weights


def final(events: list[Event]) -> Weights:
    last = events[-1]
    assert isinstance(last, Finished)
    return load_file(Path(last.result.folder) / "model.safetensors")


def test_the_weights_of_the_lowest_held_out_loss_become_the_model(
    book: Dataset, often: Recipe, scripted: list[float]
) -> None:
    scripted += [3.0, 1.0, 2.0, 1.5]
    run = create_run(replace(often, eval_every=3), book)

    seen, weights = watch(engine.train(replace(often, eval_every=3), book, run), run.path)

    looks = [event for event in seen if isinstance(event, Evaluated)]
    assert [look.best for look in looks[:4]] == [True, True, False, False]
    assert is_same(final(seen), weights[6])
    assert not is_same(final(seen), weights[max(weights)])
    model = seen[-1].result
    assert model.steps == max(weights)


def test_a_resumed_run_still_knows_its_best_weights(book: Dataset, often: Recipe, scripted: list[float]) -> None:
    scripted += [3.0, 1.0, 2.0, 1.5]
    recipe = replace(often, eval_every=3)
    run = create_run(recipe, book)
    work, best = engine.train(recipe, book, run), {}
    for event in work:
        if isinstance(event, Saved) and event.n == 6:
            best = load_file(Path(event.path) / "model" / "model.safetensors")
        if isinstance(event, Step) and event.n == 11:
            break
    work.close()

    seen = list(engine.resume(open_run(run.path)))

    assert not any(event.best for event in seen if isinstance(event, Evaluated))
    assert is_same(final(seen), best)


def test_keep_takes_the_best_weights_and_a_named_checkpoint_its_own(
    book: Dataset, often: Recipe, scripted: list[float]
) -> None:
    scripted += [1.0]
    recipe = replace(often, eval_every=3)
    run = create_run(recipe, book)
    work, weights = engine.train(recipe, book, run), {}
    for event in work:
        if isinstance(event, Saved):
            weights[event.n] = load_file(Path(event.path) / "model" / "model.safetensors")
        if isinstance(event, Step) and event.n == 9:
            break
    work.close()

    best, named = (list(engine.keep(open_run(run.path), step)) for step in (None, 9))

    assert is_same(final(best), weights[3])
    assert is_same(final(named), load_file(run.path / "checkpoints" / "00000009" / "model" / "model.safetensors"))
    assert not is_same(final(named), final(best))


def test_a_held_out_loss_that_is_no_number_is_never_the_best(
    book: Dataset, often: Recipe, scripted: list[float]
) -> None:
    scripted += [float("nan"), 2.0, float("nan")]
    recipe = replace(often, eval_every=3)
    run = create_run(recipe, book)

    seen, weights = watch(engine.train(recipe, book, run), run.path)

    assert [event.best for event in seen if isinstance(event, Evaluated)][:3] == [False, True, False]
    assert is_same(final(seen), weights[6])


def test_patience_counts_looks_without_gain_and_ends_the_run(
    book: Dataset, recipe: Recipe, scripted: list[float]
) -> None:
    scripted += [3.0, 2.0, 2.5, 1.0, 1.5, 1.5, 1.5]
    recipe = replace(recipe, eval_every=2, patience=2)

    seen = list(engine.train(recipe, book, create_run(recipe, book)))

    assert (
        max(event.n for event in seen if isinstance(event, Step)) == 12
    )  # the sixth look is the second after the best


def test_two_checkpoints_are_kept_and_the_newest_among_them(book: Dataset, often: Recipe) -> None:
    run = create_run(often, book)

    seen, _ = watch(engine.train(often, book, run), run.path)

    steps = len(losses(seen))
    assert [int(path.name) for path in numbered(run.path / "checkpoints")] == [steps - 1, steps]


def test_every_step_draws_anew_and_the_same_step_draws_the_same(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[float] = []
    real = Write.loss

    def draw(self: Write, *arguments: object) -> torch.Tensor:
        # The trial draws too, so only what is drawn in a step is compared: the trainer seeds right before it.
        drawn.append(float(torch.rand(())))
        return real(self, *arguments)

    def draws_of(seed: int) -> list[float]:
        drawn.clear()
        work = engine.train(replace(recipe, seed=seed), book, create_run(recipe, book))
        steps = list(islice((event for event in work if isinstance(event, Step)), 5))
        work.close()
        return drawn[-len(steps) :]

    monkeypatch.setattr(Write, "loss", draw)

    first, again, other = draws_of(1), draws_of(1), draws_of(2)

    assert len(set(first)) == len(first) == 5
    assert first == again
    assert not set(first) & set(other)


def test_dropout_is_at_work_while_learning_and_not_while_scoring(book: Dataset, recipe: Recipe) -> None:
    quick = replace(recipe, epochs=1)
    whole = list(engine.train(quick, book, create_run(quick, book)))
    work = engine.train(replace(quick, dropout=0.0), book, create_run(quick, book))

    without = next(event for event in work if isinstance(event, Step))
    work.close()

    assert without.loss != losses(whole)[0]
    opened = list(engine.open(whole[-1].result.folder))[-1].result
    report = list(engine.evaluate(opened.handle, book))[-1].result
    assert {metric.key: metric.value for metric in report.metrics} == pytest.approx(whole[-1].result.metrics, rel=1e-5)


def test_a_run_that_stops_at_a_look_does_not_look_again_when_it_goes_on(book: Dataset, recipe: Recipe) -> None:
    recipe = replace(recipe, eval_every=3)
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    for event in work:
        if isinstance(event, Evaluated) and event.n == 3:
            break
    work.close()

    looks = [event.n for event in engine.resume(open_run(run.path)) if isinstance(event, Evaluated)]

    assert looks[0] == 6
