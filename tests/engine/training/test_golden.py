"""Golden losses: twelve steps of every family of every task, dropout on. Who moves code moves no number.

A loss may differ in its last digits from processor to processor and with the number of threads. Another seed, order,
mask, dropout, schedule or decay is far larger. A number that changes on purpose is written down anew, with the reason in
the commit: `python -m tests.engine.training.test_golden` prints them.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
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
from tests.tasks import fodder

STEPS = 12
NEAR, ROUNDED = 2e-4, 5e-6  # relative, and of numbers written with six digits
TEXTS = ("red apples and pears", "the green grass grows", "苹果很甜", "绿草如茵", "a red rose", "green tea, please")
LABELS = ("red", "green", "red", "green", "red", "green")
PLAIN = ("classify", "write")  # tasks that learn from these texts; others from what the contract tests feed them
SETTINGS = {
    "batch": 8, "max_length": 32, "dropout": 0.2, "precision": "fp32", "epochs": 4, "patience": 0, "warmup": 0.25,
    "learning_rate": 0.003, "validation_share": 0.2, "test_share": 0.0, "eval_every": 5, "seed": 7,
}  # fmt: skip
MORE = {"fill": {"epochs": 8}, "rank": {"learns": "net"}}  # texts that make few blocks; a base that shall learn, too
GRID = [(info.key, family.key) for info in all_tasks() for family in info.families]
GOLDEN = {
    ("classify", "bag"): [0.6965, 0.695667, 0.41459, 0.426892, 0.162383, 0.172589, 0.121565, 0.150275, 0.126476, 0.125613, 0.121168, 0.129904],
    ("classify", "linear"): [0.693147, 0.693147, 0.692583, 0.692439, 0.689495, 0.689945, 0.686166, 0.689668, 0.682663, 0.683, 0.686551, 0.677008],
    ("classify", "cnn"): [0.634239, 0.940046, 0.526279, 0.528115, 0.373671, 0.293947, 0.2394, 0.492491, 0.167753, 0.13304, 0.229026, 0.1235],
    ("classify", "rnn"): [0.714195, 1.359657, 0.628119, 0.616458, 0.435737, 0.361642, 0.325549, 0.41793, 0.197109, 0.178601, 0.264944, 0.141139],
    ("classify", "gru"): [0.695882, 0.681965, 0.699987, 0.662919, 0.642155, 0.576751, 0.51768, 0.565982, 0.481094, 0.404524, 0.382406, 0.320341],
    ("classify", "lstm"): [0.693749, 0.734945, 0.667534, 0.63896, 0.617782, 0.579314, 0.552718, 0.674427, 0.507881, 0.418364, 0.540397, 0.313622],
    ("classify", "bert"): [0.699886, 0.859693, 0.692659, 0.686566, 0.748053, 0.561076, 0.566566, 0.911544, 0.287091, 0.162976, 0.120988, 0.117914],
    ("classify", "continued"): [0.122269, 0.11719, 0.119255, 0.117524, 0.117579, 0.117593, 0.117417, 0.117363, 0.11717, 0.117431, 0.117162, 0.117436],
    ("chat", "llama"): [4.435333, 4.404904, 4.158596, 3.333641, 3.643676, 4.30848, 3.084435, 3.593882, 2.702282, 2.57918, 2.849853, 2.347645],
    ("chat", "continued"): [2.317323, 2.584379, 2.260914, 2.147357, 1.99493, 2.250407, 1.723168, 1.841321, 1.830182, 1.600698, 1.633811, 1.76967],
    ("search", "bag"): [2.123345, 1.853432, 2.527779, 2.257285, 2.052451, 1.547765, 1.551745, 1.287342, 2.08376, 1.004852, 1.365762, 2.39787],
    ("search", "bert"): [1.174884, 2.237016, 2.496169, 0.795138, 0.00014, 0.160239, 0.001438, 0.085807, 0.055106, 0.0, 0.011127, 0.011068],
    ("search", "continued"): [0.0, 6.2e-05, 0.187557, 0.046396, 0.000787, 0.132223, 0.001482, 0.004113, 0.001316, 0.0, 0.035026, 0.006007],
    ("tag", "lstm"): [1.590371, 1.553287, 1.582007, 1.476209, 1.390756, 1.186684, 1.097953, 1.292527, 1.145993, 0.959858, 1.194181, 1.158028],
    ("tag", "bert"): [1.434156, 1.459563, 1.529371, 0.667317, 1.084451, 0.769347, 0.322967, 0.302065, 0.197184, 0.11368, 0.132112, 0.105997],
    ("tag", "continued"): [0.070379, 0.074385, 0.0681, 0.029161, 0.02945, 0.014455, 0.00688, 0.013694, 0.006163, 0.003633, 0.006601, 0.007061],
    ("answer", "lstm"): [3.492202, 3.066398, 3.258074, 3.413578, 3.260131, 3.006898, 3.055357, 2.835527, 2.711713, 2.655688, 2.516608, 1.986851],
    ("answer", "continued"): [2.132784, 2.251215, 1.834096, 2.004635, 1.151688, 0.839351, 0.881003, 1.290209, 0.753966, 1.174245, 1.024544, 0.446964],
    ("words", "skipgram"): [4.082243, 4.069687, 4.082533, 4.087641, 4.084945, 4.077349, 4.096182, 4.084459, 4.089686, 4.079795, 4.084713, 4.072124],
    ("words", "cbow"): [4.064361, 4.073623, 4.081854, 4.077314, 4.077303, 4.082843, 4.095184, 4.066114, 4.080911, 4.082724, 4.079972, 4.069645],
    ("words", "glove"): [3.441038, 3.46755, 3.49316, 3.586369, 3.495889, 3.520676, 3.327022, 3.580371, 3.359185, 3.340444, 3.428856, 3.454007],
    ("words", "continued"): [3.41678, 3.433162, 3.452545, 3.512664, 3.449689, 3.46235, 3.303907, 3.496234, 3.349654, 3.325896, 3.408492, 3.423926],
    ("write", "llama"): [3.651962, 3.214616, 3.201625, 2.874638, 2.614443, 2.742362, 2.255674, 2.261978, 2.00714, 1.840891, 2.025417, 1.797287],
    ("write", "gpt"): [3.861953, 3.075751, 3.432693, 3.411782, 2.716604, 2.888335, 2.779587, 2.483505, 2.206263, 2.07183, 2.181947, 1.892122],
    ("write", "continued"): [1.766812, 1.815405, 1.632968, 1.925279, 1.549306, 1.672118, 1.217933, 1.495392, 1.256349, 1.245504, 1.207368, 1.256667],
    ("rewrite", "lstm"): [5.875614, 5.842145, 5.833709, 5.658498, 5.666097, 5.345905, 5.016329, 5.086427, 4.362244, 4.182975, 4.600023, 3.97066],
    ("rewrite", "t5"): [6.193475, 5.290401, 5.462375, 4.334777, 4.536334, 3.900517, 3.462805, 3.729453, 3.114393, 3.068103, 3.51856, 2.921445],
    ("rewrite", "continued"): [3.434263, 3.003896, 3.90712, 2.752311, 3.621997, 2.581434, 2.288104, 3.113725, 2.124552, 1.964982, 2.795958, 1.890345],
    ("rank", "llama"): [3.483007, 3.334613, 2.954601, 2.843184, 2.784598, 2.86273, 2.361779, 2.525222, 2.521933, 1.943824, 2.18023, 2.363036],
    ("rank", "gpt"): [3.400192, 2.992819, 3.331074, 2.909847, 2.529208, 2.574707, 2.049053, 2.387263, 2.520062, 1.589372, 2.135204, 2.452671],
    ("rank", "continued"): [1.232478, 1.955164, 2.385157, 2.089599, 1.579833, 2.27642, 1.458675, 1.930785, 1.901907, 1.202509, 1.789262, 1.81969],
    ("fill", "bert"): [4.237526, 4.427692, 4.890078, 4.241789, 4.964937, 4.650484, 3.467248, 3.451658, 3.153867, 3.840916, 3.927596, 3.661842],
    ("fill", "continued"): [2.01569, 2.255187, 2.597683, 2.498627, 2.418884, 2.329215, 1.932379, 1.899068, 1.447959, 2.907469, 2.670667, 2.209292],
}  # fmt: skip


class Bases:
    """For each task the model that its last family made, and the losses on the way, learnt once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, tuple[list[float], SavedModel]] = {}

    def of(self, key: str) -> tuple[list[float], SavedModel]:
        """Train the last family of a task to its end, or return what came of it before."""
        if key not in self._made:
            found: list[float] = []
            for event in _train(key, f"blank:{last_family(key)}-nano", self.folder):
                if isinstance(event, Step):
                    found.append(event.loss)
            assert isinstance(event, Finished) and isinstance(event.result, SavedModel)
            self._made[key] = found, event.result
        return self._made[key]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    return Bases(tmp_path_factory.mktemp("bases"))


