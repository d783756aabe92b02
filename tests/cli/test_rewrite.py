"""slm-studio predict with a model that rewrites: the answer alone, other answers of several beams, and the other direction."""

import json
from pathlib import Path

import pytest

import slm_studio
from slm_studio import cli
from slm_studio.engine.models.known_pairs import FILE
from slm_studio.engine.sharing.contents import travels
from tests.cli.commands import Run
from tests.tasks import fodder


def train(folder: Path, *words: str) -> Path:
    """Learn rows that are the held-out ones, too, and return the model's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(folder / "home"))
        path, out = fodder("rewrite/both").write(folder), folder / "model"
        rows = ["--task", "rewrite", "--both-ways", "--validation", str(path)]
        alike = [
            "--base",
            "blank:lstm-nano",
            "--precision",
            "fp32",
            "--place",
            "thread",
            "--dropout",
            "0",
            "--patience",
            "0",
        ]
        assert cli.main(["train", str(path), *rows, *alike, *words, "--out", str(out), "--json"]) == 0
    return out


@pytest.fixture(scope="module")
def rewriter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    by_heart = ("--epochs", "60", "--learning-rate", "0.01", "--eval-every", "1000")
    return train(tmp_path_factory.mktemp("rewriter"), *by_heart, "--no-known-pairs")


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that learnt little, with the pairs that it keeps."""
    return train(tmp_path_factory.mktemp("little"), "--epochs", "1")


def test_an_answer_stands_by_itself_and_goes_either_way(run: Run, rewriter: Path) -> None:
    there = run("predict", rewriter, "--text", "good morning!").result
    back = run("predict", rewriter, "--text", "早上好!", "--back").result

    assert there["text"] == "早上好!" and back["text"].startswith("good morning")
    assert there["ended"] is True and "variants" not in there
    assert run("predict", rewriter, "--text", "good morning!", as_json=False).out == "早上好!\n"


def test_beams_bring_other_answers(run: Run, rewriter: Path) -> None:
    found = run("predict", rewriter, "--text", "two dogs", "--beams", "3").result

    assert found["text"] == "两只狗" and len(found["variants"]) == 2
    assert all(set(each) == {"text", "score"} and 0 <= each["score"] <= 1 for each in found["variants"])


def test_what_beams_would_ignore_is_refused(run: Run, rewriter: Path, tmp_path: Path) -> None:
    asked = ("predict", rewriter, "--text", "two dogs", "--beams", "3")

    bold = run(*asked, "--temperature", "0.7").error
    anew = run(*asked, "--repetition-penalty", "1.5").error

    assert bold["code"] == anew["code"] == "beams-draw-nothing"
    assert bold["message"] == "Of 3 beams the likeliest answer is taken, so temperature 0.7 would change nothing."
    assert run(*asked, "--temperature", "0").code == 0
    assert run("predict", rewriter, "--text", "two dogs", "--beams", "1", "--temperature", "0.7").code == 0
    with pytest.raises(slm_studio.StudioError, match="Of 2 beams"):
        slm_studio.load(rewriter)("two dogs", beams=2, temperature=1.0)


def test_a_text_of_the_other_side_is_told_of_the_other_direction(run: Run, rewriter: Path, tmp_path: Path) -> None:
    def said(*words: object) -> str:
        return run("predict", rewriter, *words, as_json=False).err

    assert "This looks like Chinese, which the model writes here: to translate it, give --back." in said(
        "--text", "两只狗"
    )
    assert "leave out --back" in said("--text", "where is the cat", "--back")
    assert "looks like" not in said("--text", "where is the cat") + said("--text", "两只狗", "--back")
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("en\ntwo dogs\n两只狗\n", encoding="utf-8")
    remarks = run("predict", rewriter, "--file", path, "--out", out).result["remarks"]
    assert [each["rows"] for each in remarks if each["code"] == "rows-turned"] == [[1]]


def test_a_direction_that_is_lost_is_said(run: Run, rewriter: Path, tmp_path: Path) -> None:
    rows, small = fodder("rewrite/both").write(tmp_path), ("--epochs", "1", "--place", "thread")
    on = ("train", rows, "--task", "rewrite", "--base", rewriter, *small)

    one = run(*on, "--out", tmp_path / "one")
    both = run(*on, "--both-ways", "--out", tmp_path / "both")

    codes = [[line.get("code") for line in told.lines] for told in (one, both)]
    assert "one-way-from-both" in codes[0] and "one-way-from-both" not in codes[1]
    assert one.code == both.code == 0


def test_a_file_is_rewritten_row_by_row(run: Run, rewriter: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    path.write_text("two dogs\n\ngood morning!\n", encoding="utf-8")

    assert run("predict", rewriter, "--file", path, "--out", out).code == 0

    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["prediction"] for row in rows] == ["两只狗", None, "早上好!"]


