"""What is counted of the features that a bag looks up."""

from pathlib import Path

import pytest
from torch import nn

from slm_studio import engine
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Sizes
from slm_studio.engine.models.features import BagTokenizer, count_features
from slm_studio.engine.training import lookups, measure
from slm_studio.engine.training.lookups import Lookups, lookups_of, seconds_of
from tests.engine.training.conftest import result

TEXTS = ["the hen sat on the mat", "天地玄黄，宇宙洪荒。"]


@pytest.fixture(autouse=True)
def usual_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that looks up ten million numbers a second, whatever else it does."""
    monkeypatch.setattr(lookups, "_seen", [1e-7])
    monkeypatch.setattr(lookups, "MEASURED", 0.0)


def plan(folder: Path, words: int) -> Sizes:
    """Plan a bag that learns from texts of so many different words."""
    path = folder / f"{words}.csv"
    rows = [
        " ".join(f"hen{row}x{place}" for place in range(words)) + f",{'good' if row % 2 else 'bad'}"
        for row in range(40)
    ]
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    dataset = result(engine.read(str(path)))
    recipe = make_recipe("classify", base="blank:bag-nano", roles={"text": "text", "label": "label"})
    found = result(engine.measure(dataset, recipe))
    assert isinstance(found, Sizes)
    return found


def test_a_plan_takes_the_longer_the_more_features_are_looked_up(tmp_path: Path) -> None:
    short, long = plan(tmp_path, 10), plan(tmp_path, 200)

    assert long.steps == short.steps
    assert 10 * short.seconds_low < long.seconds_low < 40 * short.seconds_low
    assert long.seconds_high > 10 * short.seconds_high


def test_features_are_counted_as_a_bag_finds_them() -> None:
    bag = BagTokenizer.learn(TEXTS, size="nano")

    assert count_features(TEXTS) == sum(len(bag.encode(text)) for text in TEXTS)


def test_every_number_of_every_table_counts() -> None:
    one, both = nn.EmbeddingBag(9, 30), nn.ModuleList([nn.EmbeddingBag(9, 30), nn.EmbeddingBag(9, 65)])

    assert lookups_of(both, TEXTS, 20).numbers == pytest.approx(3 * lookups_of(one, TEXTS, 20).numbers)
    assert lookups_of(one, TEXTS, 40).numbers == pytest.approx(2 * lookups_of(one, TEXTS, 20).numbers)


def test_a_plan_counts_what_comes_before_the_first_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "lookups_of", lambda *_: Lookups(making=10.0))

    sizes = plan(tmp_path, 10)

    assert sizes.seconds_low > 10.0 * sizes.rows["train"]


def test_a_net_without_a_bag_looks_nothing_up() -> None:
    assert lookups_of(nn.Linear(3, 3), TEXTS, 20) == Lookups()
    assert lookups_of(nn.EmbeddingBag(9, 30), [], 1.0) == Lookups()
    assert seconds_of(0) == (0, 0)
