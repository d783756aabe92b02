"""Golden losses: twelve steps of every family of every task, dropout on. Who moves code moves no number.

A loss may differ in its last digits from processor to processor and with the number of threads. Another seed, order,
mask, dropout, schedule or decay is far larger. A number that changes on purpose is written down anew, with the reason in
the commit: `python -m tests.engine.training.test_golden` prints them.
"""

import tempfile
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Event, Finished, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import CONTINUED

STEPS = 12
NEAR = 2e-4  # relative
TEXTS = ("red apples and pears", "the green grass grows", "苹果很甜", "绿草如茵", "a red rose", "green tea, please")
LABELS = ("red", "green", "red", "green", "red", "green")
SETTINGS = {
    "batch": 8, "max_length": 32, "dropout": 0.2, "precision": "fp32", "epochs": 4, "patience": 0, "warmup": 0.25,
    "learning_rate": 0.003, "validation_share": 0.2, "test_share": 0.0, "eval_every": 5, "seed": 7,
}  # fmt: skip
GRID = [(info.key, family.key) for info in all_tasks() for family in info.families]
GOLDEN = {
    ("classify", "bag"): [0.690838, 0.697107, 0.673836, 0.666968, 0.611183, 0.62455, 0.548192, 0.629367, 0.495338, 0.47171, 0.595572, 0.442193],
    ("classify", "lstm"): [0.693749, 0.734945, 0.667534, 0.63896, 0.617782, 0.579314, 0.552718, 0.674427, 0.507881, 0.418364, 0.540397, 0.313622],
    ("classify", "bert"): [0.699886, 0.859693, 0.692659, 0.686566, 0.748053, 0.561076, 0.566566, 0.911544, 0.287091, 0.162976, 0.120988, 0.117914],
    ("classify", "continued"): [0.122269, 0.11719, 0.119255, 0.117524, 0.117579, 0.117593, 0.117417, 0.117363, 0.11717, 0.117431, 0.117162, 0.117436],
    ("write", "llama"): [3.651962, 3.214616, 3.201625, 2.874638, 2.614443, 2.742362, 2.255674, 2.261978, 2.00714, 1.840891, 2.025417, 1.797287],
    ("write", "gpt"): [3.861953, 3.075751, 3.432693, 3.411782, 2.716604, 2.888335, 2.779587, 2.483505, 2.206263, 2.07183, 2.181947, 1.892122],
    ("write", "continued"): [1.766812, 1.815405, 1.632968, 1.925279, 1.549306, 1.672118, 1.217933, 1.495392, 1.256349, 1.245504, 1.207368, 1.256667],
}  # fmt: skip


@pytest.mark.parametrize(("key", "family"), GRID)
def test_the_losses_are_those_of_before(key: str, family: str, tmp_path: Path) -> None:
    assert losses(key, family, tmp_path) == pytest.approx(GOLDEN[key, family], rel=NEAR)


def losses(key: str, family: str, folder: Path) -> list[float]:
    """Train a family from nothing, or what the last family made again, and return the loss of each step."""
    dataset = _rows(folder)
    base = f"blank:{family}-nano"
    if family == CONTINUED:
        blank = next(info for info in all_tasks() if info.key == key).families[-2].key
        base = _trained(_recipe(key, f"blank:{blank}-nano"), dataset)[1].folder
    return _trained(_recipe(key, base), dataset)[0]


def _recipe(key: str, base: str) -> Recipe:
    return make_recipe(key, base=base, roles={"text": "text", "label": "label"}, settings=SETTINGS).settled()


def _trained(recipe: Recipe, dataset: Dataset) -> tuple[list[float], SavedModel]:
    found: list[float] = []
    for event in engine.train(recipe, dataset, create_run(recipe, dataset)):
        if isinstance(event, Step):
            found.append(event.loss)
        if isinstance(event, Finished):
            assert isinstance(event.result, SavedModel)
            assert len(found) >= STEPS
            return found[:STEPS], event.result
    raise AssertionError("it did not end")


def _rows(folder: Path) -> Dataset:
    path = folder / "rows.csv"
    lines = [f'"{text} {number}",{label}' for number in range(8) for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    last: Event = list(engine.read(str(path)))[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, Dataset)
    return last.result


if __name__ == "__main__":
    for each in GRID:
        with tempfile.TemporaryDirectory() as place:
            print(f"    {each}: {[round(loss, 6) for loss in losses(*each, Path(place))]},".replace("'", '"'))
