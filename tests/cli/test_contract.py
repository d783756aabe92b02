"""CLI.md, line by line."""

import csv
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_studio import cli, engine
from slm_studio.core.events import Finished
from slm_studio.core.knobs import knobs
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run, list_runs
from slm_studio.core.settings import Settings, save_settings
from tests.cli.commands import SMALL, Run, Told, leftovers, messages, write_rows
from tests.hub_server import TOKEN, HubServer


def test_read_says_what_is_in_a_file(run: Run, rows: Path) -> None:
    result = run("read", rows).result

    assert result["rows"] == 60
    assert result["columns"][0] == {"name": "text", "kind": "text", "filled": 60, "distinct": 60}
    suggested = result["suggested"]
    assert (suggested["task"], suggested["roles"]) == ("classify", {"text": "text", "label": "label"})
    assert (suggested["runners_up"], suggested["remarks"]) == ([], [])
    assert result["report"]["format"] == "csv"


def test_check_lists_findings(run: Run, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", [*messages(), ("", "refund"), ("lonely", "")])

    findings = run("check", path).result["findings"]

    assert {"empty-text", "empty-label"} <= {each["code"] for each in findings}
    assert all(set(each) == {"code", "count", "rows", "message", "fix"} for each in findings)


def test_check_says_when_all_is_well(run: Run, tmp_path: Path) -> None:
    words = [
        "ash",
        "birch",
        "cedar",
        "elm",
        "fir",
        "gorse",
        "hazel",
        "iris",
        "larch",
        "maple",
        "oak",
        "pine",
        "rowan",
        "sorrel",
        "thyme",
        "willow",
        "yew",
    ]
    cells = [(f"{a} {b} {a[::-1]}", "xy"[n % 2]) for n, (a, b) in enumerate(itertools.permutations(words, 2))]
    path = write_rows(tmp_path / "good.csv", cells)

    told = run("check", path, as_json=False)

    assert (told.code, told.out) == (0, "Nothing that would hurt.\n")
    assert run("check", path).result == {"findings": []}


def test_clean_and_convert_write_every_cell_as_it_was_read(run: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "a b.csv", tmp_path / "出.jsonl"
    source.write_text('n,note\n007,NA\n" x ",1e5\n,null\n', encoding="utf-8")

    result = run("convert", source, out).result

    assert (result["rows"], result["out"]) == (3, str(out))
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert lines == [{"n": "007", "note": "NA"}, {"n": " x ", "note": "1e5"}, {"n": "", "note": "null"}]
    cleaned = run("clean", source, "--steps", "trim", "--text", "n", "--out", tmp_path / "c.csv").result
    assert cleaned["rows"] == 3
    assert "x,1e5" in (tmp_path / "c.csv").read_text(encoding="utf-8")


def test_train_ends_in_the_bare_result(run: Run, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = write_rows(tmp_path / "test.csv", [*messages(1), ("something odd", "never seen")])
    monkeypatch.chdir(tmp_path)

    told = run("train", rows.name, "--test", test.name, *SMALL, "--out", "out/模型 one")

    result = told.result
    assert told.code == 0
    assert list(result) == [
        "run",
        "model",
        "task",
        "base",
        "metrics",
        "metrics_on",
        "baseline",
        "verdict",
        "seconds",
        "notes",
    ]
    assert result["model"] == str(tmp_path / "out" / "模型 one")
    assert result["metrics_on"] == "test"
    assert result["metrics"]["accuracy"] <= 12 / 13  # a label that training never saw counts as wrong
    assert set(result["baseline"]) == {"majority", "tfidf_linear"}
    assert "TF-IDF" in result["verdict"]
    assert len(result["metrics"]["accuracy_interval"]) == 2
    listed = run("runs", "list").result["runs"]
    assert [each["id"] for each in listed] == [result["run"]]
    assert set(listed[0]) >= {"id", "state", "task", "base", "steps", "metrics", "created"}
    refused = run("train", rows.name, *SMALL, "--out", "out/模型 one")
    assert refused.error["code"] == "out-not-empty"
    again = run("train", rows.name, "--base", "out/模型 one", *SMALL[2:], "--out", "out/模型 one", "--overwrite")
    assert again.code == 0, again.out


@pytest.fixture
def private_hub(sorter: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """Serve the sorter as ada/sorter to those who have the token, as the environment has."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer() as hub:
        save_settings(Settings(endpoint=hub.endpoint))
        content = {path.name: path.read_bytes() for path in sorter.iterdir() if path.is_file()}
        hub.add_model("ada/sorter", content, private=True)
        yield hub


def test_a_private_base_is_fetched_with_the_token_of_the_environment(
    run: Run, rows: Path, private_hub: HubServer
) -> None:
    result = run("train", rows, "--base", "ada/sorter", *SMALL[2:]).result

    assert result["base"] == "ada/sorter"
    assert result["metrics"]


def test_a_run_that_was_stopped_before_its_private_base_came_goes_on_with_the_token(
    run: Run, rows: Path, private_hub: HubServer
) -> None:
    dataset = next(each.result for each in engine.read(str(rows)) if isinstance(each, Finished))
    recipe = make_recipe(
        "classify",
        base="ada/sorter",
        roles={"text": "text", "label": "label"},
        settings={"epochs": 1, "precision": "fp32"},
    )
    begun = create_run(recipe, dataset)

    assert run("runs", "resume", begun.id, "--place", "thread").result["metrics"]


def test_the_address_of_a_page_is_a_base_too(run: Run, rows: Path, private_hub: HubServer) -> None:
    page = f"{private_hub.endpoint}/ada/sorter"

    assert run("train", rows, "--base", page, *SMALL[2:]).result["base"] == "ada/sorter"
    versioned = run("train", rows, "--base", f"{page}/tree/main", *SMALL[2:]).result
    assert versioned["base"].endswith("/ada/sorter/tree/main")


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("https://huggingface.co/ada/tiny", "slm-studio fetch ada/tiny"),
        ("hf.co/ada/tiny/tree/v2", "slm-studio fetch ada/tiny --revision v2"),
        ("https://example.org/a.zip", "Download it, then name the file."),
    ],
)
def test_an_address_where_a_folder_is_wanted_names_the_way_here(run: Run, home: Path, address: str, way: str) -> None:
    for words in (("import", address), ("predict", address, "--text", "a")):
        error = run(*words).error
        assert address in error["message"]
        assert error["hint"].endswith(way)


def test_evaluate_takes_other_column_names(run: Run, sorter: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "other.csv", messages(1), header=("comment", "topic"))

    result = run("evaluate", sorter, path, "--role", "text=comment", "--label", "topic").result

    assert set(result) >= {"metrics", "per_label", "confusion", "rows", "baseline", "verdict"}
    assert result["rows"] == 12
    assert Path(result["confusion"]).is_file()
    assert run("evaluate", sorter, path).result["rows"] == 12  # the same columns by their roles: said in a note


def test_predict_answers_a_text_and_a_file(run: Run, sorter: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.csv", [*messages(1), (" ", "delivery")], header=("comment", "topic"))

    items = run("predict", sorter, "--text", "where is my parcel").result["items"]
    result = run("predict", sorter, "--file", path, "--column", "comment", "--out", tmp_path / "out.csv").result

    assert {each["label"] for each in items} == {"delivery", "refund", "product"}
    assert sum(each["score"] for each in items) == pytest.approx(1)
    assert (result["rows"], result["out"], result["unanswered"]) == (13, str(tmp_path / "out.csv"), 1)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert list(found[0]) == ["comment", "topic", "prediction", "score"]
    assert found[0]["prediction"] in {"delivery", "refund", "product"}
    assert [row["comment"] for row in found] == [*(text for text, _ in messages(1)), " "]
    assert found[-1]["prediction"] == ""


def test_a_sorter_is_not_asked_to_write(run: Run, sorter: Path) -> None:
    error = run("predict", sorter, "--text", "where is my parcel", "--max-new-tokens", "9").error

    assert error["code"] == "knob-of-another-task" and "--max-new-tokens" in error["message"]
    assert run("predict", sorter, "--text", "x", "--max-new-tokens", "0").error["code"] == "knob-range"


def test_rows_without_an_answer_are_said_at_the_end(run: Run, sorter: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.csv", [*messages(1), (" ", "delivery")])

    told = run("predict", sorter, "--file", path, "--out", tmp_path / "out.csv")
    people = run("predict", sorter, "--file", path, "--out", tmp_path / "out2.csv", as_json=False)

    (remark,) = told.result["remarks"]
    assert (remark["code"], remark["count"], remark["rows"]) == ("rows-blank", 1, [12])
    assert remark["message"] == "1 row has no answer, because no word stands in “text” there: row 13."
    assert remark["message"] in people.err and "remarks" not in people.out


@pytest.mark.parametrize(("flag", "value"), [("--nproc", "2"), ("--nproc", "x")])
def test_what_is_still_to_come_is_refused_in_a_sentence(run: Run, rows: Path, flag: str, value: str) -> None:
    error = run("train", rows, flag, value).error

    assert error["code"] == "not-yet"
    assert f"{flag} {value}" in error["message"]
    assert flag not in run("train", "--help", as_json=False).out


def test_predict_never_writes_over_its_input(run: Run, sorter: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.csv", messages(1))
    before = path.read_bytes()

    assert run("predict", sorter, "--file", path, "--out", path).error["code"] == "overwrites-source"
    assert run("convert", path, path).error["code"] == "overwrites-source"
    assert path.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_rows_never_replace_a_pipe_nor_a_link(run: Run, sorter: Path, rows: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "null.csv").symlink_to(os.devnull)
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")

    for words in (("convert", rows), ("clean", rows, "--steps", "trim", "--out"),
                  ("predict", sorter, "--file", rows, "--out")):  # fmt: skip
        for name in ("pipe.csv", "null.csv"):
            told = run(*words, tmp_path / name)
            assert told.error["code"] == "not-a-file"
            assert len(told.lines) == 1, "it is refused before the work"
        assert run(*words, tmp_path / "link.csv").error["code"] == "out-exists"
        assert run(*words, tmp_path / "link.csv", "--overwrite").result["out"] == str(tmp_path / "link.csv")
        assert (tmp_path / "real.csv").read_text(encoding="utf-8").startswith("text,label")
        (tmp_path / "real.csv").write_text("old")

    assert (tmp_path / "pipe.csv").is_fifo()
    assert (tmp_path / "null.csv").is_symlink() and (tmp_path / "link.csv").is_symlink()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only Linux has a folder that takes no files")
def test_a_place_that_takes_no_files_is_named_by_every_verb(run: Run, sorter: Path, rows: Path) -> None:
    for words in (("convert", rows, "/proc/x.csv"), ("clean", rows, "--steps", "trim", "--out", "/proc/x.csv"),
                  ("predict", sorter, "--file", rows, "--out", "/proc/x.csv"),
                  ("export", sorter, "/proc/x"), ("export", sorter, "/proc/x.zip"), ("export", sorter, "/sys/x"),
                  ("train", rows, "--out", "/proc/x")):  # fmt: skip
        assert run(*words).error["code"] == "takes-no-files", words


def test_generate_tells_text_tokens_and_speed(run: Run, writer: Path, sorter: Path) -> None:
    result = run("generate", writer, "--prompt", "line 3", "--max-new-tokens", 12, "--seed", 1).result
    people = run("generate", writer, "--prompt", "line 3", "--max-new-tokens", 12, "--seed", 1, as_json=False)

    assert result["tokens"] == 12
    assert result["tokens_per_second"] > 0
    assert people.out == "line 3" + result["text"] + "\n"
    assert run("generate", sorter, "--prompt", "a").error["code"] == "not-a-writer"


def test_generate_draws_several_continuations_each_with_the_seed_that_writes_it_again(run: Run, writer: Path) -> None:
    words = ("generate", writer, "--prompt", "line 3", "--max-new-tokens", 12)

    result = run(*words, "--seed", 1, "--count", 3).result
    people = run(*words, "--seed", 1, "--count", 2, as_json=False)
    free = run(*words, "--count", 2).result["continuations"]

    first, second, third = result["continuations"]
    assert [each["seed"] for each in (first, second, third)] == [1, 2, 3] and result["tokens"] == 36
    assert run(*words, "--seed", 2).result["text"] == second["text"] != first["text"]
    assert people.out == f"1. (--seed 1)\n{first['text']}\n\n2. (--seed 2)\n{second['text']}\n\n"
    assert run(*words, "--seed", free[1]["seed"]).result["text"] == free[1]["text"]
    assert run(*words, "--count", 0).error["message"] == "“--count” is 0."


def test_what_a_writer_does_not_read_of_a_long_beginning_is_said(run: Run, writer: Path) -> None:
    words = ("generate", writer, "--prompt", "line 3 of a book " * 30, "--max-new-tokens", 2, "--seed", 1)

    *way, last = run(*words).lines

    assert last["unread"] > 0
    assert [line["message"] for line in way if line["event"] == "note"] == [
        f"The text is longer than the model sees at once: its first {last['unread']:,} tokens are not read."
    ]
    assert "unread" not in run("generate", writer, "--prompt", "line 3", "--max-new-tokens", 2).result


def test_runs_are_shown_kept_and_deleted(run: Run, rows: Path, tmp_path: Path, home: Path) -> None:
    identity = run("train", rows, *SMALL).result["run"]

    assert run("runs", "show", identity).result["recipe"]["base"] == "blank:bag-nano"
    kept = run("runs", "keep", identity, "--out", tmp_path / "kept").result
    assert kept["model"] == str(tmp_path / "kept")
    assert run("runs", "resume", identity).error["code"] == "not-resumable"
    assert "Choose one of" in run("runs", "keep", identity, "--checkpoint", 777).error["hint"]
    assert Path(run("runs", "delete", identity).result["trash"]).is_dir()
    assert run("runs", "list").result == {"runs": []}
    assert run("runs", "show", identity).error["code"] == "no-such-run"


def test_export_writes_a_copy_that_answers_the_same(run: Run, sorter: Path, tmp_path: Path) -> None:
    for out in ("copy", "copy.zip"):
        result = run("export", sorter, tmp_path / out).result

        assert result["out"] == str(tmp_path / out)
        assert result["checked"]["same_answers"]
    refused = run("export", sorter, tmp_path / "copy.zip").error
    assert refused["code"] == "out-exists" and "--overwrite" in refused["hint"]
    assert run("export", sorter, tmp_path / "copy.zip", "--overwrite").result["checked"]["same_answers"]


@pytest.mark.parametrize(
    "words",
    [
        [], ["talk", "x"], ["read"], ["read", "a.csv", "b.csv"], ["train", "a.csv", "--epochs", "many"], ["train", "a.csv", "--nosuch"],
        ["train", "a.csv", "--epo", "1"], ["train", "a.csv", "--role", "text"], ["runs"],
        ["runs", "cut"], ["predict", "m"], ["predict", "m", "--text", "a", "--file", "b"], ["predict", "m", "--file", "b"],
        ["predict", "m", "--text", "a", "--top", "0"], ["clean", "a.csv", "--steps", "trim"],
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2(run: Run, words: list[str]) -> None:
    told = run(*words)

    assert told.code == 2
    assert told.error["code"] == "usage"
    assert "invalid" not in told.error["message"]


def test_an_unknown_verb_is_told_the_verbs(run: Run) -> None:
    error = run("distil", "m").error

    assert "“distil”" in error["message"]
    assert all(verb in error["hint"] for verb in ("read", "train", "generate", "fetch"))


def test_a_base_that_was_thrown_away_is_said_before_a_run_is_made_and_when_one_goes_on(
    run: Run, rows: Path, home: Path, tmp_path: Path
) -> None:
    dataset = next(each.result for each in engine.read(str(rows)) if isinstance(each, Finished))
    gone = tmp_path / "reviews"

    told = run("train", rows, "--base", gone)
    assert told.error["code"] == "model-gone" and "trash" in told.error["hint"]
    assert not list_runs() and not leftovers(home)

    plan = make_recipe("classify", base=str(gone), roles={"text": "text", "label": "label"})
    begun = create_run(plan, dataset)
    told = run("runs", "resume", begun.id, "--place", "thread")
    assert told.error["code"] == "model-gone" and "trash" in told.error["hint"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--task", "nosuch"], "no-such-task"), (["--base", "blank:nosuch-nano"], "no-such-family"), (["--base", "blank:bag-huge"], "no-such-size"),
        (["--base", "blank:bag"], "base-form"), (["--base", "nosuch"], "no-such-base"), (["--epochs", "0"], "knob-range"),
        (["--learning-rate", "nan"], "knob-range"), (["--learning-rate", "-1e-5"], "knob-range"), (["--precision", "fp8"], "knob-choice"), (["--text", "nosuch"], "no-such-column"),
        (["--role", "nosuch=text"], "no-such-role"), (["--text", "label", "--label", "label"], "column-twice"),
        (["--task", "write", "--label-smoothing", "0.1"], "knob-of-another-task"), (["--device-unknown=1"], "usage"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_leaves_no_run(run: Run, rows: Path, home: Path, words: list[str], code: str) -> None:
    told = run("train", rows, *words)

    assert told.error["code"] == code
    assert not list_runs()
    assert not leftovers(home)


def test_json_may_stand_anywhere_but_after_the_dashes(run: Run, rows: Path) -> None:
    assert run("read", rows, "--json", as_json=False).result["rows"] == 60
    assert cli.split_json(["read", "--", "--json"]) == (["read", "--", "--json"], False)


def test_file_names_may_follow_two_dashes(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(tmp_path / "-a.csv", messages(1))
    monkeypatch.chdir(tmp_path)

    assert run("convert", "--", "-a.csv", "-b.jsonl").result["out"] == str(tmp_path / "-b.jsonl")


def test_overwrite_loses_nothing_that_is_no_model(run: Run, rows: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "diary.txt").write_text("mine", encoding="utf-8")

    told = run("train", rows, *SMALL, "--out", out, "--overwrite")

    assert told.code == 0, told.out
    assert (out / "model.safetensors").is_file()
    assert [path.read_text(encoding="utf-8") for path in (home / "trash").rglob("diary.txt")] == ["mine"]
    assert run("train", rows, *SMALL, "--out", tmp_path, "--overwrite").error["code"] == "out-holds-more"
    assert rows.is_file()


def test_help_after_a_task_leaves_out_what_means_nothing_for_it(run: Run) -> None:
    whole, chat, sort = (
        run(*words, as_json=False).out
        for words in (
            ("train", "--help"),
            ("train", "--task", "chat", "--help"),
            ("train", "--task", "classify", "--help"),
        )
    )

    assert "--rank" in whole and "--class-weights" in whole and "--label" in whole
    assert "--rank" in chat and "--question" in chat
    assert not any(flag in chat for flag in ("--class-weights", "--label-smoothing", "--label "))
    assert "--class-weights" in sort and "--rank" not in sort and "--head-factor" in sort, "a continued one has a head"


def test_every_knob_is_a_flag_of_train(run: Run) -> None:
    text = run("train", "--help").result["text"]

    for owner in cli.train.training_owners():
        assert all(each.flag in text for each in knobs(owner))


def test_people_read_tables_and_no_colours(run: Run, rows: Path, sorter: Path) -> None:
    told = run("read", rows, as_json=False)
    answer = run("predict", sorter, "--text", "parcel", as_json=False)

    assert "distinct" in told.out
    assert "label" in answer.out
    assert "\x1b" not in told.out + told.err + answer.out + answer.err
    assert "{" not in told.out


def test_an_error_with_brackets_is_shown_as_it_is(run: Run) -> None:
    told = run("read", "[red]none[/red].csv", as_json=False)

    assert told.code == 1
    assert told.out == ""
    assert "[red]none[/red].csv" in told.err


def test_help_and_read_load_no_tensors_in_this_process() -> None:
    script = (
        "import sys\nfrom slm_studio.__main__ import main\n"
        "code = main(sys.argv[1:])\n"
        "assert not {'torch', 'transformers', 'pyarrow', 'numpy', 'PySide6'} & set(sys.modules), 'too much'\nsys.exit(code)"
    )
    path = Path(__file__).parents[2] / "resources" / "samples" / "en" / "messages.csv"

    for words in (["--json", "--help"], ["--json", "read", str(path)]):
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=dict(os.environ),
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert Told(0, done.stdout, done.stderr).result


def test_a_folder_is_read_by_the_names_in_it_and_a_file_beside_is_offered(run: Run, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    train = write_rows(tmp_path / "set" / "train.csv", messages())
    test = write_rows(tmp_path / "set" / "test.csv", messages()[:9])

    folder, alone = run("read", tmp_path / "set").result, run("read", train).result

    assert folder["rows"] == alone["rows"] == 60
    assert any(remark["code"] == "split-by-files" for remark in folder["report"]["remarks"])
    assert alone["report"]["offered"] == {"test": str(test)}


def test_a_model_is_imported_and_data_is_not(run: Run, trained: Path, tmp_path: Path, rows: Path) -> None:
    assert run("export", trained / "sorter", tmp_path / "m.zip", "--to", "zip").code == 0
    refused = run("read", tmp_path / "m.zip").error
    assert refused["code"] == "is-a-model" and "import" in refused["hint"]

    taken = run("import", tmp_path / "m.zip", "--out", tmp_path / "taken").result

    assert taken["model"] == str(tmp_path / "taken") and taken["task"] == "classify" and taken["bytes"] > 0
    assert run("predict", tmp_path / "taken", "--text", "where is my parcel").result["items"]
    assert run("import", rows).error["code"] == "archive-kind"
