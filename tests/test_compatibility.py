"""What versions before this one wrote still opens; what a newer one wrote is refused in words.

Each folder below tests/compatibility was written by the code of its day with: python -m tests.compatibility.make NAME
"""

import json
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core import codec, corrections, files, paths
from slm_studio.core.dataset import Dataset, ReadOptions, list_datasets, open_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Step
from slm_studio.core.report import CaseReader, Wanted, read_report
from slm_studio.core.run import STOPPED, History, list_runs, open_run
from slm_studio.core.saved import list_models, open_saved
from slm_studio.core.settings import Settings, load_settings
from tests.cli.commands import Run, runner

VERSIONS = sorted(path.parent for path in (Path(__file__).parent / "compatibility").glob("*/recorded.json"))
NEWER = codec.FORMAT + 1


@dataclass(frozen=True)
class Before:
    """The app folder of an older version, moved to where this test looks, and what the version said of it."""

    home: Path
    models: dict[str, dict]
    runs: dict[str, dict]
    stopped: dict[str, dict]


@pytest.fixture(params=VERSIONS, ids=lambda folder: folder.name)
def before(request: pytest.FixtureRequest, home: Path) -> Before:
    shutil.copytree(request.param, home)
    recorded = json.loads((home / "recorded.json").read_text(encoding="utf-8"))
    former = recorded.pop("home")
    for path in home.rglob("*.json"):
        if "checkpoints" not in path.parts:  # whose hashes are part of what is tested
            files.write_json(path, moved(json.loads(path.read_text(encoding="utf-8")), former, home))
    return Before(home=home, **recorded)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


def moved(value: object, former: str, home: Path) -> object:
    """Return a JSON value with the paths of a home that is elsewhere now."""
    if isinstance(value, dict):
        return {key: moved(item, former, home) for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item, former, home) for item in value]
    if isinstance(value, str) and value.startswith(former):
        return str(home.joinpath(*value[len(former) :].strip("/\\").replace("\\", "/").split("/")))
    return value


def test_there_is_something_to_open() -> None:
    if not (Path(__file__).parents[1] / ".git").exists():
        pytest.skip("the folders of older versions travel in no package: only a checkout has them")
    assert VERSIONS


def test_runs_are_listed_and_shown(before: Before, run: Run) -> None:
    listed = {each["id"]: each for each in run("runs", "list").result["runs"]}

    assert set(listed) == {*before.runs, *before.stopped}
    for identity, known in before.runs.items():
        shown = run("runs", "show", identity).result
        assert shown["state"] == listed[identity]["state"] == "finished"
        assert (shown["metrics"], shown["steps"]) == (known["metrics"], known["steps"])
        assert Path(shown["model"]) == paths.models() / known["model"]
        assert shown["recipe"]["roles"]
        events = [line["event"] for line in History(open_run(paths.runs() / identity).path).lines()]
        assert events[0] and events.count("step") == known["steps"] and events[-1] == "finished"


def test_models_answer_and_score_as_they_did(before: Before, run: Run) -> None:
    assert {model.name for model in list_models()} == set(before.models)
    for name, known in before.models.items():
        folder, (verb, *ask) = paths.models() / name, known["ask"]
        answer = run(verb, folder, *ask).result
        scores = run("evaluate", folder, before.home / known["file"]).result["metrics"]

        assert answer.get("text") == known["answer"].get("text")
        for item, former in zip(answer.get("items", ()), known["answer"].get("items", ()), strict=True):
            assert item == pytest.approx(former, rel=1e-4) if not isinstance(item, dict) else same(item, former)
        for key, value in known["scores"].items():
            assert scores[key] == pytest.approx(value, rel=1e-4), (name, key)


def same(item: dict, former: dict) -> bool:
    return item["label"] == former["label"] and item["score"] == pytest.approx(former["score"], rel=1e-4)


def test_reports_are_read_with_their_rows(before: Before) -> None:
    for name, known in before.models.items():
        folder = paths.models() / name / "report"
        report = read_report(folder)
        assert report is not None
        cases = CaseReader(folder, Wanted()).read(1000, 10.0)

        assert len(cases) == len((folder / "cases.jsonl").read_text(encoding="utf-8").strip().split("\n"))
        assert all(case.text("text") for case in cases)
        assert {metric.key: metric.value for metric in report.metrics} == pytest.approx(
            {key: value for key, value in known["scores"].items() if not key.endswith("_interval")}, rel=1e-4
        )
        assert report.baselines