@pytest.mark.parametrize(("key", "family"), GRID)
def test_the_losses_are_those_of_before(key: str, family: str, bases: Bases) -> None:
    assert losses(key, family, bases) == pytest.approx(GOLDEN[key, family], rel=NEAR, abs=ROUNDED)


def last_family(key: str) -> str:
    return next(info for info in all_tasks() if info.key == key).families[-2].key


def losses(key: str, family: str, bases: Bases) -> list[float]:
    """Return the losses of the first steps of a family that learns from nothing, or goes on from what the last family made."""
    if family == last_family(key):
        return bases.of(key)[0][:STEPS]
    work = _train(key, bases.of(key)[1].folder if family == CONTINUED else f"blank:{family}-nano", bases.folder)
    found = list(islice((event.loss for event in work if isinstance(event, Step)), STEPS))
    work.close()
    return found


def _train(key: str, base: str, folder: Path) -> Iterator[Event]:
    recipe, dataset = _recipe(key, base), _rows(key, folder)
    return engine.train(recipe, dataset, create_run(recipe, dataset))


def _recipe(key: str, base: str) -> Recipe:
    roles, more = (
        ({"text": "text", "label": "label"}, {}) if key in PLAIN else (fodder(key).roles, fodder(key).settings)
    )
    return make_recipe(key, base=base, roles=roles, settings=SETTINGS | more | MORE.get(key, {})).settled()


def _rows(key: str, folder: Path) -> Dataset:
    path = folder / "rows.csv"
    lines = [f'"{text} {number}",{label}' for number in range(8) for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    if key not in PLAIN:
        path = fodder(key).write(folder)
    last: Event = list(engine.read(str(path)))[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, Dataset)
    return last.result


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        made = Bases(Path(place))
        for each in GRID:
            if not sys.argv[1:] or each[0] in sys.argv[1:]:
                print(f"    {each}: {[round(loss, 6) for loss in losses(*each, made)]},".replace("'", '"'))
