"""Which way to search a model suits: by both, unless its own report says that it spoils the words."""

import pytest

from slm_studio.core.index import BOTH, WORDS, best_way
from slm_studio.core.saved import SavedModel
from slm_studio.core.verdict import SENTENCES, verdict_of_model


def model(bm25: float, hybrid: float, verdict: str) -> SavedModel:
    return SavedModel(
        folder="", name="m", task="search", base="", metrics={"mrr": 0.4},
        baseline={"bm25": {"mrr": bm25}, "hybrid": {"mrr": hybrid}}, verdicts={"bm25": verdict, "hybrid": "worse"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scored", "way", "sentence"),
    [
        (model(0.96, 0.71, "worse"), WORDS, "spoils-words"),
        (model(0.60, 0.66, "worse"), BOTH, "beaten-by-words"),
        (model(0.64, 0.61, "none"), BOTH, "adds-to-words"),
        (model(0.30, 0.61, "better"), BOTH, "beats-words"),
    ],
)
def test_the_report_decides_how_is_searched(scored: SavedModel, way: str, sentence: str) -> None:
    assert best_way(scored) == way
    assert verdict_of_model(scored).sentence == SENTENCES[sentence]


def test_a_model_without_a_report_is_searched_by_both() -> None:
    assert best_way(SavedModel(folder="", name="m", task="search", base="")) == BOTH
