"""A training process that is killed costs at most the steps since its last checkpoint, and nothing of the result."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.recipe import make_recipe
from tests.kills import kill_and_resume


@pytest.mark.slow  # the app that is killed in tests/test_journey.py goes on to the same weights, too
def test_killed_training_ends_with_the_weights_of_an_undisturbed_run(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text("\n".join(f"line {n} of a small book about {n % 7} cats" for n in range(300)), encoding="utf-8")
    dataset = list(engine.read(str(path)))[-1].result
    recipe = make_recipe(
        "write", base="blank:llama-nano", roles={"text": "text"},
        settings={"epochs": 4, "batch": 4, "max_length": 32, "precision": "fp32", "patience": 0, "checkpoint_seconds": 0.3},
    )  # fmt: skip

    outcome = kill_and_resume(recipe, dataset, kills=2, longest=1.0)

    assert outcome.resumed == outcome.kills
    assert outcome.same
