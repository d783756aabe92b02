"""Runs: a run that was stopped, killed or paused ends exactly as an undisturbed one."""

import json
import math
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from slm_studio import engine
from slm_studio.core import codec, curves, files, paths
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Evaluated, Event, Finished, Note, Saved, Started, Step
from slm_studio.core.lock import FileLock
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import FAILED, FINISHED, STOPPED, History, create_run, open_run
from slm_studio.core.saved import SavedModel, list_models, open_saved, save_facts
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training import checkpoint, finish, runs, trainer
from slm_studio.engine.training.optimizer import Optimizers
from slm_studio.engine.training.trainer import Trainer
from tests.engine.training.conftest import losses, result
from tests.tasks import fodder


def weights(model: SavedModel) -> dict[str, torch.Tensor]:
    return load_file(Path(model.folder) / "model.safetensors")


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_ends_in_a_model_with_its_history_and_report(book: Dataset, recipe: Recipe) -> None:
    run = create_run(recipe, book)

    events = list(engine.train(recipe, book, run))

    model = events[-1].result
    assert isinstance(model, SavedModel)
    assert open_saved(Path(model.folder)) == model
    assert {"perplexity", "bits_per_byte", "loss"} <= set(model.metrics)
    assert {"unigram", "xz"} <= set(model.baseline)
    assert [step.step for step in model.lineage] == ["data", "training", "output"]
    assert (Path(model.folder) / "README.md").exists()
    assert open_run(run.path).state == FINISHED
    kinds = [line["event"] for line in History(run.path).lines()]
    assert kinds.index("saved") < kinds.index("step")  # checkpoint 0 precedes step 1
    assert kinds[-1] == "finished"
    steps = [event for event in events if isinstance(event, Step)]
    assert len(curves.read_curves(run.path)) == len(steps) * curves.RECORD.size
    assert [step.n for step in steps] == list(range(1, len(steps) + 1))


def test_settings_that_mean_nothing_are_said_and_left_out(tmp_path: Path) -> None:
    fed = fodder("classify")
    rows = result(engine.read(str(fed.write(tmp_path))))
    odd = make_recipe("classify", base="blank:bag-nano", roles=fed.roles, settings={"epochs": 1, "layers": (8,)})

    for recipe, said in ((odd, ["layers"]), (odd.settled(), [])):
        events = list(engine.train(recipe, rows, create_run(recipe, rows)))

        notes = [each.values for each in events if isinstance(each, Note) and each.code == "settings-unheeded"]
        assert [each["settings"] for each in notes] == said


def test_held_out_rows_are_read_once_more_only_where_they_tell_more(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not task_of("write").calibrates and task_of("classify").calibrates
    monkeypatch.delattr(runs, "observe_all")  # a chat's held-out rows took 100 s of nothing

    assert isinstance(list(engine.train(recipe, book, create_run(recipe, book)))[-1], Finished)


def test_a_model_that_another_program_saves_meanwhile_under_the_same_name_stays(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(replace(recipe, name="poet"), book)
    others = paths.models() / "poet"

    def keep_late(model: SavedModel, folder: Path | None = None) -> None:
        if not others.exists():  # the other program is done first
            others.mkdir(parents=True)
            (others / "weights").write_text("of somebody else")
        save_facts(model, folder)

    monkeypatch.setattr(finish, "save_facts", keep_late)

    model = list(engine.train(recipe, book, run))[-1].result

    assert (others / "weights").read_text() == "of somebody else"
    assert Path(model.folder).name == "poet-2"
    assert open_saved(Path(model.folder)).run == run.id


def test_a_consumer_that_leaves_after_the_last_event_changes_nothing(book: Dataset, recipe: Recipe) -> None:
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    while not isinstance(next(work), Finished):
        pass

    work.close()

    assert open_run(run.path).state == FINISHED


def test_the_same_recipe_and_data_give_the_same_losses(book: Dataset, recipe: Recipe, whole: list[Event]) -> None:
    again = list(engine.train(recipe, book, create_run(recipe, book)))

    assert losses(again) == losses(whole)
    assert_same(weights(again[-1].result), weights(whole[-1].result))


@pytest.mark.parametrize("stop_at", [1, 7])
def test_a_stopped_run_resumes_bit_by_bit(book: Dataset, recipe: Recipe, whole: list[Event], stop_at: int) -> None:
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    before: list[Event] = []
    for event in work:
        before.append(event)
        if isinstance(event, Step) and event.n == stop_at:
            break
    work.close()
    assert open_run(run.path).state == STOPPED

    after = list(engine.resume(open_run(run.path)))

    assert losses(before) + losses(after) == losses(whole)
    assert_same(weights(after[-1].result), weights(whole[-1].result))
    numbers = [line["n"] for line in History(run.path).lines() if line["event"] == "step"]
    assert numbers == list(range(1, len(numbers) + 1))
    evaluated = [(event.n, event.loss, event.best) for event in before + after if isinstance(event, Evaluated)]
    assert evaluated == [(event.n, event.loss, event.best) for event in whole if isinstance(event, Evaluated)]


@pytest.mark.parametrize("base", ["blank:bag-nano", "blank:rnn-nano"])
@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adamw"}, {"optimizer": "adam", "l1": 1e-4}, {"optimizer": "rmsprop", "l2": 1e-4}, {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.9},
    ],
    ids=str,
)  # fmt: skip
def test_with_every_optimizer_a_stopped_run_resumes_bit_by_bit(
    settings: dict[str, object], base: str, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "".join(f"{['red', 'green'][n % 2]} tea {n},{n % 2}\n" for n in range(40)))
    rows = list(engine.read(str(path)))[-1].result
    roles, common = {"text": "text", "label": "label"}, {"epochs": 3, "batch": 8, "precision": "fp32", "patience": 0}
    recipe = make_recipe("classify", base=base, roles=roles, settings=common | settings)
    whole = list(engine.train(recipe, rows, create_run(recipe, rows)))
    run = create_run(recipe, rows)
    before: list[Event] = []
    work = engine.train(recipe, rows, run)
    for event in work:
        before.append(event)
        if isinstance(event, Step) and event.n == 5:
            break
    work.close()

    after = list(engine.resume(open_run(run.path)))

    assert losses(before) + losses(after) == losses(whole) and len(losses(whole)) == 15
    assert_same(weights(after[-1].result), weights(whole[-1].result))


