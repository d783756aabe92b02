"""The one training loop. Everything else about a run (files, scores, cards) stands in runs.py."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Evaluated, Event, Machine, Note, Progress, Replanned, Sample, Saved, Step
from slm_studio.core.recipe import Recipe
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.device import memory_used, seed_draws, set_attention
from slm_studio.engine.evaluation.observe import observe_all
from slm_studio.engine.examples import Batch, Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import Judgement, Task
from slm_studio.engine.training import checkpoint
from slm_studio.engine.training.average import Average
from slm_studio.engine.training.batches import batch_plan, plan_in_order
from slm_studio.engine.training.budget import Budget
from slm_studio.engine.training.checkpoint import Position
from slm_studio.engine.training.doctor import Doctor
from slm_studio.engine.training.optimizer import Optimizers
from slm_studio.engine.training.schedule import Course, warmup_cosine, warmup_linear

FORWARD_SHARE = 1 / 3  # of a training step; the way back takes the rest
RECENT = 0.05  # what the newest batch counts for in the smoothed training loss
BAD_UPDATES = 3  # in a row, after which going on makes no sense
SAVING = mark("Saving the first checkpoint")
ALL_FITTED = mark("Once the held-out rows have chosen what is best, they are fitted too, with all others.")
ALL_LEARNT = mark(
    "Once the held-out rows have chosen the best checkpoint, {steps} more {steps:step|steps} learn them too, with all others."
)
LAST_RATE = 0.3  # of the learning rate with which a last pass begins; it falls to 0
FIRST = 0.25  # of the time between two checkpoints, after which the first comes: small nets learn most in seconds
LAST_PLAN = 1 << 20  # epochs of a last pass have plans of their own
AWAY = 1.0  # seconds that a consumer may keep an event; beyond, the run was paused


@dataclass(slots=True)
class Material:
    """What the loop learns from and is judged on."""

    train: Packed
    validation: Packed
    held: Rows  # that `validation` was made of
    shown: Rows  # a few held-out rows, answered as the model learns
    all: Packed | None = None  # both, for a last pass


class Trainer:
    """Runs the loop from a position to its end. `events()` may be closed between any two events."""

    def __init__(
        self,
        *,
        task: Task,
        loaded: Loaded,
        recipe: Recipe,
        material: Material,
        machine: Machine,
        folder: Path,
        history_length: Callable[[], int],
    ) -> None:
        self.task, self.loaded, self.recipe, self.material = task, loaded, recipe, material
        self.machine, self.folder, self.history_length = machine, folder, history_length
        self.device = torch.device(machine.device)
        self.loaded.net.to(self.device)
        set_attention(self.loaded.net, machine.attention)
        self.optimizers = Optimizers(loaded.net, recipe, task.fresh(loaded))
        self.position = Position()
        self.best: dict[str, Tensor] | None = None  # None: the weights as they are
        self.average = Average(loaded.net, recipe.average) if recipe.average else None
        self.doctor = Doctor(task.info, task.chance(loaded))
        self.course = Course(machine.steps)
        self.recorded = dict(machine.corrections)  # step → new total
        self.budget = Budget(self._seconds(), machine.steps) if recipe.minutes is not None else None
        self._began = 0.0

    @property
    def examples(self) -> Packed:
        """Return what is learnt from now."""
        return self.material.all if self.position.last and self.material.all is not None else self.material.train

    @property
    def steps_per_epoch(self) -> int:
        """Return the optimizer steps in which every example is read once."""
        return self._steps_per(self.examples)

    @property
    def last_steps(self) -> int:
        """Return the steps of the last pass; of a run with a time budget it takes its share of them."""
        if self.material.all is None or self.is_best_at_start:
            return 0
        epochs, last = self.recipe.epochs or 1, self.recipe.last_pass
        whole = last * self._steps_per(self.material.all)
        begun = self.position.last or self.position.step
        return whole if self.recipe.minutes is None else min(whole, math.ceil(begun * last / epochs))

    @property
    def batch_size(self) -> int:
        """Return the examples of one step."""
        assert self.recipe.batch is not None
        return self.recipe.batch

    @property
    def eval_every(self) -> int:
        """Return the steps between two evaluations: once an epoch; in a run of few epochs more often.

        Then about twenty times, as long as looking takes a tenth of the time that learning takes.
        """
        look = len(self.material.validation) / self.batch_size * FORWARD_SHARE  # what one takes, in steps
        often = max(math.ceil(self.course.total / 20), math.ceil(look * 10))
        return self.recipe.eval_every or max(1, min(self.steps_per_epoch, often))

    @property
    def is_best_at_start(self) -> bool:
        """Say whether held-out rows chose the net as it was before the first step, of those that are scored then."""
        return self.task.fits(self.recipe) and self.position.best is not None and not self.position.best_step

    def resume_from(self, path: Path) -> None:
        """Take over the state of a checkpoint, whose model has been loaded already.

        The totals that were recorded are taken again where they were; the clock decides no more, so that a run that
        goes on ends as it would have.
        """
        self.position = checkpoint.load_position(path)
        self.budget = None
        for step, total in self.machine.corrections:
            if step <= self.position.step:
                self.course.correct(step, total)
        checkpoint.restore_optimizers(path, self.optimizers, self.position)
        self.best = checkpoint.best_weights(path)
        if self.average is not None:
            self.average = Average(self.loaded.net, self.average.keeps, checkpoint.average_weights(path))

    def last_pass(self) -> Iterator[Event]:
        """Learn the held-out rows too, with all others: with few rows each counts. Nobody is left to say which step is best."""
        if self.material.all is None or not self.position.step:
            return
        if not self.position.last:
            yield Note("all-learnt", ALL_LEARNT if self.last_steps else ALL_FITTED, {"steps": self.last_steps})
            self.position.last, self.best = self.position.step, None
            self.average = Average(self.loaded.net, self.average.keeps) if self.average is not None else None
        if self.last_steps:
            self.course = Course(self.position.last + self.last_steps)
            yield Replanned(self.position.step, self.course.total, last=True)
            yield from self.events()
        yield from self.task.fit(self.loaded, self.examples, self.recipe)

    def conclude(self) -> Iterator[Event]:
        """Put the best weights into the net, and keep what the steps brought, where that is known."""
        self.use_best()
        if not len(self.material.validation):  # else that was done for the last look at them
            yield from self.task.fit(self.loaded, self.examples, self.recipe)
        if self.position.first_metrics:
            best = {} if self.is_best_at_start else self.position.best_metrics
            rows = len(self.material.validation)
            self.task.compare(self.loaded, self.position.first_metrics, best, rows)

    def events(self) -> Iterator[Event]:
        """Train to the end: Step, Replanned, Evaluated, Sample, Saved, Note. Closing it writes a checkpoint first."""
        self._began = time.perf_counter() - self.position.seconds
        with closing(self._events()) as events:
            for event in events:
                given = time.perf_counter()
                yield event
                away = time.perf_counter() - given
                if away > AWAY:
                    self._began += away  # a pause is not time of the run

    def use_best(self) -> None:
        """Put the best weights into the net."""
        best = self.best or (self.average.weights if self.average is not None else None)
        if best is not None:
            checkpoint.load_weights(self.loaded.net, best)
        self.loaded.net.eval()

    def _events(self) -> Iterator[Event]:
        saved_at, saved_step = time.perf_counter(), self.position.step if self.position.step else -1
        bad, wait = 0, self.recipe.checkpoint_seconds * FIRST
        try:
            if saved_step < 0:
                yield from self.task.fit(self.loaded, self.examples, self.recipe)
                yield Progress(SAVING, 0, 0)
                yield self._save()
                saved_step = 0
            while True:
                if self._evaluation_is_due():
                    with self._kept():
                        yield from self._evaluate()
                if self.position.step >= self.course.total or self._is_over():
                    break
                step = self._step()
                bad = 0 if math.isfinite(step.gradient_norm + step.loss) else bad + 1
                self._refuse_divergence(bad)
                yield step
                yield from self._correct()
                if bad == 0 and time.perf_counter() - saved_at >= wait:
                    yield self._save()
                    saved_at, saved_step = time.perf_counter(), self.position.step
                    wait = self.recipe.checkpoint_seconds
            if saved_step != self.position.step:
                yield self._save()
        except GeneratorExit:
            # Stopped, or the window is gone. Nothing may be yielded here; runs.py notes where the checkpoint stands.
            if saved_step != self.position.step:
                self._save()
            raise

    def _step(self) -> Step:
        number = self.position.step
        epoch, index = divmod(number - self.position.last, self.steps_per_epoch)
        rows = self._plan(epoch + (LAST_PLAN if self.position.last else 0))[index]
        # Dropout is a function of seed and step alone, so a resumed run draws what an undisturbed one would have.
        seed_draws(self.device, (self.recipe.seed * 1_000_003 + number) % 2**63)
        started = time.perf_counter()
        self.loaded.net.train()
        self.optimizers.forget()
        factor = self._factor(number)
        rate = (self.recipe.learning_rate or 0.0) * factor
        loss = self._loss(rows, rate)
        loss.backward()
        norm = self.optimizers.step(factor) if math.isfinite(loss.item()) else math.nan
        if not math.isfinite(norm):
            self.position.skipped += 1
        self.position.step = number + 1
        if self.average is not None:
            self.average.add(number + 1)
        # One batch is mostly luck; the first of a run is all there is.
        share = RECENT if number else 1.0
        self.position.recent_loss += share * (loss.item() - self.position.recent_loss)
        now = time.perf_counter()
        tokens = int(self.examples.work_N[rows].sum())
        self.position.seconds = now - self._began
        return Step(
            n=self.position.step,
            epoch=self._epochs(),
            seconds=self.position.seconds,
            loss=loss.item(),
            rate=rate,
            gradient_norm=norm,
            tokens_per_second=tokens / max(now - started, 1e-9),
            memory=memory_used(self.device),
        )

    def _factor(self, number: int) -> float:
        """Return by what the learning rate is scaled at a step."""
        if self.position.last:
            return LAST_RATE * (1 - (number - self.position.last) / self.last_steps)
        place = self.course.place(number)
        curve = warmup_linear if self.task.falls_straight else warmup_cosine
        return curve(place, self.course.steps, self._warmup(), self.recipe.floor or 0.0)

    def _epochs(self) -> float:
        """Return how often the rows were read."""
        before = self.position.last / self._steps_per(self.material.train)
        return before + (self.position.step - self.position.last) / self.steps_per_epoch

    def _seconds(self) -> float:
        """Return the seconds that a time budget leaves to the run before its last pass."""
        epochs, last = self.recipe.epochs or 1, self.recipe.last_pass if self.material.all is not None else 0
        return (self.recipe.minutes or 0.0) * 60 * epochs / (epochs + last)

    def _steps_per(self, examples: Packed) -> int:
        return max(1, math.ceil(len(examples) / self.batch_size))

    def _correct(self) -> Iterator[Replanned]:
        """Change the number of steps where the clock asks for it, or where it did when the run was here before."""
        if self.position.last:
            return
        step = self.position.step
        total = self.recorded.get(step)
        if total is None and self.budget is not None:
            total = self.budget.correct(step, self.position.seconds)
        if total is not None:
            self.course.correct(step, total)
            yield Replanned(step, total)

    def _loss(self, rows: np.ndarray, rate: float) -> Tensor:
        batch = self._to_device(self.examples.take(rows))
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.machine.precision == "bf16"):
            return self.task.loss(self.loaded, batch, replace(self.recipe, learning_rate=rate))

    def _evaluation_is_due(self) -> bool:
        step = self.position.step
        if not len(self.material.validation) or self.position.last:
            return False
        if not step:
            return self.task.fits(self.recipe) and not self.position.first_metrics
        if self.position.evaluated == step:
            return False
        return step % self.eval_every == 0 or step == self.course.total

    def _kept(self) -> AbstractContextManager[None]:
        """Put the weights that would be kept now into the net, for as long as they are looked at."""
        return nullcontext() if self.average is None else self.average.in_place()

    def _evaluate(self) -> Iterator[Event]:
        judged = yield from self._judge()
        metrics, self.position.evaluated = judged.values(), self.position.step
        if not self.position.step:
            self.position.seconds = time.perf_counter() - self._began
            self.position.first_metrics = {"loss": judged.loss} | metrics
        is_best = self._is_better(judged.loss, metrics)
        if is_best:
            self.position.best, self.position.best_step, self.position.stale = judged.loss, self.position.step, 0
            self.position.best_metrics = {"loss": judged.loss} | metrics
            self.best = checkpoint.weights_of(self.loaded.net)
        else:
            self.position.stale += 1
        evaluated = Evaluated(self.position.step, self.position.seconds, judged.loss, metrics, is_best)
        yield evaluated
        yield Progress("Writing samples", 0, 0)
        table = self.task.samples(self.loaded, self.material.shown, self.recipe)
        yield Sample(self.position.step, table.columns, tuple(tuple(map(str, row)) for row in table.rows))
        if self.position.step:  # before, nothing has been learnt that could be judged
            yield from self.doctor.look(evaluated, self.position, self.recipe)

    def _is_better(self, loss: float, metrics: Mapping[str, float]) -> bool:
        """Say whether these held-out scores beat the best so far.

        Where nothing else is said, the loss decides, not the metric: of a few hundred rows an accuracy is mostly luck,
        and on four datasets the checkpoint of the lowest loss did 0.4 points better on test rows (up to 1.2). A loss
        that is no number is no gain, and no later one would ever be below it. Of two equal metrics the loss decides.
        """
        if not math.isfinite(loss):
            return False
        if self.position.best is None:
            return True
        key = self.task.info.chosen_by
        now, then = metrics.get(key, 0.0), self.position.best_metrics.get(key, 0.0)
        return (now, -loss) > (then, -self.position.best) if key != "loss" else loss < self.position.best

    def _judge(self) -> Work[Judgement]:
        """Yield Progress now and then; return how the held-out rows fared."""
        examples = self.material.validation
        if self.position.step:
            yield from self.task.fit(self.loaded, self.examples, self.recipe)
        seen = yield from observe_all(self.task, self.loaded, examples, self.batch_size * 2, self.machine.precision)
        return (yield from self.task.judge(seen, examples, self.material.held, self.loaded, whole=False))

    def _to_device(self, batch: Batch) -> Batch:
        return {name: tensor.to(self.device, non_blocking=True) for name, tensor in batch.items()}

    def _plan(self, epoch: int) -> list:  # type: ignore[type-arg]
        if getattr(self, "_planned", None) != epoch:
            self._planned = epoch
            if self.task.reads_in_order and not self.recipe.minutes:
                self._batches = plan_in_order(len(self.examples), self.batch_size)
            else:
                self._batches = batch_plan(self.examples.work_N, self.batch_size, self.recipe.seed, epoch)
        return self._batches

    def _warmup(self) -> int:
        return max(1, round((self.recipe.warmup or 0.0) * self.course.steps))

    def _is_over(self) -> bool:
        return (
            not self.position.last and bool(self.recipe.patience) and self.position.stale >= (self.recipe.patience or 0)
        )

    def _refuse_divergence(self, bad: int) -> None:
        if bad >= BAD_UPDATES:
            raise StudioError(
                "diverged",
                "The loss was not a finite number {times} steps in a row, at step {step}.",
                "Train again with a third of the learning rate. The last checkpoint is sound.",
                times=bad,
                step=self.position.step,
            )

    def _save(self) -> Saved:
        self.position.history = self.history_length()
        mean = self.average.weights if self.average is not None else None
        best = self.best if mean is not None or self.position.best_step != self.position.step else None
        path = checkpoint.save_checkpoint(
            self.folder, self.task, self.loaded, self.optimizers, self.position, best, mean
        )
        checkpoint.prune(self.folder)
        return Saved(self.position.step, str(path))
