"""Cards say what the evidence says, and nothing else."""

import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from slm_studio.core import codec
from slm_studio.core.measures import measure
from slm_studio.core.recipe import make_recipe, recipe_to_json
from slm_studio.core.results import Baseline, ClassScore, Metric, Report
from slm_studio.core.saved import Lineage, SavedModel, open_saved, save_facts
from slm_studio.engine.sharing.card import card_of, write_card
from tests.engine.sharing.conftest import saved_model

ROLES = {"text": "review", "label": "stars"}
REPORT = Report(
    task="classify", model="Reviews", dataset="reviews.csv", split="test", rows=120,
    metrics=(Metric(key="accuracy", value=0.91, low=0.87, high=0.94), Metric(key="f1_macro", value=0.88)),
    per_label=(
        ClassScore(label="good", precision=0.95, recall=0.93, f1=0.94, support=80),
        ClassScore(label="so | so", precision=0.5, recall=0.4, f1=0.44, support=10),
    ),
    baselines=(
        Baseline(key="majority", metrics=(Metric(key="accuracy", value=0.5),), seconds=0.1, verdict="better"),
        Baseline(key="tfidf_linear", metrics=(Metric(key="accuracy", value=0.905),), seconds=0.5, verdict="none"),
    ),
)  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> SavedModel:
    recipe = make_recipe("classify", base="blank:bag-small", roles=ROLES, settings={"epochs": 7}).settled()
    made = saved_model(tmp_path / "home" / "models" / "m")
    return dataclasses.replace(made, folder="", base="blank:bag-small", recipe=recipe_to_json(recipe))


