"""Few rows: the mean of all tokens in a stock network, a head as scikit-learn has it, and which plans learn so."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional

from slm_studio import engine
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.work import outcome
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.examples import Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.asking import logits_of
from slm_studio.engine.models.few import head, tuning
from slm_studio.engine.models.few.likeness import pair_loss
from slm_studio.engine.models.few.readout import AVERAGING, QUIET, handed, last_layer
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.settling import settle
from tests.engine.models.foreign import ENCODERS, TEXTS, make_foreign

ROLES = {"text": "text", "label": "label"}


def ready(folder: Path, labels: str) -> tuple[Loaded, Packed, Recipe]:
    recipe = make_recipe("classify", base=str(folder), roles=ROLES, settings={"few": "on", "max_length": 32})
    facts = {"labels": sorted(set(labels)), "counts": [1] * len(set(labels)), "max_length": 32}
    loaded = task_of("classify").continued(recipe, facts, folder)
    texts = [TEXTS[place % len(TEXTS)] + f" {place}" for place in range(len(labels))]
    rows = Rows(pa.table({"text": texts, "label": list(labels)}), ROLES)
    return loaded, outcome(task_of("classify").examples(rows, loaded, recipe)), recipe


@pytest.mark.parametrize("shape", AVERAGING)
def test_a_stock_network_reads_out_the_mean_of_all_tokens(tmp_path: Path, shape: str) -> None:
    loaded, examples, _ = ready(make_foreign(tmp_path / "base", shape, ""), "xyxy")
    batch = examples.take(range(4))  # short texts beside long ones: what fills them up must not count
    loaded.net.eval()

    with torch.no_grad(), handed(loaded.net) as vectors:
        logits_of(loaded, batch)
    hidden_BTH = loaded.net.base_model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True
    ).hidden_states[-2]  # what the added layer is handed

    mask_BT1 = batch["attention_mask"][..., None]
    mean_BH = (hidden_BTH * mask_BT1).sum(1) / mask_BT1.sum(1)
    expected = (QUIET * functional.layer_norm(mean_BH, mean_BH.shape[-1:])).tanh()
    assert torch.allclose(vectors[0], expected, atol=2e-4)
    assert loaded.net.config.num_hidden_layers == 3


@pytest.mark.parametrize("labels", ["xyxyxyxy", "xyzxyzxy"])
def test_the_head_says_what_scikit_learn_says_of_the_same_vectors(tmp_path: Path, labels: str) -> None:
    loaded, examples, recipe = ready(make_foreign(tmp_path / "base", "bert", ""), labels)
    outcome(task_of("classify").fit(loaded, examples, recipe))
    batch = examples.take(range(len(labels)))

    with torch.no_grad(), handed(loaded.net) as vectors:
        found = logits_of(loaded, batch).softmax(-1).numpy()

    vectors_NH = vectors[0].double().numpy()
    length = np.linalg.norm(vectors_NH - vectors_NH.mean(0), axis=1).mean()
    plain = LogisticRegression(C=head.STRENGTH / length**2, max_iter=2000, tol=1e-8).fit(vectors_NH, list(labels))
    assert np.allclose(found, plain.predict_proba(vectors_NH), atol=1e-4)


@pytest.mark.parametrize("shape", ENCODERS)
def test_every_encoder_is_tuned_but_for_what_few_rows_cannot_teach(tmp_path: Path, shape: str) -> None:
    loaded, examples, recipe = ready(make_foreign(tmp_path / "base", shape, ""), "xyxy")
    outcome(task_of("classify").fit(loaded, examples, recipe))
    table = loaded.net.get_input_embeddings().weight

    task_of("classify").loss(loaded, examples.take(range(4)), recipe).backward()

    moved = {name for name, parameter in loaded.net.named_parameters() if parameter.grad is not None}
    assert moved and table.grad is None
    assert last_layer(loaded.net).weight.grad is None  # it is fitted
    assert not moved & set(loaded.facts[tuning.STILL])  # type: ignore[arg-type]


def test_pairs_of_one_label_are_drawn_together_and_others_apart() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])

    assert pair_loss(vectors, torch.tensor([0, 0, 1])).item() == pytest.approx(0.0)
    # One pair of one label at a cosine of 0 costs 1; two of others, at 1 and 0, cost 0.5 on average; each side counts half.
    assert pair_loss(vectors, torch.tensor([0, 1, 0])).item() == pytest.approx((1.0 + 0.5) / 2)
    # A row that counts twice does so in each of its pairs: (2 · 1 + 1 · 0) / 3 instead of 0.5.
    weighed = pair_loss(vectors, torch.tensor([0, 1, 0]), torch.tensor([2.0, 1.0, 1.0])).item()
    assert weighed == pytest.approx((1.0 + 2 / 3) / 2)
    assert pair_loss(vectors[:1], torch.tensor([0])).item() == 0.0


def dataset_of(folder: Path, rows: list[str]) -> object:
    path = folder / "rows.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return list(engine.read(str(path)))[-1].result


@pytest.mark.parametrize(
    ("count", "shape", "task", "settings", "expected"),
    [
        (50, "bert", "", {}, "on"),
        (51, "bert", "", {}, "off"),
        (51, "bert", "", {"few": "on"}, "on"),
        (50, "bert", "", {"few": "off"}, "off"),
        (50, "llama", "", {}, "off"),  # reads from one side only
        (50, "bert", "classify", {}, "off"),  # answers already: it goes on as it began
        (50, "bert", "", {"target": "many"}, "off"),
    ],
)
def test_few_rows_of_a_base_decide_how_it_learns(
    tmp_path: Path, count: int, shape: str, task: str, settings: dict, expected: str
) -> None:
    labels = ["red"] * count + ["green"] * 9
    dataset = dataset_of(
        tmp_path, ["text,label", *(f"a text that is number {n},{label}" for n, label in enumerate(labels))]
    )
    base = str(make_foreign(tmp_path / "base", shape, task))
    recipe = make_recipe("classify", base=base, roles=ROLES, settings=settings)

    found = settle(task_of("classify"), recipe.settled(), dataset)  # type: ignore[arg-type]

    assert found.options.few == expected  # type: ignore[attr-defined]
    assert found.last_epochs == 0 or expected == "on"  # a base that is read row by row is not taught on held-out rows


def test_pairs_of_texts_and_blank_nets_learn_row_by_row(tmp_path: Path) -> None:
    rows = ["one,two,label", *(f"a text {n},another {n},{'ab'[n % 2]}" for n in range(30))]
    dataset = dataset_of(tmp_path, rows)
    roles = {"text": "one", "text2": "two", "label": "label"}
    folder = str(make_foreign(tmp_path / "base", "bert", ""))

    for base, few in ((folder, "off"), ("blank:bag-nano", "auto")):
        plan = make_recipe("classify", base=base, roles=roles).settled()
        assert settle(task_of("classify"), plan, dataset).options.few == few  # type: ignore[attr-defined, arg-type]
