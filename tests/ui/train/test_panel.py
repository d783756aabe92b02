"""The Train place: the plan, the run as it learns, and what can be done with runs of before."""

import shlex
import threading
import time
from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from slm_studio.core.curves import append_step
from slm_studio.core.dataset import Dataset, Finding
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Evaluated, Finished, Machine, Note, Progress, Replanned, Sample, Started, Step
from slm_studio.core.nouns import event_to_json
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.results import Sizes
from slm_studio.core.run import CREATED, INTERRUPTED, RUNNING, STOPPED, History, Run, create_run, list_runs, save_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import Settings
from slm_studio.core.texts import use_language
from slm_studio.core.verdict import verdict_of_model
from slm_studio.host.job import LocalJob
from slm_studio.ui.parts.run_words import result_words
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.running import Running
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.train.command import command_of
from slm_studio.ui.train.duration import passes
from slm_studio.ui.train.panel import PLAN, RUNS, TrainPanel
from tests.ui.data.test_panel import ROWS, make_dataset
from tests.ui.places import make_model

MACHINE = Machine(device="cpu", name="A processor", precision="fp32", threads=2, steps=100)
ROLES = {"text": "text", "label": "label"}


def step(n: int) -> Step:
    return Step(n, n / 10, n * 0.1, 3.0 / n, 0.01, 1.0, 9000.0, 2**30)