def front(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def test_the_front_matter_is_what_the_hub_reads(model: SavedModel) -> None:
    from huggingface_hub import ModelCard

    card = write_card(model, REPORT, "apache-2.0", "en")
    data = ModelCard(card).data

    assert (data.license, data.language, data.pipeline_tag) == ("apache-2.0", ["en"], "text-classification")
    assert data.library_name == "slm-studio"
    assert {result.metric_type: result.metric_value for result in data.eval_results} == {"accuracy": 0.91, "f1": 0.88}
    assert front(card)["metrics"] == ["accuracy", "f1"]
    assert data.eval_results[0].metric_args == {"interval_95": [0.87, 0.94]}
    assert data.eval_results[0].dataset_name == "reviews.csv"


def test_what_a_model_is_held_against_is_no_result_of_it_to_a_hub(model: SavedModel) -> None:
    figures = {"wer": 0.075, "wer_before": 0.115, "wer_oracle": 0.022, "best_first": 0.8, "best_first_before": 0.6}
    report = dataclasses.replace(
        REPORT, task="rank", metrics=tuple(Metric(key=key, value=value) for key, value in figures.items()), baselines=()
    )

    card = write_card(dataclasses.replace(model, task="rank"), report, "apache-2.0", "en")

    told = front(card)["model-index"][0]["results"][0]["metrics"]
    assert {each["type"]: each["value"] for each in told} == {"wer": 0.075, "accuracy": 0.8} and len(told) == 2
    assert front(card)["metrics"] == ["wer", "accuracy"]
    assert all(f"| {value} |" in card for value in figures.values())  # people see them all, side by side


def test_of_a_text_beside_a_compressor_the_card_says_which_knows_more(model: SavedModel) -> None:
    beside = tuple(
        Baseline(key=key, metrics=(Metric(key="bits_per_byte", value=value),), seconds=0.1)
        for key, value in (("unigram", 4.4), ("xz", 0.7))
    )
    report = dataclasses.replace(
        REPORT, task="write", metrics=(Metric(key="bits_per_byte", value=3.6),), per_label=(), baselines=beside
    )

    card = write_card(dataclasses.replace(model, task="write", recipe={}), report)

    assert "less than the compressor xz keeps of the training text" in card and "paired test" not in card


def test_settings_that_mean_nothing_for_a_model_are_not_told(model: SavedModel) -> None:
    card = write_card(model, REPORT)

    assert "| Epochs | 7 |" in card and "Directions" not in card and "Read out" not in card
    assert "Share to catch" not in card  # nothing is caught


def test_the_text_holds_the_evidence(model: SavedModel) -> None:
    card = write_card(model, REPORT, "apache-2.0", "en")

    for expected in (
        "| Accuracy | 0.91 | 0.87 – 0.94 | 0.5 | 0.905 |",
        "| good | 0.950 | 0.930 | 0.940 | 80 |",
        r"| so \| so | 0.500 |",
        "| Epochs | 7 |",
        "| Column for label | stars |",
        "| Rows for train | 900 |",
        "ab" * 32,
        "Scored on 120 test rows",
        "no difference to the simple method “TF-IDF + linear”",
        r"Weak classes (F1 below 0.6): so \| so (0.44).",
        "It learnt from only 900 rows.",
        "1 min 1 s",
        "slm-studio predict reviews --text",
    ):
        assert expected in card, expected
    assert card.index("| data |") < card.index("| output |")


def test_what_was_cleaned_is_said_to_be_done_to_prompts_too(model: SavedModel) -> None:
    cleaned = dataclasses.replace(model, recipe=model.recipe | {"cleaning": ["trim", "lowercase"]})

    assert "| Cleaning | trim, lowercase: done to the rows, and to every prompt alike |" in write_card(cleaned, REPORT)
    assert "| Cleaning |" not in write_card(model, REPORT)


def test_scores_that_rest_on_known_pairs_are_called_so(model: SavedModel) -> None:
    knows = dataclasses.replace(model, facts=model.facts | {"known_pairs": [0.5, None]})

    assert "without them its answers are its own alone" in write_card(knows, REPORT)
    assert "without them" not in write_card(model, REPORT)


def test_the_same_evidence_gives_the_same_card(model: SavedModel) -> None:
    again = codec.from_json(SavedModel, codec.to_json(model))

    assert write_card(model, REPORT, "mit", "en") == write_card(again, REPORT, "mit", "en")


def test_nothing_is_said_of_what_is_not_known() -> None:
    bare = SavedModel(folder="", name="tiny", task="", base="ada/tiny", origin="hub:ada/tiny@" + "0" * 40)

    card = write_card(bare, None)

    assert front(card) == {"library_name": "transformers", "base_model": "ada/tiny", "tags": ["slm-studio"]}
    for absent in ("## Evaluation", "## Training data", "## Recipe", "## Machine", "None", "model-index"):
        assert absent not in card, absent
    assert "was not evaluated" in card
    assert "No licence was chosen" in card


def test_no_section_runs_into_the_next(model: SavedModel) -> None:
    for card in (write_card(model, REPORT, "mit", "en"), write_card(model, None)):
        assert all(re.match(r"(?s).*\n\n$", before) for before in re.split(r"(?m)^(?=#)", card)[1:-1])
        assert "\n\n\n" not in card


def test_validation_scores_are_called_so(model: SavedModel) -> None:
    card = write_card(dataclasses.replace(model, metrics_on="validation"), None)

    assert "Scored on 100 validation rows" in card
    assert "also chose the checkpoint" in card


def test_a_model_continued_from_the_hub_names_it(model: SavedModel) -> None:
    card = write_card(dataclasses.replace(model, base="google/bert_uncased_L-2_H-128_A-2"), REPORT)

    assert front(card)["base_model"] == "google/bert_uncased_L-2_H-128_A-2"
    assert front(card)["base_model_relation"] == "finetune"
    assert front(card)["library_name"] == "transformers"


def test_a_model_continued_from_one_of_the_persons_names_where_that_came_from(model: SavedModel, home: Path) -> None:
    parent = home / "models" / "tiny"
    save_facts(SavedModel(folder=str(parent), name="tiny", task="", base="ada/tiny", origin="hub:ada/tiny@" + "0" * 40))

    assert front(write_card(dataclasses.replace(model, base="tiny"), REPORT))["base_model"] == "ada/tiny"
    assert "base_model" not in front(write_card(dataclasses.replace(model, base="other"), REPORT))


def test_foreign_text_stays_text(model: SavedModel) -> None:
    hostile = dataclasses.replace(
        model,
        name="<img src=x> {{ 7*7 }}",
        dataset_name="a\n---\n# b",
        lineage=(Lineage(step="data", what="[x](http://e)"),),
    )

    card = write_card(hostile, REPORT)

    assert "<img" not in card.split("---\n", 2)[2].replace(r"\<img", "")
    assert "49" not in card.splitlines()[card.splitlines().index("---", 1) + 2]
    assert "](http" not in card.replace(r"\](http", "")
    assert front(card)["model-index"][0]["name"] == "<img src=x> {{ 7*7 }}"


def test_own_words_replace_the_card(tiny: Path) -> None:
    (finished,) = card_of(tiny, {"card": "---\nlicense: mit\n---\nMine"})

    assert finished.result == "---\nlicense: mit\n---\nMine"


def test_the_card_of_a_stock_shape_shows_code_that_runs(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (finished,) = card_of(tiny, {"name": "ada/reviews"})
    code = re.findall(r"```python\n(.*?)```", finished.result, re.S)[0].replace("ada/reviews", str(tiny))

    exec(code, {})  # what a reader would paste

    assert "score" in capsys.readouterr().out
    assert "divides the logits" not in finished.result  # so few held-out rows tell no temperature
    tempered = dataclasses.replace(open_saved(tiny), facts=open_saved(tiny).facts | {"temperature": 0.5})
    assert "SLM Studio divides the logits by 0.5 first" in write_card(tempered, None)


def test_a_paired_test_names_the_score_that_a_simple_method_has(model: SavedModel) -> None:
    base = Baseline(key="base", metrics=(Metric(key="answer_loss", value=2.0),), seconds=0.0, verdict="better")
    chat = dataclasses.replace(model, task="chat", recipe={})

    card = write_card(chat, dataclasses.replace(REPORT, task="chat", baselines=(base,)))

    assert f"A paired test of {measure('answer_loss').title} shows this model ahead" in card
