"""Bad input gets a sentence and loses nothing: every case through the command line, as a program would meet it.

Each sentence names the thing, the hint names the next step, the status is 1, no temporary stays behind, and no run or
model that never began does.
"""

import errno
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from slm_studio import cli, engine
from slm_studio.cli import command
from slm_studio.core.run import list_runs
from slm_studio.core.saved import list_models
from slm_studio.engine.advice import advise, advising
from slm_studio.host.engines import Engines
from tests.cli.commands import SMALL, Run, leftovers, messages, runner, write_rows
from tests.hub_server import TOKEN, Fault, HubServer

NAMED = ("--task", "classify", "--text", "text", "--label", "label")
LONELY = "a\udc80b \ud800"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(place / "home"))
        patch.setattr(command, "Engines", lambda settings: Engines(settings, door=engine))
        assert (
            cli.main(["train", str(write_rows(place / "rows.csv", messages())), *SMALL, "--out", str(place / "model")])
            == 0
        )
    return place / "model"


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "model"))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.csv", messages())


def nothing_stayed(home: Path) -> bool:
    return not (leftovers(home) or list_runs() or list_models() or any((home / "models").glob("*")))


# Files

FILES: dict[str, tuple[bytes, tuple[str, ...], str]] = {
    "empty": (b"", (), "file-empty"),
    "only a mark": (b"\xef\xbb\xbf", (), "file-bom-only"),
    "header only": (b"text,label\n", (), "no-rows"),
    "binary": (bytes(range(256)) * 20, (), "file-binary"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(300), (), "is-a-picture"),
    "one class": (b"text,label\n" + b"".join(b"row %d,a\n" % n for n in range(30)), NAMED, "one-class"),
    "two rows": (b"text,label\nhello,a\nbye,b\n", NAMED, "too-few-rows"),
    "labels as many as rows": (b"text,label\n" + b"".join(b"row %d,l%d\n" % (n, n) for n in range(40)), NAMED, "too-many-labels"),
    "no labels at all": (b"text,label\n" + b"".join(b"row %d,\n" % n for n in range(30)), NAMED, "too-few-rows"),
    "no texts at all": (b"text,label\n" + b"".join(b",%d\n" % (n % 2) for n in range(30)), NAMED, "no-text"),
    "too short to write": (b"hello\nbye\n", ("--task", "write"), "too-little-text"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_from_which_nothing_can_be_learnt(run: Run, tmp_path: Path, home: Path, case: str) -> None:
    content, words, code = FILES[case]
    path = tmp_path / "文 data.csv"
    path.write_bytes(content)

    error = run("train", path, *words, *(SMALL[2:] if "write" in words else SMALL)).error

    assert error["code"] == code
    assert nothing_stayed(home)
    assert path.read_bytes() == content


def test_the_sentence_counts_the_rows_of_the_file_and_not_of_a_share(run: Run, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", [(f"row {n}", "same") for n in range(30)])

    assert "All 30 rows" in run("train", path, *NAMED, *SMALL).error["message"]

    few = write_rows(tmp_path / "b.csv", [("one", "a"), ("two", "b"), ("three", "c")])
    assert "Only 3 rows" in run("train", few, *NAMED, *SMALL).error["message"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing.csv", "file-missing"),
        (".", "no-files"),
        ("x" * 5000, "too-long"),
        ("a\0b", "file-missing"),
        ("a\udc80.csv", "file-missing"),
    ],
)
def test_a_name_behind_which_no_file_stands(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str
) -> None:
    monkeypatch.chdir(tmp_path)

    for verb in (["read", name], ["train", name, *SMALL], ["convert", name, "out.csv"]):
        assert run(*verb).error["code"] == code
    assert nothing_stayed(home)
    assert not (tmp_path / "out.csv").exists()


def test_rows_with_empty_labels_are_left_out(run: Run, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", [*messages(), *((f"nothing {n}", "") for n in range(20))])

    told = run("train", path, *SMALL)

    assert told.code == 0
    assert "" not in list_models()[0].facts["labels"]
    assert sum(list_models()[0].rows.values()) == 60


def test_lone_surrogates_in_a_file_do_not_stop_a_training(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        "\n".join(json.dumps({"text": f"hi \ud800 {n}", "label": "xy"[n % 2]}) for n in range(40)), encoding="ascii"
    )

    assert run("train", path, *SMALL).code == 0


# Held-out files


def test_a_label_that_training_never_saw_counts_as_wrong(run: Run, model: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "test.csv", [*messages(1), ("something", "never seen")])

    result = run("evaluate", model, path).result

    assert result["per_label"]["never seen"]["recall"] == 0
    assert result["per_label"]["never seen"]["support"] == 1
    assert result["rows"] == 13


def test_held_out_rows_without_any_known_label_are_scored_and_do_not_stop_a_training(
    run: Run, rows: Path, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "test.csv", [("foo", "never"), ("bar", "never")])

    result = run("train", rows, "--test", path, "--validation", path, *SMALL).result

    assert result["metrics"]["accuracy"] == 0


def test_a_test_file_without_labels_is_not_replaced_in_silence(
    run: Run, rows: Path, tmp_path: Path, home: Path
) -> None:
    path = write_rows(tmp_path / "test.csv", [("foo", ""), ("bar", "")])

    error = run("train", rows, "--test", path, *SMALL).error

    assert error["code"] == "no-labels-held-out"
    assert nothing_stayed(home)


def test_a_test_file_with_other_columns(run: Run, rows: Path, tmp_path: Path, home: Path) -> None:
    path = write_rows(tmp_path / "test.csv", messages(1), header=("a", "b"))

    assert run("train", rows, "--test", path, *SMALL).error["code"] == "columns-differ"
    assert nothing_stayed(home)


# Texts


@pytest.mark.parametrize("text", ["", " ", "\n\t　"])
def test_a_text_without_a_word_has_no_answer(run: Run, model: Path, text: str) -> None:
    assert run("predict", model, "--text", text).error["code"] == "text-empty"


@pytest.mark.parametrize("text", ["a\0b", LONELY, "word " * 210_000, "👩‍👩‍👧 \u202e", "x" * 100_000])
def test_a_strange_text_is_answered(run: Run, model: Path, text: str) -> None:
    items = run("predict", model, "--text", text).result["items"]

    assert sum(each["score"] for each in items) == pytest.approx(1)


def test_a_text_too_long_for_the_engine_is_a_sentence(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["predict", str(model), "--text", "word " * 210_000, "--json"])  # a real engine process

    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == 1
    assert last["error"]["code"] == "line-too-long"


# Models


def _edit(name: str, change: Callable[[dict], object]) -> Callable[[Path], object]:  # type: ignore[type-arg]
    def edit(folder: Path) -> None:
        plain = json.loads((folder / name).read_text(encoding="utf-8"))
        change(plain)
        (folder / name).write_text(json.dumps(plain), encoding="utf-8")

    return edit


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "weights cut": (lambda folder: _cut(folder, -1000), "model-cut"),
    "weights cut to a stump": (lambda folder: _cut(folder, 5), "model-cut"),
    "config missing": (lambda folder: (folder / "config.json").unlink(), "model-no-config"),
    "config broken": (lambda folder: (folder / "config.json").write_text("{"), "model-damaged"),
    "no tokenizer": (lambda folder: (folder / "bag_tokenizer.json").unlink(), "model-no-tokenizer"),
    "no studio.json": (lambda folder: (folder / "studio.json").unlink(), "not-a-model"),
    "studio.json broken": (lambda folder: (folder / "studio.json").write_text("[1,"), "file-damaged"),
    "studio.json empty": (lambda folder: (folder / "studio.json").write_text("{}"), "file-damaged"),
    "studio.json a list": (lambda folder: (folder / "studio.json").write_text("[1]"), "file-damaged"),
    "too few labels": (
        _edit("studio.json", lambda plain: plain["facts"].update(labels=["a", "b"])),
        "model-labels-differ",
    ),
    "too many labels": (
        _edit("studio.json", lambda plain: plain["facts"].update(labels=list("abcde"))),
        "model-labels-differ",
    ),
    "labels that are none": (
        _edit("studio.json", lambda plain: plain["facts"].update(labels=[1, None, {}])),
        "model-labels-differ",
    ),
    "labels in a word": (
        _edit("studio.json", lambda plain: plain["facts"].update(labels="abc")),
        "model-labels",
    ),
    "length in words": (_edit("studio.json", lambda plain: plain["facts"].update(max_length="x")), "model-damaged"),
    "another task": (_edit("studio.json", lambda plain: plain.update(task="write")), "model-task"),
    "unknown task": (_edit("studio.json", lambda plain: plain.update(task="nosuch")), "no-such-task"),
    "labels of the config": (_edit("config.json", lambda plain: plain.update(id2label={"0": "a"})), "model-misfit"),
}


def _cut(folder: Path, end: int) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:end])


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_not_used(run: Run, model: Path, rows: Path, tmp_path: Path, damage: str) -> None:
    harm, code = DAMAGES[damage]
    harm(model)

    assert run("predict", model, "--text", "hello").error["code"] == code
    assert run("evaluate", model, rows).error["code"] == code
    assert run("export", model, tmp_path / "copy.zip").error["code"] == code
    assert run("predict", model, "--file", rows, "--out", tmp_path / "out.csv").error["code"] == code
    assert not (tmp_path / "copy.zip").exists()
    assert not (tmp_path / "out.csv").exists()
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("damage", ["weights cut", "config missing", "config broken", "no tokenizer"])
def test_a_damaged_base_leaves_no_run(run: Run, model: Path, rows: Path, home: Path, damage: str) -> None:
    harm, code = DAMAGES[damage]
    harm(model)

    assert run("train", rows, "--base", model, *SMALL[2:]).error["code"] == code
    assert nothing_stayed(home)