def test_a_run_whose_process_vanished_resumes_from_the_last_checkpoint(
    book: Dataset, recipe: Recipe, whole: list[Event]
) -> None:
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    for event in work:
        if isinstance(event, Step) and event.n == 9:
            break
    kept = checkpoint.newest(run.path / "checkpoints")
    assert kept is not None
    files.write_json(run.path / "backup.json", files.read_json(kept / "position.json"))
    # What SIGKILL leaves: the state as it was, without the checkpoint that a clean stop writes.
    state, history = (run.path / "state.json").read_bytes(), (run.path / "history.jsonl").read_bytes()
    work.close()
    for path in checkpoint.numbered(run.path / "checkpoints"):
        if path != kept:
            __import__("shutil").rmtree(path)
    (run.path / "state.json").write_bytes(state)
    (run.path / "history.jsonl").write_bytes(history)

    after = list(engine.resume(open_run(run.path)))

    started = next(event for event in after if isinstance(event, Started))
    assert started.n == 0
    assert losses(after) == losses(whole)
    assert_same(weights(after[-1].result), weights(whole[-1].result))
    told = [line["n"] for line in History(run.path).lines() if line["event"] == "step"]
    assert told == list(range(1, len(losses(whole)) + 1))  # the nine steps that were lost are told once
    assert len(curves.read_curves(run.path)) == len(told) * curves.RECORD.size


def test_a_run_that_is_stopped_while_it_is_scored_goes_on_to_score_the_same_model(
    book: Dataset, recipe: Recipe
) -> None:
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    while not list_models():
        next(work)
    work.close()
    assert open_run(run.path).state == STOPPED

    model = list(engine.resume(open_run(run.path)))[-1].result

    assert [each.folder for each in list_models()] == [model.folder] and model.intervals
    assert open_run(run.path).state == FINISHED and open_run(run.path).model == model.folder


def test_any_checkpoint_can_be_kept_as_a_model(book: Dataset, often: Recipe) -> None:
    run = create_run(often, book)
    work = engine.train(often, book, run)
    for event in work:
        if isinstance(event, Saved) and event.n == 8:
            break

    model = list(engine.keep(run, None))[-1].result  # while the run is at work

    assert isinstance(model, SavedModel)
    assert model.steps == 8
    work.close()


@pytest.mark.parametrize(
    "harm", [("model/model.safetensors", lambda data: data[:-1]), ("manifest.json", lambda _: b"[]")]
)
def test_a_torn_checkpoint_is_passed_over(book: Dataset, often: Recipe, harm: tuple) -> None:
    run = create_run(often, book)
    work = engine.train(often, book, run)
    for event in work:
        if isinstance(event, Step) and event.n == 5:
            break
    work.close()
    newest = checkpoint.newest(run.path / "checkpoints")
    assert newest is not None
    torn, tear = newest / harm[0], harm[1]
    torn.write_bytes(tear(torn.read_bytes()))

    older = checkpoint.newest(run.path / "checkpoints")

    assert older is not None
    assert older != newest
    assert isinstance(list(engine.resume(open_run(run.path)))[-1], Finished)


