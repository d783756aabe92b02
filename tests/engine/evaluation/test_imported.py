"""Scoring a model that was brought here: it does not say which columns it learnt from."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Note
from slm_studio.core.results import Report
from tests.engine.models.foreign import make_foreign

ROWS = [
    ("I would not buy this again!", "bad"), ("The quick brown fox jumps over the lazy dog", "good"),
    ("A model reads a text and writes the next word", "so so"), ("it is good again and again", "good"),
    ("I would not buy the lazy dog", "bad"), ("The next word of it is good", "good"),
]  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {task: tmp_path_factory.mktemp(task) / "model" for task in ("classify", "write")}
    make_foreign(made["classify"], "bert", "classify")
    make_foreign(made["write"], "gpt2", "write")
    return made


def scored(folder: Path, text: str, tmp_path: Path, roles: dict[str, str]) -> tuple[Report, list[Event]]:
    """Import a folder, and score it on a file of this text."""
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    dataset = list(engine.read(str(path)))[-1].result
    model = list(engine.adopt(str(folder)))[-1].result
    opened = list(engine.open(model.folder))[-1].result
    try:
        told = list(engine.evaluate(opened.handle, dataset, roles=roles))
    finally:
        list(engine.close(opened.handle))
    return told[-1].result, told


def table(*names: str) -> str:
    cells = [[text, label][: len(names)] for text, label in ROWS]
    return "\n".join(",".join(row) for row in [list(names), *cells]) + "\n"


def guesses(told: list[Event]) -> dict[str, str]:
    notes = [each for each in told if isinstance(each, Note) and each.code == "role-by-guess"]
    return {str(each.values["role"]): str(each.values["column"]) for each in notes}


@pytest.mark.parametrize(("text", "label"), [("text", "label"), ("review", "opinion")])
@pytest.mark.usefixtures("home")
def test_an_imported_classifier_is_scored_on_the_columns_that_fit_and_says_so(
    folders: dict[str, Path], tmp_path: Path, text: str, label: str
) -> None:
    report, told = scored(folders["classify"], table(text, label), tmp_path, {})

    assert report.rows == len(ROWS)
    assert guesses(told) == {"Text": text, "Label": label}


@pytest.mark.usefixtures("home")
def test_columns_that_were_named_are_not_guessed(folders: dict[str, Path], tmp_path: Path) -> None:
    """The label alone is named: what is left is the text."""
    report, told = scored(folders["classify"], table("review", "opinion"), tmp_path, {"label": "opinion"})

    assert report.rows == len(ROWS)
    assert guesses(told) == {"Text": "review"}


@pytest.mark.parametrize("columns", [("text", "label"), ("review",)])
@pytest.mark.usefixtures("home")
def test_an_imported_writer_is_scored_on_the_texts(
    folders: dict[str, Path], tmp_path: Path, columns: tuple[str, ...]
) -> None:
    report, told = scored(folders["write"], table(*columns), tmp_path, {})

    assert {metric.key for metric in report.metrics} >= {"loss", "perplexity"}
    assert guesses(told) == {"Text": columns[0]}


@pytest.mark.parametrize(
    ("task", "text", "flag"),
    [
        ("classify", table("review"), "--label"),
        ("classify", "a,b\n1,2\n3,4\n", "--text"),
        ("write", "a,b\n1,2\n3,4\n", "--text"),
    ],
)
@pytest.mark.usefixtures("home")
def test_where_no_column_fits_the_flag_is_named(
    folders: dict[str, Path], tmp_path: Path, task: str, text: str, flag: str
) -> None:
    with pytest.raises(StudioError) as caught:
        scored(folders[task], text, tmp_path, {})

    assert caught.value.code == "role-missing"
    assert f"{flag} COLUMN" in caught.value.advice