def test_a_stopped_run_goes_on_to_its_end(before: Before) -> None:
    for identity, known in before.stopped.items():
        stopped = open_run(paths.runs() / identity)
        assert (stopped.state, stopped.step, stopped.can_resume) == (STOPPED, known["step"], True)

        *events, last = engine.resume(stopped)

        assert isinstance(last, Finished)
        losses = [event.loss for event in events if isinstance(event, Step)]
        assert losses == pytest.approx(known["losses"][known["step"] :], rel=1e-3)
        assert Path(last.result.folder).is_dir()


def test_datasets_settings_and_corrections_are_read(before: Before) -> None:
    (messages,) = (each for each in list_datasets() if each.name == "messages.csv")
    (*_, again) = engine.read(str(before.home / "messages.csv"))

    assert load_settings() == Settings(language="zh_CN", theme="dark", threads=2, namespace="ada", notify=False)
    assert again.result.id == messages.id and len(list_datasets()) == 2
    correction = corrections.correction_of(messages)
    assert correction is not None
    assert (correction.task, correction.roles) == ("classify", {"text": "message", "label": "about"})
    assert corrections.options_of(Path(messages.source)) == ReadOptions(delimiter=",", encoding="utf-8")


def raise_number(path: Path) -> Path:
    files.write_json(path, json.loads(path.read_text(encoding="utf-8")) | {"format": NEWER})
    return path.parent


KINDS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "model": ("models/bag/studio.json", lambda folder: list(engine.open(str(folder), "cpu"))),
    "model to import": ("models/bag/studio.json", lambda folder: list(engine.adopt(str(folder)))),
    "run": ("runs/*-bag-2/state.json", lambda folder: list(engine.resume(list_runs_and(folder)))),
    "run's recipe": ("runs/*-bag-2/recipe.json", lambda folder: list(engine.resume(open_run(folder)))),
    "run's dataset": ("runs/*-bag-2/dataset.json", lambda folder: list(engine.resume(open_run(folder)))),
    "dataset": ("datasets/messages-*/dataset.json", open_dataset),
    "report": ("models/bag/report/report.json", read_report),
}


def list_runs_and(folder: Path) -> object:
    assert folder.name not in {run.id for run in list_runs()}  # like a damaged one it costs only itself
    return open_run(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_a_newer_version_is_refused_in_words(kind: str, before: Before) -> None:
    pattern, use = KINDS[kind]
    (path,) = before.home.glob(pattern)
    folder = raise_number(path)
    content = {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}

    with pytest.raises(StudioError) as caught:
        use(folder)

    assert caught.value.code == codec.NEWER
    assert caught.value.values["path"] == ("studio.json" if "import" in kind else str(path))
    assert "newer version" in str(caught.value)
    assert caught.value.advice.startswith("Update SLM Studio")
    changed = {each.name for each in content if each.read_bytes() != content[each]}
    assert changed <= {"state.json"}  # where a run that could not begin says why


def test_a_command_says_it_too(before: Before, run: Run) -> None:
    folder = raise_number(paths.models() / "bag" / "studio.json")

    assert run("predict", folder, "--text", "a").error["code"] == codec.NEWER


def test_what_is_written_now_bears_the_number(before: Before) -> None:
    stopped = next(iter(before.stopped))
    *_, last = engine.resume(open_run(paths.runs() / stopped))
    run_folder, model = paths.runs() / stopped, Path(last.result.folder)
    (*_, read) = engine.read(str(paths.resources() / "samples" / "en" / "messages.csv"))
    assert isinstance(read.result, Dataset)

    written = (
        run_folder / "state.json",
        model / "studio.json",
        model / "report" / "report.json",
        Path(read.result.folder) / "dataset.json",
    )
    assert {files.read_object(path)["format"] for path in written} == {codec.FORMAT}
    assert open_saved(model).name == last.result.name


def test_old_folders_travel_in_no_package() -> None:
    root = Path(__file__).parents[1]
    targets = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]

    assert targets["wheel"]["packages"] == ["slm_studio"]
    for folder in VERSIONS:
        assert any(folder.relative_to(root).match(pattern) for pattern in targets["sdist"]["exclude"])
