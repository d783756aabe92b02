"""slm-studio rank: candidates from the line, from a file or from a pipe; what programs get; wrong questions in a sentence."""

import io
import json
from pathlib import Path

import pytest

import slm_studio
from slm_studio import cli
from tests.cli.commands import BY_HEART, Run
from tests.tasks import fodder


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranker")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(folder / "home"))
        path, out = fodder("rank").write(folder), folder / "model"
        words = ["--base", "blank:llama-nano", "--precision", "fp32", "--place", "thread", *BY_HEART]
        assert cli.main(["train", str(path), *words, "--out", str(out), "--json"]) == 0
    return out


WRONG, RIGHT = "the train leaves at ate", "the train leaves at eight"


def test_programs_get_the_order_with_shares_and_where_each_stood(run: Run, ranker: Path) -> None:
    items = run("rank", ranker, WRONG, RIGHT, "--scores", "-1, -2").result["items"]

    assert [(each["text"], each["place"], each["own"]) for each in items] == [(RIGHT, 2, -2.0), (WRONG, 1, -1.0)]
    assert items[0]["score"] + items[1]["score"] == pytest.approx(1) and items[0]["model"] > items[1]["model"]


def test_people_see_a_table(run: Run, ranker: Path) -> None:
    lines = run("rank", ranker, WRONG, RIGHT, as_json=False).out.splitlines()

    assert lines[0].split() == ["likely", "was", "candidate"]
    assert lines[1].split()[1] == "2" and lines[1].endswith(RIGHT)


def test_candidates_come_from_a_file_from_a_pipe_or_as_lines(
    run: Run, ranker: Path, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "list.txt").write_text(f"{WRONG}\n\n{RIGHT}\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{WRONG}\n{RIGHT}\n"))

    ways = (
        ("--list", tmp_path / "list.txt"),
        ("--list", "-"),
        ("--candidates", f"{WRONG}\n{RIGHT}"),
        ("--candidates", json.dumps([WRONG, RIGHT])),
    )
    found = [run("rank", ranker, *way, "--top", "1").result["items"] for way in ways]

    assert all(len(items) == 1 and items[0]["text"] == RIGHT for items in found)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "usage"),
        (("a", "--list", "-"), "usage"),
        (("--list", "nowhere.txt"), "file-missing"),
        (("a", "b", "--scores", "1"), "scores-unequal"),
        (("a", "b", "--scores", "much little"), "part-form"),
        (("a", "b", "--context", "before"), "prompt-role"),
        (("a", "b", "--scores", "1 2", "--scores2", "1 2"), "prompt-role"),
        (("a", "b", "--scores"), "usage"),
        (("a", "b", "--scores", ""), "usage"),
        (("--candidates", "  "), "text-empty"),
    ],
)
def test_wrong_questions_are_said_in_a_sentence(run: Run, ranker: Path, words, code: str) -> None:
    assert run("rank", ranker, *words).error["code"] == code


@pytest.mark.parametrize(
    "written",
    [
        "-1,-2",
        "-1, -2",
        "-1 -2",
        "-1e0,-2e0",
        "-1.0,-.2e1",
        "[-1, -2]",
        "-1，-2",
        "－１，－２．０",
        "−1、−2",
        "[-1，-2]",
    ],
)
def test_negative_scores_are_the_value_of_their_flag(run: Run, ranker: Path, written: str) -> None:
    items = run("rank", ranker, WRONG, RIGHT, "--scores", written).result["items"]

    assert [each["own"] for each in items] == [-2.0, -1.0]


def test_an_error_of_a_flag_speaks_of_the_flag(run: Run, ranker: Path) -> None:
    form = run("rank", ranker, WRONG, RIGHT, "--scores", "-1,x").error
    further = run("rank", ranker, WRONG, RIGHT, "--scores3", "-1,-2").error
    value = run("rank", ranker, WRONG, RIGHT, "--scores").error

    assert form["message"] == "--scores holds no list of numbers: “-1,x”." and "-3.1, -3" in form["hint"]
    assert "learnt without “scores3”" in further["message"]
    assert further["hint"].startswith("It asks for: candidates, scores.")
    assert value["message"] == "--scores lacks its value." and "--scores=VALUE" in value["hint"]


