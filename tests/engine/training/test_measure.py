"""What a plan will need: counted where it can be, and guessed from the fastest this machine was seen to be."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.recipe import Recipe
from slm_studio.core.run import create_run
from slm_studio.engine.training import measure
from tests.engine.training.conftest import result


def test_a_busy_moment_is_forgotten_and_a_quick_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = torch.get_num_threads()
    monkeypatch.setattr(measure, "MEASURED", 0.002)
    monkeypatch.setattr(measure, "_fastest", {threads: 3600.0})  # an hour for one product: others were at work

    usual = measure.matrix_rate(threads)
    assert usual > 1e6

    measure._fastest[threads] = 1e-12  # quicker than any machine
    assert measure.matrix_rate(threads) == pytest.approx(2 * 512**3 / 1e-12)


def test_parameters_and_steps_are_those_of_the_run(book: Dataset, recipe: Recipe) -> None:
    sizes = result(engine.measure(book, recipe))

    model = result(engine.train(recipe, book, create_run(recipe, book)))

    assert (sizes.parameters, sizes.steps) == (model.parameters, model.steps)
    assert 0 < sizes.seconds_low < sizes.seconds_high


def test_a_limit_of_minutes_is_the_time_and_gives_the_steps(book: Dataset, recipe: Recipe) -> None:
    one, ten = (result(engine.measure(book, replace(recipe, minutes=minutes))) for minutes in (1.0, 10.0))

    assert one.seconds_low < 60 < one.seconds_high
    assert 5 < ten.steps / one.steps < 20 and ten.tokens_per_second > 0


def test_what_the_base_can_read_limits_the_length_and_that_is_said(book: Dataset, recipe: Recipe) -> None:
    base = result(engine.train(recipe, book, create_run(recipe, book)))  # it reads 32 tokens
    longer = replace(recipe, base=base.folder, max_length=512)

    sizes = result(engine.measure(book, longer))
    events = list(engine.train(longer, book, create_run(longer, book)))

    assert sizes.length == 32 and sizes.limited
    (note,) = (event for event in events if isinstance(event, Note) and event.code == "length-limited")
    assert note.values == {"wished": 512, "length": 32}
    assert not result(engine.measure(book, replace(longer, max_length=32))).limited


def test_a_base_that_is_gone_is_not_measured_as_if_it_were_to_be_fetched(
    book: Dataset, recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(StudioError) as raised:
        result(engine.measure(book, replace(recipe, base=str(tmp_path / "gone"))))

    assert raised.value.code == "model-gone"
