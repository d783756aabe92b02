"""Counts behind the charts."""

import json
from pathlib import Path

import numpy as np

from slm_studio import engine
from slm_studio.core.recipe import make_recipe
from slm_studio.engine.data.describe import histogram, language_shares
from tests.engine.data.ask import read, result, write_and_read


def test_labels_lengths_languages_and_gaps_are_counted(tmp_path: Path) -> None:
    lines = ["this is the one,a", "这是一个测试,b", ",a", "and what is this to you,a", "Приве́т друзья,"]
    dataset = write_and_read(tmp_path / "a.csv", "text,label\n" + "\n".join(lines), header=True)

    found = result(engine.describe(dataset, make_recipe("classify", roles={"text": "text", "label": "label"})))

    assert found["labels"] == {"a": 3, "b": 1}
    assert found["empty"] == 1 and found["rows"] == 5
    assert found["lengths"]["longest"] == 23 and sum(found["lengths"]["counts"]) == 5
    assert found["token_lengths"]["longest"] == 6
    assert found["languages"] == {"en": 0.5, "zh": 0.25, "other": 0.25, "short": 0.0}
    assert json.loads(json.dumps(found)) == found


def test_histogram_holds_every_length_in_whole_bars() -> None:
    for lengths in ([0], [1, 1, 1], list(range(1000)), [3] * 50 + [100_000], [0, 0]):
        found = histogram(np.array(lengths))

        assert sum(found["counts"]) == len(lengths)
        assert len(found["edges"]) == len(found["counts"]) + 1 <= 33
        assert found["longest"] == max(lengths)


def test_roles_may_be_missing(real_data: Path) -> None:
    found = result(engine.describe(read(real_data / "tinyshakespeare" / "input.txt"), make_recipe("write")))

    assert found["labels"] == {} and found["rows"] == 40000


def test_a_text_too_short_to_tell_is_not_called_another_language() -> None:
    texts = [
        "I lost my card and want to block it",
        "reset password please",
        "SIM swap",
        "Привет",
        "これはペンです",
        "2024",
    ]

    shares = language_shares(texts)

    assert shares == {"en": 1 / 6, "zh": 0.0, "other": 2 / 6, "short": 3 / 6}


def test_pure_english_has_no_other_language(real_data: Path) -> None:
    dataset = read(real_data / "banking77" / "test.csv")

    shares = result(engine.describe(dataset, make_recipe("classify", roles={"text": "text", "label": "category"})))[
        "languages"
    ]

    assert shares["other"] < 0.01