def test_a_run_at_work_elsewhere_is_left_alone(book: Dataset, recipe: Recipe) -> None:
    run = create_run(recipe, book)
    lock = FileLock(run.path / "lock")
    lock.acquire()

    with pytest.raises(StudioError) as caught:
        list(engine.train(recipe, book, run))

    assert caught.value.code == "run-busy"
    lock.release()


def test_a_rate_that_diverges_stops_with_advice_and_a_sound_checkpoint(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(recipe, book)
    monkeypatch.setattr(Optimizers, "step", lambda self, factor: float("nan"))

    with pytest.raises(StudioError) as caught:
        list(engine.train(recipe, book, run))

    assert caught.value.code == "diverged"
    state = open_run(run.path)
    assert state.state == FAILED
    assert state.problem is not None
    assert state.problem["code"] == "diverged"
    assert checkpoint.newest(run.path / "checkpoints") is not None


def test_a_full_disk_fails_in_words_and_the_run_goes_on_later(
    book: Dataset, often: Recipe, whole: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(often, book)
    real = checkpoint.save_file

    def full(tensors: object, path: Path) -> None:
        if len(list(run.path.glob("checkpoints/0*"))) >= 2:
            raise OSError(28, "No space left on device", str(path))
        real(tensors, path)

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(StudioError) as caught:
        list(engine.train(often, book, run))
    monkeypatch.setattr(checkpoint, "save_file", real)

    assert caught.value.code == "disk-full"
    assert not list(run.path.glob("checkpoints/.partial*"))
    after = list(engine.resume(open_run(run.path)))
    assert_same(weights(after[-1].result), weights(whole[-1].result))


def test_no_checkpoint_with_a_number_that_is_none_ever_stands(book: Dataset, often: Recipe) -> None:
    run = create_run(often, book)
    work = engine.train(often, book, run)
    real, trainers = Trainer.events, []
    with pytest.MonkeyPatch.context() as patch, pytest.raises(StudioError) as caught:
        patch.setattr(Trainer, "events", lambda self: (trainers.append(self), real(self))[1])
        for event in work:
            if isinstance(event, Step) and event.n == 2:
                next(iter(trainers[0].loaded.net.parameters())).data[0] = math.nan

    assert caught.value.code == "not-finite"
    newest = checkpoint.newest(run.path / "checkpoints")
    assert newest is not None
    assert newest.name == "00000001"
    assert all(torch.isfinite(each).all() for each in load_file(newest / "model" / "model.safetensors").values())


def test_a_checkpoint_is_not_begun_where_the_disk_has_no_room_for_it(
    book: Dataset, often: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(often, book)
    asked: list[int] = []

    def refuse(folder: Path, needed: int) -> None:
        asked.append(needed)
        if len(asked) == 2:
            raise StudioError("disk-full", "The disk is full.", "Free some space.")

    monkeypatch.setattr(files, "check_room", refuse)
    with pytest.raises(StudioError) as caught:
        list(engine.train(often, book, run))

    assert caught.value.code == "disk-full"
    (first,) = checkpoint.numbered(run.path / "checkpoints")
    assert asked[0] >= (first / "model" / "model.safetensors").stat().st_size * 0.99
    assert asked[1] > 2.9 * asked[0]  # the moments are twice the weights


def test_what_a_killed_save_left_is_cleared_and_the_machine_of_the_run_is_kept(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(recipe, book)
    work = engine.train(recipe, book, run)
    next(event for event in work if isinstance(event, Step))
    work.close()
    torn = run.path / "checkpoints" / ".partial-0123abcd-00000009"
    torn.mkdir()
    (torn / "half").write_bytes(b"x")
    monkeypatch.setattr(runs, "choose_machine", lambda *_: pytest.fail("a run goes on as it began"))

    started = next(event for event in engine.resume(open_run(run.path)) if isinstance(event, Started))

    assert not torn.exists()
    assert codec.to_json(started.machine) == files.read_json(run.path / "machine.json")


def test_the_recipe_on_disk_is_readable_without_us(book: Dataset, recipe: Recipe) -> None:
    run = create_run(recipe, book)

    plain = json.loads((run.path / "recipe.json").read_text())

    assert plain["task"] == "write"
    assert plain["epochs"] == 2


def test_the_first_checkpoint_comes_sooner_than_the_others(
    book: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "time", SimpleNamespace(perf_counter=count().__next__))
    plan = replace(recipe, checkpoint_seconds=40.0)

    saved = [event.n for event in engine.train(plan, book, create_run(plan, book)) if isinstance(event, Saved)]

    first, later = saved[1] - saved[0], saved[2] - saved[1]
    assert saved[0] == 0 and 0 < 2 * first < later
