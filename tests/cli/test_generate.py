"""slm-studio generate, with --style; with --copied: what of the written text stands in the training text, or why nobody can tell."""

import shutil
from pathlib import Path

import pytest

from slm_studio import cli, engine
from slm_studio.core.report import read_report
from slm_studio.core.saved import REPORT_FOLDER
from slm_studio.engine.writing import room
from tests.cli.commands import Run
from tests.engine.models.foreign import make_foreign
from tests.tasks import fodder

SMALL = ("--place", "thread", "--precision", "fp32", "--patience", "0", "--max-length", "64")
LINES = [
    f"In the {colour} house by the {water} there lived a {trade} who had {count} cats.\n"
    for colour in ("red", "white", "green", "old")
    for water in ("sea", "lake", "river")
    for trade, count in (("baker", "two"), ("sailor", "seven"), ("teacher", "three"))
]


@pytest.fixture(scope="module")
def reciter(tmp_path_factory: pytest.TempPathFactory, brief_texts: dict[str, int]) -> Path:
    """Return a writer that knows its book by heart, compared with it in texts as long as outside the tests."""
    folder = tmp_path_factory.mktemp("reciter")
    book, out = folder / "book.txt", folder / "model"
    book.write_text("".join(LINES), "utf-8")
    words = ["--task", "write", "--base", "blank:llama-nano", "--epochs", "20", "--eval-every", "1000", *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(folder / "home"))
        patch.setattr(room, "COMPARED", brief_texts["COMPARED"])
        assert cli.main(["train", str(book), *words, "--out", str(out), "--json"]) == 0
    return out


@pytest.fixture
def its_home(reciter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with the dataset of the reciter in it."""
    home = tmp_path / "home"
    shutil.copytree(reciter.parent / "home", home)
    monkeypatch.setenv("SLM_STUDIO_HOME", str(home))
    return home


@pytest.mark.usefixtures("its_home")
def test_the_longest_copied_stretch_is_told(run: Run, reciter: Path) -> None:
    asked = ("generate", reciter, "--prompt", "In the red house", "--temperature", "0", "--max-new-tokens", "60")

    found = run(*asked, "--copied").result
    copied = found["copied"]

    assert copied["length"] >= copied["least"] == 30 and copied["text"].casefold() in "".join(LINES).casefold()
    assert found["text"][copied["start"] : copied["end"]] == copied["text"] and not copied["why"]
    assert "copied" not in run(*asked).result
    several = run(*asked, "--copied", "--count", "2").result["continuations"]
    assert all(
        each["text"][each["copied"]["start"] : each["copied"]["end"]] == each["copied"]["text"] for each in several
    )
    assert (
        f"{copied['length']} characters of this stand in the training text"
        in run(*asked, "--copied", as_json=False).err
    )


def test_a_dataset_that_is_gone_is_told(run: Run, reciter: Path, its_home: Path) -> None:
    shutil.rmtree(its_home / "datasets")

    copied = run("generate", reciter, "--prompt", "In", "--max-new-tokens", "4", "--copied").result["copied"]

    assert copied["length"] == copied["compared_with"] == 0
    assert "“book.txt”, is not here any more" in copied["why"]


def test_an_imported_model_does_not_say_what_it_learnt(run: Run, tmp_path: Path) -> None:
    make_foreign(tmp_path / "foreign", "gpt2", "write")
    model = list(engine.adopt(str(tmp_path / "foreign")))[-1].result

    copied = run("generate", model.folder, "--prompt", "the", "--max-new-tokens", "4", "--copied").result["copied"]

    assert "does not say what it learnt from" in copied["why"] and copied["compared_with"] == 0


def test_the_report_counts_what_is_copied_beside_what_held_out_text_shares(reciter: Path) -> None:
    report = read_report(reciter / REPORT_FOLDER)
    assert report is not None
    (told,) = [each for each in report.remarks if each.code == "copied"]

    assert report.facts["copied_share"] > 0.1 and report.facts["copied_longest"] >= 30
    assert 0 <= report.facts["held_out_share"] <= 1 and told.told["share"] == round(
        100 * report.facts["copied_share"], 1
    )
    assert told.told["text"].casefold() in "".join(LINES).casefold()


@pytest.mark.parametrize("verb", ["generate", "predict"])
def test_a_style_is_asked_for_by_its_flag(run: Run, tmp_path: Path, verb: str) -> None:
    path, out = fodder("write/styles").write(tmp_path), tmp_path / "model"
    words = ["--text", "text", "--style", "mood", "--base", "blank:llama-nano", "--epochs", "1", *SMALL]
    assert run("train", path, "--task", "write", *words, "--out", out).code == 0
    flag = "--prompt" if verb == "generate" else "--text"

    found = run(verb, out, flag, "A", "--style", "安静", "--max-new-tokens", "8", "--seed", "1").result
    unknown = run(verb, out, flag, "A", "--style", "loud")
    told = run(verb, out, flag, "A beginning", "--style", "glad", "--max-new-tokens", "2", as_json=False).out

    assert "text" in found and told.startswith("A beginning") and "glad" not in told[: len("A beginning") + 1]
    assert unknown.code == 1 and unknown.result["error"]["code"] == "style-unknown"
    assert unknown.result["error"]["hint"] in ("It knows: glad, 安静.", "It knows: 安静, glad.")