def test_every_own_score_is_asked_told_and_read_from_a_file(run: Run, tmp_path: Path) -> None:
    lists = [
        {"nbest": [f"a {n}", f"b {n}"], "am_score": [n, n % 3], "lm_score": [3, n % 5], "truth": f"{'ab'[n % 2]} {n}"}
        for n in range(60)
    ]
    (tmp_path / "lists.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lists), encoding="utf-8")
    words = ("--base", "blank:llama-nano", "--epochs", "1", "--precision", "fp32", "--place", "thread")
    out, answers = tmp_path / "model", tmp_path / "out.jsonl"
    run("train", tmp_path / "lists.jsonl", *words, "--out", out)

    items = run("rank", out, "a 7", "b 7", "--scores", "1 2", "--scores2", "3 4").result["items"]
    done = run("predict", out, "--file", tmp_path / "lists.jsonl", "--out", answers).result
    unequal = run("rank", out, "a 7", "b 7", "--scores2", "1").error

    found = {each["text"]: (each["own"], each["further"]) for each in items}
    assert found == {"a 7": (1.0, {"lm_score": 3.0}), "b 7": (2.0, {"lm_score": 4.0})}
    assert done["unanswered"] == 0 and unequal["code"] == "scores-unequal"
    model = slm_studio.load(out)
    (first, *_) = model.rank(["a 7", "b 7"], [1, 2], scores2=[3, 4])
    with pytest.raises(slm_studio.StudioError, match="scores5"):
        model.rank(["a 7", "b 7"], scores5=[1, 2])
    model.close()
    assert (first.text, first.score) == (items[0]["text"], pytest.approx(items[0]["score"]))


def test_own_scores_under_another_name_are_taken_and_told(run: Run, ranker: Path, tmp_path: Path) -> None:
    lists = [{"nbest": [WRONG, RIGHT], "scores": [float(-n), -2.0]} for n in range(3)]
    for name, key in (("same", "scores"), ("other", "ac_score")):
        rows = [{"nbest": each["nbest"], key: each["scores"]} for each in lists]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    asked = [("predict", ranker, "--file", tmp_path / f"{name}.jsonl", "--out", tmp_path / f"{name}.out.jsonl") for name in ("same", "other")]  # fmt: skip
    notes = [[line["code"] for line in run(*each).lines if "code" in line] for each in asked]

    read = [[json.loads(line)["ranking"] for line in (tmp_path / f"{name}.out.jsonl").read_text("utf-8").splitlines()] for name in ("same", "other")]  # fmt: skip
    assert read[0] == read[1]
    assert [codes.count("role-by-guess") for codes in notes] == [0, 1]


def test_a_file_without_the_scores_that_were_learnt_is_told_of(run: Run, ranker: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "lists.jsonl", tmp_path / "out.jsonl"
    path.write_text(json.dumps({"nbest": [WRONG, RIGHT], "more": "x"}) + "\n", encoding="utf-8")

    told = run("predict", ranker, "--file", path, "--out", out)

    assert "role-missing" in [line.get("code") for line in told.lines] and told.result["rows"] == 1
    said = run("predict", ranker, "--file", path, "--out", tmp_path / "again.jsonl", as_json=False).err
    assert "“lists.jsonl” has no column “scores”, with which the model learnt: it answers without it." in said


def test_a_model_of_another_task_is_named(run: Run, tmp_path: Path) -> None:
    path = fodder("classify").write(tmp_path)
    out = tmp_path / "labels"
    run(
        "train",
        path,
        "--base",
        "blank:bag-nano",
        "--epochs",
        "1",
        "--precision",
        "fp32",
        "--place",
        "thread",
        "--out",
        out,
    )

    assert run("rank", out, "a", "b").error["code"] == "orders-nothing"


def test_a_file_of_lists_is_answered_and_what_cannot_be_is_counted(run: Run, ranker: Path, tmp_path: Path) -> None:
    lines = (
        {"nbest": [WRONG, RIGHT], "scores": [-1, -2]},
        {"nbest": [WRONG, RIGHT], "scores": None},
        {"nbest": [WRONG, RIGHT], "scores": [1]},
        {"nbest": [1, 2], "scores": None},
        {"nbest": [], "scores": None},
    )
    source, out = tmp_path / "lists.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    done = run("predict", ranker, "--file", source, "--out", out).result

    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [each["prediction"] for each in found] == [RIGHT, RIGHT, None, None, None]
    assert [each["text"] for each in found[0]["ranking"]] == [RIGHT, WRONG]
    assert done["unanswered"] == 3
    assert "not as many scores" in " ".join(each["message"] for each in done["remarks"])
