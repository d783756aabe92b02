"""A base that is fetched only when a run begins decides with its own shape, as one that was here already does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core.events import Event
from slm_studio.core.recipe import Recipe
from slm_studio.core.work import outcome
from slm_studio.engine.training import plan
from slm_studio.engine.training.plan import prepare
from tests.engine.models.foreign import make_foreign
from tests.test_task_contract import recipe_for, rows_of


def test_what_hangs_on_a_base_is_settled_again_once_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, base = rows_of("classify", tmp_path), tmp_path / "base"
    recipe = replace(recipe_for("classify", "bert"), base=str(base), epochs=None)

    def fetched(wanted: Recipe, token: str) -> Iterator[Event]:
        make_foreign(base, "bert", "")
        return str(base)
        yield

    monkeypatch.setattr(plan, "find_base", fetched)
    before = outcome(prepare(recipe, rows)).recipe
    monkeypatch.undo()
    there = outcome(prepare(recipe, rows)).recipe

    assert before == there and before.options.few == "on"