def test_a_file_whose_sides_are_swapped_is_said_to_be(run: Run, rewriter: Path, tmp_path: Path) -> None:
    path, pairs = (
        tmp_path / "pairs.csv",
        (("two dogs", "两只狗"), ("where is the cat", "猫在哪里"), ("good morning", "早上好")),
    )
    path.write_text("en,zh\n" + "".join(f"{one},{other}\n" for one, other in pairs), encoding="utf-8")

    swapped = run("evaluate", rewriter, path, "--text", "zh", "--rewritten", "en")
    right = run("evaluate", rewriter, path, "--text", "en", "--rewritten", "zh")

    assert [each["message"] for each in swapped.result["remarks"] if each["code"] == "sides-swapped"] == [
        "Source and target look swapped: these sources are in the language that the model writes. Name the columns the other way round."
    ]
    assert "sides-swapped" not in {each["code"] for each in right.result["remarks"]}


def test_no_column_is_scored_against_itself(run: Run, rewriter: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("words\n" + "good morning\n" * 5, encoding="utf-8")

    told = run("evaluate", rewriter, path, "--text", "words", "--rewritten", "words")

    assert told.error["code"] == "column-twice" and "“words”" in told.error["message"]


def test_what_does_not_fit_is_said(run: Run, rewriter: Path) -> None:
    told = run("predict", rewriter, "--text", "word " * 500, as_json=False)

    assert "The text is longer than the model reads: its last" in told.err
    assert run("predict", rewriter, "--text", "a", "--beams", "0").result["error"]["code"] == "knob-range"


def test_knobs_of_rewriting_belong_to_it_alone(run: Run, tmp_path: Path) -> None:
    path, out = fodder("write").write(tmp_path), tmp_path / "writer"
    assert (
        run(
            "train",
            path,
            "--task",
            "write",
            "--base",
            "blank:llama-nano",
            "--epochs",
            "1",
            "--place",
            "thread",
            "--out",
            out,
        ).code
        == 0
    )

    told = run("predict", out, "--text", "a", "--beams", "2").result["error"]

    assert told["code"] == "knob-of-another-task" and "rewrite" in told["hint"]


def test_what_is_known_helps_a_model_that_learnt_little_and_stays_here(run: Run, little: Path, tmp_path: Path) -> None:
    found = run("predict", little, "--text", "good morning!").result
    told = run("predict", little, "--text", "good morning!", as_json=False)

    assert found["text"] == "早上好!"
    assert found["known_pair"] == {"source": "good morning!", "target": "早上好!", "likeness": 1.0}
    assert told.out == "早上好!\n" and "a pair that it learnt: good morning!" in told.err
    assert (little / FILE).exists() and not travels(FILE)
    assert "known_pair" not in run("predict", little, "--text", "good morning!", "--beams", "1").result

    path, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    path.write_text("good morning!\n\nzebra\n", encoding="utf-8")
    assert run("predict", little, "--file", path, "--out", out).code == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["known_pair"] for row in rows] == ["good morning!", None, ""]

    away = run("export", little, tmp_path / "away.zip", as_json=False)
    assert "stay here" in away.err
    taken = run("import", little, "--out", tmp_path / "taken", as_json=False)
    assert "stay where they are" in taken.err and not (tmp_path / "taken" / FILE).exists()
    again = run("import", tmp_path / "away.zip", "--out", tmp_path / "again", as_json=False)
    assert "stay" not in again.err
    assert "known_pair" not in run("predict", tmp_path / "again", "--text", "good morning!").result


def test_a_translator_that_goes_on_with_other_pairs_keeps_the_former_ones(
    run: Run, little: Path, tmp_path: Path
) -> None:
    path = tmp_path / "other.tsv"
    path.write_text("en\tzh\n" + "".join(f"a new text {n}\t新的文本{n}\n" for n in range(12)), encoding="utf-8")
    plan = ["--task", "rewrite", "--role", "text=en", "--role", "rewritten=zh", "--kind", "translation", "--both-ways"]
    plan += ["--base", str(little), "--epochs", "1", "--place", "thread"]

    ended = run("train", path, *plan).result

    model = str(ended["model"])
    assert run("predict", model, "--text", "good morning!").result["known_pair"]["target"] == "早上好!"
    kept = (Path(model) / FILE).read_text(encoding="utf-8")
    assert "新的文本" in kept and "good morning!" in kept


@pytest.mark.parametrize(
    ("rows", "words", "code"),
    [(30, [], "pairs-kept"), (2, [], "pairs-kept"), (30, ["--no-known-pairs"], "pairs-left")],
)
def test_a_run_says_whether_pairs_stay_beside_its_model(
    run: Run, tmp_path: Path, rows: int, words: list[str], code: str
) -> None:
    path = fodder("rewrite").write(tmp_path)
    path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[: 1 + rows]), encoding="utf-8")
    plan = ["--task", "rewrite", "--base", "blank:lstm-nano", "--epochs", "1", "--place", "thread", *words]

    ended = run("train", path, *plan).result
    shown = run("runs", "show", ended["run"])

    assert [each["code"] for each in ended["notes"]] == [code]
    assert shown.result["notes"] == ended["notes"]
    assert (Path(str(ended["model"])) / FILE).exists() is (code == "pairs-kept")


def test_nothing_is_kept_where_nobody_wants_it(run: Run, rewriter: Path) -> None:
    assert not (rewriter / FILE).exists()
    assert "known_pair" not in run("predict", rewriter, "--text", "good morning!").result
