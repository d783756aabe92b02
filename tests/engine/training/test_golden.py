"""Golden losses: twelve steps of every family of every task, dropout on. Who moves code moves no number.

A loss may differ in its last digits from processor to processor and with the number of threads. Another seed, order,
mask, dropout, schedule or decay is far larger. A number that changes on purpose is written down anew, with the reason in
the commit: `python -m tests.engine.training.test_golden` prints them.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
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
# Where the strongest of many nearly equal ones decides, last digits grow: AVX2 and AVX-512 part by up to 0.002 in twelve steps.
RESTLESS = dict.fromkeys([("classify", "cnn"), ("search", "continued"), ("rewrite", "continued")], 5e-3)
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
    ("classify", "continued"): [0.525249, 0.814818, 0.611009, 0.590163, 0.407784, 0.16284, 0.117125, 0.120366, 0.12804, 0.129992, 0.129457, 0.127487],
    ("chat", "llama"): [4.435333, 4.404904, 4.158596, 3.333641, 3.643676, 4.30848, 3.084435, 3.593882, 2.702282, 2.57918, 2.849853, 2.347645],
    ("chat", "continued"): [4.365959, 3.513299, 3.820232, 3.475781, 3.403911, 4.255765, 3.281304, 4.033698, 3.155172, 3.09849, 3.701144, 3.062001],
    ("search", "bag"): [2.123345, 1.853432, 2.527779, 2.257285, 2.052451, 1.547765, 1.551745, 1.287342, 2.08376, 1.004852, 1.365762, 2.39787],
    ("search", "bert"): [1.174884, 2.237016, 2.496169, 0.795138, 0.00014, 0.160239, 0.001438, 0.085807, 0.055106, 0.0, 0.011127, 0.011068],
    ("search", "continued"): [8.1e-05, 0.082209, 3.107016, 1.009897, 0.155222, 0.013667, 0.0, 0.0247, 1.544849, 0.0, 0.248124, 0.440007],
    ("tag", "lstm"): [1.590371, 1.553287, 1.582007, 1.476209, 1.390756, 1.186684, 1.097953, 1.292527, 1.145993, 0.959858, 1.194181, 1.158028],
    ("tag", "bert"): [1.434156, 1.459563, 1.529371, 0.667317, 1.084451, 0.769347, 0.322967, 0.302065, 0.197184, 0.11368, 0.132112, 0.105997],
    ("tag", "continued"): [0.365453, 0.873667, 1.22113, 0.365969, 0.58016, 0.099249, 0.048213, 0.139194, 0.048518, 0.023181, 0.035832, 0.031145],
    ("answer", "lstm"): [3.492202, 3.066398, 3.258074, 3.413578, 3.260131, 3.006898, 3.055357, 2.835527, 2.711713, 2.655688, 2.516608, 1.986851],
    ("answer", "continued"): [2.844728, 2.714218, 2.907195, 3.225923, 2.776718, 2.472165, 2.288083, 2.476728, 1.687295, 1.670178, 1.853545, 0.923766],
    ("words", "skipgram"): [4.082243, 4.069687, 4.082533, 4.087641, 4.084945, 4.077349, 4.096182, 4.084459, 4.089686, 4.079795, 4.084713, 4.072124],
    ("words", "cbow"): [4.064361, 4.073623, 4.081854, 4.077314, 4.077303, 4.082843, 4.095184, 4.066114, 4.080911, 4.082724, 4.079972, 4.069645],
    ("words", "glove"): [3.441038, 3.46755, 3.49316, 3.586369, 3.495889, 3.520676, 3.327022, 3.580371, 3.359185, 3.340444, 3.428856, 3.454007],
    ("words", "continued"): [3.747712, 3.762906, 3.79347, 3.88742, 3.79047, 3.81746, 3.612471, 3.877654, 3.655391, 3.63574, 3.737107, 3.751139],
    ("write", "llama"): [3.651962, 3.214616, 3.201625, 2.874638, 2.614443, 2.742362, 2.255674, 2.261978, 2.00714, 1.840891, 2.025417, 1.797287],
    ("write", "gpt"): [3.861953, 3.075751, 3.432693, 3.411782, 2.716604, 2.888335, 2.779587, 2.483505, 2.206263, 2.07183, 2.181947, 1.892122],
    ("write", "continued"): [3.456254, 3.288513, 3.066648, 2.768623, 2.429459, 2.492938, 1.964119, 2.110549, 1.833804, 1.699172, 1.786813, 1.625704],
    ("rewrite", "lstm"): [5.875614, 5.842145, 5.833709, 5.658498, 5.666097, 5.345905, 5.016329, 5.086427, 4.362244, 4.182975, 4.600023, 3.97066],
    ("rewrite", "t5"): [6.193475, 5.290401, 5.462375, 4.334777, 4.536334, 3.900517, 3.462805, 3.729453, 3.114393, 3.068103, 3.51856, 2.921445],
    ("rewrite", "continued"): [3.678342, 3.094265, 5.200238, 3.895631, 4.165594, 3.159236, 2.615312, 3.505798, 2.250181, 2.141973, 3.233375, 2.004173],
    ("rank", "llama"): [3.483007, 3.334613, 2.954601, 2.843184, 2.784598, 2.86273, 2.361779, 2.525222, 2.521933, 1.943824, 2.18023, 2.363036],
    ("rank", "gpt"): [3.400192, 2.992819, 3.331074, 2.909847, 2.529208, 2.574707, 2.049053, 2.387263, 2.520062, 1.589372, 2.135204, 2.452671],
    ("rank", "continued"): [3.116297, 2.566094, 3.124229, 2.784073, 2.293962, 2.400204, 1.911639, 2.255238, 2.328598, 1.396879, 1.973409, 2.300598],
    ("fill", "bert"): [4.237526, 4.427692, 4.890078, 4.241789, 4.964937, 4.650484, 3.467248, 3.451658, 3.153867, 3.840916, 3.927596, 3.661842],
    ("fill", "continued"): [3.652763, 3.17869, 2.700755, 3.230355, 4.627316, 4.586507, 3.11596, 3.306156, 2.697209, 4.046702, 4.07711, 3.328243],
}  # fmt: skip


class Bases:
    """For each task a model of its last family that learnt for one epoch: with each further one the last digits part further."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cache  # noqa: B019  (it lives as long as its tests)
    def of(self, key: str) -> str:
        """Return the folder of the model."""
        *_, event = _train(key, f"blank:{last_family(key)}-nano", self.folder, epochs=1)
        assert isinstance(event, Finished) and isinstance(event.result, SavedModel)
        return event.result.folder


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    return Bases(tmp_path_factory.mktemp("bases"))