class Engine:
    """Trains until it is let through its gate; measures at once."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.fails = False
        self.asked: list[tuple[str, dict]] = []
        self.model = SavedModel(
            folder="/models/tickets", name="tickets", task="classify", base="blank:bag-small", metrics={"accuracy": 0.912},
            intervals={"accuracy": (0.89, 0.93)}, metrics_on="test", rows={"train": 90, "test": 10}, parameters=2_400_000,
            baseline={"majority": {"accuracy": 0.1}}, verdicts={"majority": "better"}, seconds=12.0,
        )  # fmt: skip

    def run(self, verb: str, **arguments: object):
        self.asked.append((verb, arguments))
        if verb in ("train", "resume"):
            return LocalJob(self, verb, {})
        return getattr(self, verb)(**arguments)

    def measure(self, dataset: Dataset, recipe: Recipe):
        yield Finished(
            Sizes(
                parameters=2_400_000, memory=900_000_000, seconds_low=240, seconds_high=360, steps=200, tokens_per_second=8900,
                device="cpu", precision="bf16", rows={"train": 90, "validation": 10, "test": 10}, free_memory=15_000_000_000,
            )
        )  # fmt: skip

    def train(self):
        yield Started("x", MACHINE)
        yield Note("fresh-layers", "New: {layers}.", {"layers": "classifier"})
        yield Note("how-it-runs", "{precision}, by a trial.", {"precision": "fp32"})
        yield Note("texts-cut", "{count} of {texts} texts are cut.", {"count": 80, "texts": 80})
        for n in range(1, 21):
            yield step(n)
        yield Evaluated(20, 2.0, 0.8, {"accuracy": 0.9, "f1_macro": 0.88}, best=True)
        yield Sample(20, ("text", "true", "predicted", "score"), (("where is my card", "card", "card", "0.97"),))
        yield Note("learning-well", "The gap is small ({gap}).", {"gap": 0.13})
        n = 20
        while not self.gate.wait(0.01):
            n += 1
            yield step(n)
        if self.fails:
            raise StudioError(
                "engine-died", "The engine ended unexpectedly.", "Resume goes on from the last checkpoint."
            )
        yield Finished(self.model)

    resume = train

    def prepare(self):
        self.gate.wait(5)
        yield Finished(self.model)

    def tries(self):
        """Try ways until it is let through its gate, then learn."""
        yield Progress("Turning text into tokens", 36, 36)
        while not self.gate.wait(0.01):
            yield Progress("Trying what is fastest here", 0, 0)
        yield from self.train_fully()

    def train_fully(self):
        yield Started("x", MACHINE)
        for n in range(1, 11):
            yield step(n)
        yield Replanned(10, 15)
        for n in range(11, 16):
            yield step(n)
        yield Finished(self.model)

    def keep(self, run: Run, checkpoint: int | None):
        yield Finished(self.model)


class Place:
    """A panel with its session, a dataset, a plan and a fake engine."""

    def __init__(self, tmp_path, plan: bool = True) -> None:
        self.engine = Engine()
        self.session = Session(Settings())
        self.dataset = make_dataset(tmp_path / "rows", "tickets.csv", ROWS)
        self.jobs, self.trainings = (
            Jobs(self.engine.run),
            Trainings(lambda verb, place, **rest: self.engine.run(verb, **rest), Settings),
        )
        self.places: list[str] = []
        self.session.place_requested.connect(self.places.append)
        if plan:
            self.session.set_dataset(self.dataset)
            self.session.set_recipe(make_recipe("classify", roles=ROLES))
        self.panel = TrainPanel(self.session, self.jobs, self.trainings)
        self.panel.resize(1000, 800)
        self.panel.show()
        QTest.qWait(1)

    def close(self) -> None:
        """End everything in this thread: a timer that the garbage collector ends in a worker's thread crashes Qt."""
        self.engine.gate.set()
        assert self.trainings.shutdown() and self.jobs.shutdown()
        self.session.save()
        shiboken6.delete(self.panel)

    @property
    def story(self):
        return self.panel.watch.story

    def until(self, claim, seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not claim() and time.monotonic() < end:
            QTest.qWait(10)
        assert claim()

    def measured(self) -> None:
        self.until(lambda: self.panel.setup.sizes is not None)

    def started(self) -> None:
        self.panel.primary()
        self.until(lambda: self.story is not None and self.story.n > 20 and self.panel.actions_row.keep.isEnabled())
        self.until(lambda: not self.panel.watch._timer.isActive() or self.panel.watch.samples.step.text())

    def words(self) -> str:
        QTest.qWait(1)  # what was just added is shown by the event loop
        return "\n".join(label.text() for label in self.panel.findChildren(QLabel) if label.isVisible())

    def button(self, words: str) -> bool:
        actions = self.panel.actions_row
        shown = [actions.primary, actions.pause, actions.keep, actions.keep_model, actions.trial]
        return any(button.text() == words and button.isVisible() for button in shown)


@pytest.fixture
def make(qapp, tmp_path):
    made: list[Place] = []

    def build(**options) -> Place:
        made.append(Place(tmp_path, **options))
        return made[-1]

    yield build
    for place in made:
        place.close()


@pytest.fixture
def place(make):
    return make()


def test_without_rows_it_leads_to_data(make):
    place = make(plan=False)

    assert "A model learns from rows" in place.words() and not place.button("Start")
    place.panel.nothing.action.click()
    assert place.places == ["data"]


def test_the_plan_says_what_it_costs(place):
    place.measured()
    QTest.qWait(10)

    assert place.panel.header.facts.text() == "tickets.csv · Learn to classify text into 3 values of label"
    for words in (
        "2.4 M",
        "0.9 of 15.0 GB",
        "4 – 6 min",
        "CPU, bf16",
        "Fits in memory, with room. About 8.9 k tokens a second on this machine.",
    ):
        assert words in place.words()


def test_newer_plans_win_over_older_measurings(place):
    place.session.set_recipe(replace(place.session.recipe, seed=1))
    place.session.set_recipe(replace(place.session.recipe, seed=2))
    place.measured()

    seeds = [arguments["recipe"].seed for verb, arguments in place.engine.asked if verb == "measure"]
    assert seeds[-1] == 2 and 1 not in seeds


def test_a_time_budget_is_one_click(place):
    place.panel.setup.duration.pills._on_clicked(1)
    assert place.session.recipe.minutes == 5.0

    place.measured()
    times = passes(place.session.recipe, place.panel.setup.sizes)
    assert f"In that time it reads your data about {times} times." in place.words()


def test_family_and_size_make_the_base(place):
    place.panel.setup.beginning.family.chosen.emit("lstm")
    place.panel.setup.beginning.size_slider.chosen.emit("micro")

    assert place.session.recipe.base == "blank:lstm-micro"


def test_a_column_that_lacks_forbids_the_start_and_says_why(place):
    place.session.set_recipe(replace(place.session.recipe, roles={"text": "text"}))

    assert not place.panel.actions_row.primary.isEnabled()
    assert "No column is chosen for “Label”." in place.words()


def test_serious_findings_of_data_forbid_the_start(place):
    place.measured()
    finding = Finding(
        code="one-class", message="All rows have the same label “{label}”.", values={"label": "a"}, serious=True
    )
    place.session.set_findings((finding,))

    assert not place.panel.actions_row.primary.isEnabled() and "All rows have the same label “a”." in place.words()


def test_uneven_labels_can_be_weighed_with_one_click(place):
    place.session.set_findings(
        (Finding(code="imbalance", message="“{most}” has {many} rows.", values={"most": "a", "many": 9}),)
    )
    place.panel.setup.before.knobs_chosen.emit({"class_weights": "balanced"})

    assert place.session.recipe.options.class_weights == "balanced"


def test_advanced_fields_change_the_plan(place):
    place.panel.setup.advanced.set_open(True)
    editor = place.panel.setup.advanced.common.field("learning_rate")._editor
    assert editor.placeholderText() == f"as recommended ({place.session.recipe.settled().learning_rate:g})"

    editor.setText("0.02")
    editor.textEdited.emit("0.02")

    assert place.session.recipe.learning_rate == 0.02 and "learning_rate 0.02" in place.words()


def test_advanced_leaves_out_what_means_nothing_for_the_shape(place):
    advanced = place.panel.setup.advanced
    advanced.set_open(True)
    assert place.session.recipe.base.startswith("blank:bag")
    assert not {"precision", "head_factor"} & advanced.common.values().keys()

    place.session.set_recipe(replace(place.session.recipe, base="blank:bert-nano"))
    assert "precision" in advanced.common.values() and "head_factor" not in advanced.common.values()

    place.session.set_recipe(replace(place.session.recipe, base="somebody/something"))
    assert {"precision", "head_factor"} <= advanced.common.values().keys()


def test_the_command_says_the_same_and_survives_a_shell(place):
    dataset = replace(place.dataset, source="/home/me/my tickets' file.csv")
    recipe = replace(
        make_recipe("classify", roles={"text": "the text", "label": "-x"}, settings={"class_weights": "balanced"}),
        minutes=5.0,
        name="A & B",
    )

    words = shlex.split(command_of(recipe, dataset))

    assert words[:3] == ["slm-studio", "train", "/home/me/my tickets' file.csv"]
    assert words[3:] == [
        "--task", "classify", "--text", "the text", "--label=-x", "--base", "blank:bag-small", "--minutes", "5",
        "--class-weights", "balanced", "--name", "A & B",
    ]  # fmt: skip


def test_a_run_shows_curve_numbers_opinion_and_samples(place):
    place.measured()
    place.started()

    assert place.panel.header.title.text() == "tickets · classify"
    assert (
        place.panel.header.facts.text()
        == "Bag of words small, from scratch · 2.4 M parameters · 90 rows train, 20 held out"
    )
    for words in (
        "0.900",
        "0.880",
        "Learning well",
        "The gap is small (0.13).",
        "fp32, by a trial.\nA processor · CPU\nNew: classifier.\n80 of 80 texts are cut.",
        "step 20",
    ):
        assert words in place.words()
    assert "elapsed" in place.panel.notes.progress.words.text() and "left" in place.panel.notes.progress.words.text()
    assert place.panel.watch.samples.model.index(0, 2).data() == "card"


def test_a_plan_and_a_run_open_at_their_beginning(place):
    bar = place.panel._area.verticalScrollBar()
    place.panel.resize(1000, 500)
    place.measured()
    QTest.qWait(10)
    bar.setValue(bar.maximum())
    assert bar.value() > 0

    place.started()
    assert bar.value() == 0

    QTest.qWait(10)
    bar.setValue(bar.maximum())
    place.session.show_plan()
    assert bar.value() == 0


def test_before_the_first_step_it_says_that_it_prepares(place):
    place.measured()
    place.engine.train = place.engine.prepare
    place.panel.primary()

    assert place.panel.notes.progress.isVisible() and "Preparing …" in place.words() and place.button("Pause")


@pytest.fixture
def trying(place):
    """A run that tries what is fastest."""
    place.measured()
    place.engine.train = place.engine.tries
    place.panel.primary()
    place.until(lambda: "Trying what is fastest here …" in place.words())
    return place


def test_before_the_first_step_it_can_be_stopped(trying):
    keep = trying.panel.actions_row.keep
    assert trying.button("Stop") and keep.isEnabled()

    keep.click()

    assert trying.button("Stopping …")
    trying.until(lambda: trying.button("Resume"))
    assert "Stopped before the first step. Resume goes on from there." in trying.words()
    assert trying.story.state in (CREATED, STOPPED) and not trying.button("Keep as a model")
    assert [verb for verb, _ in trying.engine.asked if verb == "keep"] == []


def test_pause_stands_still_while_the_words_beside_it_change(trying):
    row = trying.panel.actions_row
    QTest.qWait(20)
    before, width = row.pause.geometry(), row.keep.width()

    row.let_keep()
    QTest.qWait(20)
    assert trying.button("Stop and keep") and (row.pause.geometry(), row.keep.width()) == (before, width)

    row.show_run(CREATED, model=None, can_keep=False, keeping=False)
    QTest.qWait(20)
    assert trying.button("Stop") and row.pause.geometry() == before


def test_before_the_first_step_it_can_be_paused(trying):
    lines = Running(trying.trainings, str)
    lines._on_started(trying.story.run.id)

    trying.panel.actions_row.pause.click()

    trying.until(lambda: "paused before the first step" in trying.words())
    assert trying.panel.notes.progress.bar.share() == 0.0
    assert "Paused before the first step. Resume goes on from there." in trying.words()
    assert [line.paused for line in lines.lines()] == [True] and trying.button("Resume")
    trying.panel.primary()
    trying.until(lambda: [line.paused for line in lines.lines()] == [False])
    assert trying.button("Pause") and "Trying what is fastest here …" in trying.words()


def test_a_corrected_budget_is_said_and_counted(trying):
    trying.engine.gate.set()
    trying.until(lambda: trying.button("See the report"))

    assert trying.story.total == 15
    assert "Planned anew at step 10, to keep the time: 15 steps in all." in trying.words()


def test_a_run_of_before_that_was_corrected_tells_it(place):
    run = interrupted(place.dataset)
    History(run.path).append(event_to_json(Replanned(1, 60)))
    place.session.set_run(run)
    assert place.story.total == 60

    place.story.take([Started(run.id, replace(MACHINE, corrections=((50, 70),)), 0)])
    assert place.story.total == 70  # it goes on from before the correction, and will come to the one that is recorded


def test_pause_waits_and_resume_goes_on(place):
    place.measured()
    place.started()
    place.panel.actions_row.pause.click()
    place.until(lambda: place.button("Resume"))
    assert "paused at step" in place.panel.notes.progress.words.text()

    n = place.story.n
    place.panel.primary()
    place.until(lambda: place.story.n > n and place.button("Pause"))


def test_a_finished_run_shows_its_score_beside_the_baselines(place):
    place.measured()
    place.started()
    place.engine.gate.set()
    place.until(lambda: place.button("See the report"))

    assert "Done in 0:12 · accuracy 0.912 (0.890 – 0.930) on 10 test rows · most frequent label 0.100" in place.words()
    assert "Better than always answering the most frequent label, and not by chance." in place.words()
    assert place.session.model == place.engine.model and place.button("Try it")
    place.panel.primary()
    assert place.places == ["evaluate"]


@pytest.mark.parametrize("at", ["playground", "evaluate"])
def test_a_run_that_ends_takes_no_model_from_whoever_uses_one(place, at):
    other, told = make_model("In use"), []
    place.session.toast_requested.connect(lambda sentence, undo: told.append(sentence))
    place.measured()
    place.started()
    place.session.set_model(other)
    place.session.place = at

    place.engine.gate.set()
    place.until(lambda: place.button("See the report"))

    assert place.session.model == other and told == [f"“{place.engine.model.name}” has finished"]
    place.panel.actions_row.trial.click()
    assert place.session.model == place.engine.model


def test_stop_and_keep_makes_a_model(place):
    place.measured()
    place.started()
    place.panel.actions_row.keep.click()
    assert place.button("Stopping …")

    place.until(lambda: place.story.model is not None and place.button("Try it"))
    assert [verb for verb, _ in place.engine.asked if verb == "keep"] == ["keep"]


def test_esc_stops_and_the_run_can_be_resumed(place):
    place.measured()
    place.started()
    place.panel.stop()
    place.until(lambda: place.button("Resume"))

    assert place.button("Keep as a model")
    place.panel.primary()
    place.until(lambda: place.button("Pause") and place.story.n > 20)


def test_a_crash_says_what_happened_and_offers_resume(place):
    place.measured()
    place.engine.fails = True
    place.started()
    place.engine.gate.set()
    place.until(lambda: place.button("Resume"))

    assert (
        "The engine ended unexpectedly." in place.words()
        and "Resume goes on from the last checkpoint." in place.words()
    )


def interrupted(dataset: Dataset, kept: int = 40) -> Run:
    run = create_run(make_recipe("classify", roles=ROLES), dataset)
    (run.path / "checkpoints" / f"{kept:08d}").mkdir(parents=True)
    history = History(run.path)
    for event in (Started(run.id, MACHINE), step(1), Evaluated(1, 0.1, 0.7, {"accuracy": 0.5}, best=True)):
        history.append(event_to_json(event))
    return save_run(replace(run, state=RUNNING, step=40, steps=100))


@pytest.mark.parametrize(
    ("kept", "offered", "told", "is_kept"),
    [
        (40, "Nothing before it is lost.", "Resume goes on from there", True),
        (20, "It goes on from its checkpoint at step 20.", "Resume goes on from its checkpoint at step 20", True),
        (0, "before its first checkpoint: Resume begins again.", "before its first checkpoint", False),
    ],
)
def test_a_crash_promises_no_more_than_its_last_checkpoint_holds(place, kept, offered, told, is_kept):
    run = interrupted(place.dataset, kept)
    for n in range(1, 41):
        append_step(run.path, step(n))

    place.session.set_run(run)
    place.until(lambda: told in place.words())
    assert place.button("Keep as a model") == is_kept

    place.panel._show(PLAN)
    assert f"“tickets” was interrupted at step 40 of 100{', ' if kept == 0 else '. '}{offered}" in place.words()


def test_an_interrupted_run_is_offered_on_the_plan(place):
    interrupted(place.dataset)
    place.panel._show(PLAN)
    assert "“tickets” was interrupted at step 40 of 100. Nothing before it is lost." in place.words()

    place.panel.notes.interrupted.action.click()
    place.until(lambda: place.button("Pause") and "resume" in [verb for verb, _ in place.engine.asked])


def test_a_run_of_before_tells_its_story_from_its_folder(place):
    place.session.set_run(interrupted(place.dataset))

    assert place.story.state == INTERRUPTED and place.button("Resume")
    assert [each.metrics for each in place.story.evaluations] == [{"accuracy": 0.5}] and "0.500" in place.words()


def test_runs_are_listed_overlaid_repeated_and_deleted(place):
    run = interrupted(place.dataset)
    place.panel._on_run_chosen(RUNS)
    runs = place.panel.runs
    assert place.panel.header.facts.text() == "1 run" and runs.model.index(0, 1).data() == "tickets"
    assert runs.model.index(0, 2).data() == "interrupted at 40 of 100"

    runs.table.clicked.emit(runs.model.index(0, 0))
    assert runs.curves.isVisible() and runs.model.index(0, 0).data() == "✓"

    runs.table.select(0)
    runs.notes.setText("too fast")
    runs.notes.settled.emit("too fast")
    assert list_runs()[0].notes == "too fast"

    place.session.set_recipe(replace(place.session.recipe, seed=99))
    runs.repeat_button.click()
    assert place.panel.view == PLAN and place.session.recipe.seed == 42

    place.panel._on_run_chosen(RUNS)
    runs.table.select(0)
    runs.delete_button.click()
    assert list_runs() == [] and not run.path.exists()
    assert not runs.delete_button.isVisible() and place.panel.focusWidget() is runs.table

    changes = place.session.changes
    changes.undo()
    assert [each.id for each in list_runs()] == [run.id]
    changes.undo()
    assert list_runs()[0].notes == ""
    changes.redo()
    changes.redo()
    assert list_runs() == []


def test_everything_follows_the_language(place):
    place.measured()
    use_language("zh_CN")
    from slm_studio.ui.widgets.words import retranslate

    retranslate(place.panel)


def test_a_run_that_ended_has_one_accuracy_and_a_doctor_who_knows_it(place):
    place.measured()
    place.started()
    assert "Learning well" in place.words() and "held-out accuracy" in place.words()
    place.engine.gate.set()
    place.until(lambda: place.button("See the report"))

    assert "Learning well" not in place.words() and "Ended" in place.words()
    assert "test accuracy" in place.words() and "0.912" in place.words()
    assert "0.900" not in place.words()  # the held-out one is a step on the way


def test_a_model_no_better_than_the_most_frequent_label_is_not_green(place):
    place.engine.model = replace(place.engine.model, metrics={"accuracy": 0.12}, verdicts={"majority": "none"})
    place.measured()
    place.started()
    place.engine.gate.set()
    place.until(lambda: place.button("See the report"))

    assert place.panel.notes.done.property("tone") == "warning"
    assert place.panel.watch.doctor.property("tone") == "warning"
    assert place.words().count("these texts do not tell this column apart") == 2

    # An older version said otherwise of the same scores: card and banner are of one opinion.
    place.story.opinion = Note("ended-nothing", "Said long ago.", {})
    assert place.story.word().message == verdict_of_model(place.engine.model).sentence


def test_a_model_that_few_rows_say_well_of_is_neither_green_nor_said_to_have_learnt_nothing(place):
    place.engine.model = replace(place.engine.model, verdicts={"majority": "none"})
    place.measured()
    place.started()
    place.engine.gate.set()
    place.until(lambda: place.button("See the report"))

    assert place.panel.notes.done.property("tone") == "plain"
    assert "Too few rows to tell" in place.words() and place.words().count("this may be chance") == 2


def test_the_banner_compares_writers_by_the_byte(place):
    model = replace(
        place.engine.model, task="write", metrics={"perplexity": 5.2, "bits_per_byte": 2.4}, intervals={},
        baseline={"unigram": {"perplexity": 22.1, "bits_per_byte": 4.5}, "xz": {"perplexity": 5.853, "bits_per_byte": 2.55}},
        verdicts={},
    )  # fmt: skip

    assert result_words(model) == "Done in 0:12 · bits per byte 2.40 on 10 test rows · token counts 4.50 · xz 2.55"
