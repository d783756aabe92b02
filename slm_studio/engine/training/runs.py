"""A run from its folder to a saved model: lock, history, checkpoints, scores, card."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from slm_studio.core import codec, curves, files
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Evaluated, Event, Finished, Machine, Note, Replanned, Started, Step
from slm_studio.core.knobs import knobs
from slm_studio.core.lock import FileLock
from slm_studio.core.nouns import event_to_json
from slm_studio.core.recipe import Recipe
from slm_studio.core.run import (
    FAILED,
    FINISHED,
    RUNNING,
    STOPPED,
    History,
    Run,
    dataset_of,
    open_run,
    recipe_of,
    save_run,
)
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.advice import advise
from slm_studio.engine.evaluation.observe import observe_all
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training import checkpoint
from slm_studio.engine.training.finish import Trained, make_model, score_model, unscored_model
from slm_studio.engine.training.load import Load
from slm_studio.engine.training.machine import choose_machine, use_machine
from slm_studio.engine.training.plan import Plan, prepare
from slm_studio.engine.training.trainer import Trainer
from slm_studio.engine.watched import watched

CHECKPOINTS, MACHINE = "checkpoints", "machine.json"
CALIBRATION_BATCH = 64
UNHEEDED = mark("{settings} {count:means|mean} nothing for such a model and {count:is|are} left out.")


def train_run(recipe: Recipe, dataset: Dataset, run: Run, token: str = "") -> Iterator[Event]:
    """Train from the beginning; `token` fetches a base that its hub does not give to everybody."""
    with Recorder(run) as recorder:
        yield from recorder.record(_begin(recipe, dataset, recorder, token))


def resume_run(run: Run, token: str = "") -> Iterator[Event]:
    """Train on from the newest whole checkpoint; from the beginning, with a base to fetch, where there is none."""
    with Recorder(run) as recorder:
        yield from recorder.record(_go_on(run, recorder, token))


def _begin(recipe: Recipe, dataset: Dataset, recorder: "Recorder", token: str) -> Iterator[Event]:
    yield from _unheeded(recipe)
    yield from _train(recipe.settled(), dataset, recorder, None, token)


def _go_on(run: Run, recorder: "Recorder", token: str) -> Iterator[Event]:
    path = yield from watched("Looking for the last checkpoint", partial(checkpoint.newest, run.path / CHECKPOINTS))
    recorder.cut_back(checkpoint.load_position(path).history if path else 0)
    yield from _train(recipe_of(run).settled(), dataset_of(run), recorder, path, token)


def keep_checkpoint(run: Run, step: int | None) -> Iterator[Event]:
    """Make a model of a checkpoint (its best weights where no step is named), while training may go on."""
    path = checkpoint.find(run.path / CHECKPOINTS, step)
    recipe, dataset = recipe_of(run).settled(), dataset_of(run)
    loaded = _open_checkpoint(recipe, path)
    position = checkpoint.load_position(path)
    best = (checkpoint.best_weights(path) if step is None else None) or checkpoint.average_weights(path)
    if best is not None:
        checkpoint.load_weights(loaded.net, best)
    plan = yield from prepare(recipe, dataset, loaded)
    machine = codec.read(Machine, run.path / MACHINE)
    work = Trained(plan=plan, run=run, dataset=dataset, machine=machine, position=position)
    learnt = plan.material.all if position.last else None
    yield from plan.task.fit(plan.loaded, learnt or plan.material.train, plan.recipe)
    if not position.last:  # else that was done while they were held out
        yield from _calibrate(plan)
    model = yield from _finish(work)
    save_run(replace(open_run(run.path), model=model.folder, metrics=model.metrics))
    yield Finished(model)


def _train(
    recipe: Recipe, dataset: Dataset, recorder: "Recorder", path: Path | None, token: str = ""
) -> Iterator[Event]:
    run, load = recorder.run, Load()
    opened: Loaded | None = None
    if path:
        opened = yield from watched("Opening the checkpoint", partial(_open_checkpoint, recipe, path))
    plan = yield from prepare(recipe, dataset, opened, token)
    machine_file = run.path / MACHINE
    if path and machine_file.exists():
        machine = codec.read(Machine, machine_file)
        use_machine(machine)
    else:
        machine = yield from choose_machine(plan, load)
        files.write_json(machine_file, codec.to_json(machine))
    trainer = Trainer(
        task=plan.task, loaded=plan.loaded, recipe=plan.recipe, material=plan.material, machine=machine,
        folder=run.path / CHECKPOINTS, history_length=lambda: recorder.history.length,
    )  # fmt: skip
    if path:
        trainer.resume_from(path)
    yield Started(run.id, machine, trainer.position.step)
    yield Note("how-it-runs", machine.reason, machine.values)
    for split in dataset.held_out:  # the person's own rows may hold what the training rows do not
        yield from plan.task.strangers(plan.loaded, getattr(plan.splits, split), split)
    if not trainer.position.last:
        yield from trainer.events()
        yield from trainer.conclude()
        yield from _calibrate(plan)
    yield from trainer.last_pass()
    trainer.use_best()
    work = Trained(plan=plan, run=run, dataset=dataset, machine=machine, position=trainer.position)
    model = yield from _finish(work, unscored_model(work) if path else None)
    recorder.model = model
    yield from trainer.doctor.conclude(model, trainer.position)
    yield Finished(model)


def _unheeded(recipe: Recipe) -> Iterator[Note]:
    """Say which settings of the task mean nothing for what is trained: it goes on without them."""
    own = knobs(type(recipe.options)) if recipe.options else ()
    told = [each for each in own if getattr(recipe.options, each.name) != each.default]
    if names := [each.name for each in told if each.name in recipe.unused]:
        yield Note("settings-unheeded", UNHEEDED, {"settings": ", ".join(names), "count": len(names)})


def _finish(work: Trained, saved: SavedModel | None = None) -> Work[SavedModel]:
    """Save first, then score: an evaluation that fails cannot undo a saved model. One that is `saved` is only scored."""
    return (yield from score_model(work, saved or make_model(work)))


def _calibrate(plan: Plan) -> Iterator[Event]:
    if plan.task.calibrates and len(plan.material.validation):
        seen = yield from observe_all(plan.task, plan.loaded, plan.material.validation, CALIBRATION_BATCH)
        plan.loaded.facts |= plan.task.calibrate(seen, plan.loaded)
    yield from plan.task.weigh(plan.loaded, plan.splits.train, plan.splits.validation, plan.recipe)


def _open_checkpoint(recipe: Recipe, path: Path) -> Loaded:
    return task_of(recipe.task).open(path / "model", files.read_object(path / "facts.json"))


class Recorder:
    """Holds a run's lock and keeps its state, history and curves as the events pass by."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.history = History(run.path)
        self.lock = FileLock(run.path / "lock")
        self.model: SavedModel | None = None

    def __enter__(self) -> "Recorder":
        if not self.lock.acquire():
            raise StudioError(
                "run-busy",
                "The run “{run}” is at work in another window or terminal.",
                "Wait for it to end, or stop it there.",
                run=self.run.name,
            )
        files.clear_stale(self.run.path / CHECKPOINTS)
        self.run = replace(open_run(self.run.path), state=RUNNING, problem=None)
        save_run(self.run)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if isinstance(error, Exception) and self.run.state == RUNNING:  # before the first event
                self._end(FAILED, error if isinstance(error, StudioError) else advise(error))
        finally:
            self.lock.release()

    def cut_back(self, length: int) -> None:
        """Forget what happened after the checkpoint."""
        self.history.cut(length)
        curves.rebuild(self.run.path)

    def record(self, events: Iterator[Event]) -> Iterator[Event]:
        """Pass events on, each of them written first."""
        try:
            for event in events:
                self._note(event)
                yield event
        except GeneratorExit:
            events.close()  # type: ignore[attr-defined]  # the trainer checkpoints here
            if self.run.state != FINISHED:  # a consumer may close the generator after its last event
                self._end(STOPPED)
            raise
        except BaseException as error:
            problem = error if isinstance(error, StudioError) else advise(error)
            self._end(FAILED, problem)
            raise

    def _save(self) -> None:
        """Write state.json. Name and notes are the person's, who may have changed them since."""
        now = open_run(self.run.path)
        self.run = replace(self.run, name=now.name, notes=now.notes)
        save_run(self.run)

    def _note(self, event: Event) -> None:
        if isinstance(event, Step):
            self.run = replace(self.run, step=event.n, seconds=event.seconds)
            curves.append_step(self.run.path, event)
        elif isinstance(event, Started):
            self.run = replace(self.run, steps=event.machine.total, step=event.n)
            self._save()
        elif isinstance(event, Replanned) and event.last:
            self.run = replace(self.run, steps=event.steps)
            self._save()
        elif isinstance(event, Replanned):
            self._replan(event)
        elif isinstance(event, Evaluated) and event.best:
            self.run = replace(self.run, metrics=event.metrics)
            self._save()
        elif isinstance(event, Finished):
            self._end(FINISHED)
        self.history.append(event_to_json(event))

    def _replan(self, event: Replanned) -> None:
        """Keep a new total where a resumed run looks for it: a history is cut back to the checkpoint, this is not."""
        path, correction = self.run.path / MACHINE, (event.n, event.steps)
        machine = codec.read(Machine, path)
        if correction not in machine.corrections:
            files.write_json(path, codec.to_json(replace(machine, corrections=(*machine.corrections, correction))))
        self.run = replace(self.run, steps=event.steps)
        self._save()

    def _end(self, state: str, problem: StudioError | None = None) -> None:
        if self.model is not None:
            self.run = replace(self.run, model=self.model.folder, metrics=self.model.metrics)
        self.run = replace(self.run, state=state, problem=problem.to_json() if problem else None)
        self._save()