@pytest.mark.parametrize(("key", "family"), GRID)
def test_the_losses_are_those_of_before(key: str, family: str, bases: Bases) -> None:
    near = RESTLESS.get((key, family), NEAR)

    assert losses(key, family, bases) == pytest.approx(GOLDEN[key, family], rel=near, abs=ROUNDED)


def last_family(key: str) -> str:
    return next(info for info in all_tasks() if info.key == key).families[-2].key


def losses(key: str, family: str, bases: Bases) -> list[float]:
    """Return the losses of the first steps of a family that learns from nothing, or goes on from what the last family made."""
    work = _train(key, bases.of(key) if family == CONTINUED else f"blank:{family}-nano", bases.folder)
    found = list(islice((event.loss for event in work if isinstance(event, Step)), STEPS))
    work.close()
    return found


def _train(key: str, base: str, folder: Path, **settings: object) -> Iterator[Event]:
    recipe, dataset = _recipe(key, base, settings), _rows(key, folder)
    return engine.train(recipe, dataset, create_run(recipe, dataset))


def _recipe(key: str, base: str, settings: Mapping[str, object]) -> Recipe:
    roles, more = (
        ({"text": "text", "label": "label"}, {}) if key in PLAIN else (fodder(key).roles, fodder(key).settings)
    )
    return make_recipe(
        key, base=base, roles=roles, settings={**SETTINGS, **more, **MORE.get(key, {}), **settings}
    ).settled()


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