def test_a_damaged_lineage_of_the_base_does_not_cost_the_model(run: Run, model: Path, rows: Path) -> None:
    DAMAGES["studio.json broken"][0](model)

    assert run("train", rows, "--base", model, *SMALL[2:]).code == 0


def test_the_file_of_a_model_that_is_missing_is_named(run: Run, model: Path) -> None:
    DAMAGES["no tokenizer"][0](model)

    assert "there is no bag_tokenizer.json." in run("predict", model, "--text", "hello").error["message"]


@pytest.mark.parametrize(
    ("model", "code"), [("nomodel", "not-a-model"), (".", "not-a-model"), ("rows.csv", "not-a-model")], indirect=False
)
def test_what_is_no_model(
    run: Run, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, code: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run("predict", model, "--text", "hello").error["code"] == code


# The hub


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands with a client that gives up soon."""
    from slm_studio.engine.sharing import hub as client
    from slm_studio.engine.sharing.download import Patience

    soon = Patience(connect=2.0, read=2.0, attempts=3, pause=0.01, longest=0.2)
    monkeypatch.setattr(engine, "fetch", _advised(partial(client.fetch_model, patience=soon)))
    monkeypatch.setattr(
        engine,
        "publish",
        _advised(lambda folder, *rest, **more: client.publish_model(Path(folder), *rest, **more, patience=soon)),
    )
    return runner(monkeypatch, capsys)


def _advised(verb: Callable[..., Iterator[object]]) -> Callable[..., Iterator[object]]:
    def advised(*words: object, **named: object) -> Iterator[object]:
        with advising():
            yield from verb(*words, **named)

    return advised


def test_a_hub_that_cannot_be_reached(
    hurried: Run, model: Path, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    nowhere = ("--endpoint", "http://127.0.0.1:9")

    assert hurried("fetch", "ada/x", *nowhere, "--out", tmp_path / "got").error["code"] == "hub-unreachable"
    assert hurried("publish", model, "ada/x", *nowhere).error["code"] == "hub-unreachable"
    assert nothing_stayed(home)
    assert not (tmp_path / "got").exists()


def test_a_wrong_token_is_said_and_never_shown(
    hurried: Run, model: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrongTokenForTests")

    told = hurried("publish", model, "ada/x", "--endpoint", hub.endpoint)

    assert told.error["code"] == "hub-token"
    assert "HF_TOKEN" in told.error["hint"]
    assert "hf_wrongTokenForTests" not in told.out + told.err
    assert not hub.repos


def test_without_a_token_nothing_is_published(
    hurried: Run, model: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)

    error = hurried("publish", model, "ada/x", "--endpoint", hub.endpoint).error

    assert error["code"] == "hub-no-token"
    assert not hub.seen


def test_a_connection_that_drops_leaves_no_half_model_and_the_next_fetch_goes_on(
    hurried: Run, model: Path, hub: HubServer, home: Path, tmp_path: Path
) -> None:
    hub.add_model("ada/tiny", {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()})
    hub.faults += [
        Fault("/get/", kind="drop", after=1000),
        Fault("/get/", kind="drop", times=1000),
    ]
    words = ("fetch", "ada/tiny", "--endpoint", hub.endpoint, "--out", tmp_path / "got")

    assert hurried(*words).error["code"] in ("hub-dropped", "hub-unreachable")
    assert not (tmp_path / "got").exists()
    assert not list_models()

    hub.faults.clear()
    result = hurried(*words).result
    assert set(result) == {"model", "commit", "bytes"}
    assert hurried("predict", tmp_path / "got", "--text", "hello").code == 0


@pytest.mark.parametrize(("name", "code"), [("a b", "hub-name"), ("ada/none", "hub-not-found")])
def test_a_name_that_no_hub_has(hurried: Run, hub: HubServer, name: str, code: str) -> None:
    assert hurried("fetch", name, "--endpoint", hub.endpoint).error["code"] == code


# The disk


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the app a disk of 48 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        sys.platform != "linux"
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(place)], capture_output=True
        ).returncode
    ):
        pytest.skip("a disk of our own cannot be mounted here (that needs root on Linux)")
    monkeypatch.setenv("SLM_STUDIO_HOME", str(place / "home"))
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_ends_the_run_in_a_sentence_and_it_goes_on_when_there_is_room(
    run: Run, rows: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slm_studio.engine.training import checkpoint

    ballast, saved, real = small_disk / "ballast", [], checkpoint.save_checkpoint

    def save(folder: Path, *rest: object) -> Path:
        saved.append(folder)
        if len(saved) == 3:
            _fill(ballast)
        return real(folder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(checkpoint, "save_checkpoint", save)
    told = run(
        "train",
        rows,
        "--base",
        "blank:bag-nano",
        "--epochs",
        "8",
        "--precision",
        "fp32",
        "--place",
        "thread",
        "--checkpoint-seconds",
        "0",
    )

    assert told.error["code"] == "disk-full"
    found = list_runs()[0]
    assert f"slm-studio runs resume {found.id}" in told.error["hint"]
    assert found.can_resume
    assert not leftovers(small_disk)
    assert not list_models()
    ballast.unlink()
    assert run("runs", "resume", found.id, "--place", "thread").result["run"] == found.id


def test_a_full_disk_while_reading_leaves_nothing(run: Run, tmp_path: Path, small_disk: Path) -> None:
    path = write_rows(tmp_path / "big.csv", [("word " * 20_000 + str(n), "a") for n in range(20)])
    (small_disk / "home").mkdir()
    _fill(small_disk / "ballast")

    assert run("read", path).error["code"] == "disk-full"
    assert not leftovers(small_disk)


def _fill(path: Path) -> None:
    try:
        with path.open("wb", buffering=0) as stream:
            while stream.write(b"x" * 4096) == 4096:
                pass
    except OSError as error:
        assert error.errno == errno.ENOSPC


def test_the_system_errors_of_rust_libraries_are_understood() -> None:
    class SafetensorError(Exception):
        pass

    error = advise(SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"))

    assert error.code == "disk-full"


# Places


def test_a_model_that_its_folder_does_not_take_is_not_lost(
    run: Run, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slm_studio.cli import destination

    def refuse(model: object, out: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(destination, "relocate", refuse)

    error = run("train", rows, *SMALL, "--out", tmp_path / "out").error

    assert error["code"] == "out-refused"
    assert list_models()[0].folder in error["hint"]


def test_a_home_that_is_a_file(run: Run, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("mine", encoding="utf-8")
    monkeypatch.setenv("SLM_STUDIO_HOME", str(blocked))

    assert run("train", rows, *SMALL).error["code"] == "in-the-way"
    assert blocked.read_text(encoding="utf-8") == "mine"
