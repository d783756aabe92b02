"""Train: the plan before, the run while it learns, the runs of before."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.run import INTERRUPTED, PAUSED, RUNNING, Run, dataset_of, find_run, list_runs, recipe_of, save_run
from slm_studio.core.texts import tr
from slm_studio.ui.parts.models import task_title
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.parts.removal import Removal
from slm_studio.ui.parts.run_words import recipe_sentence, run_facts, run_score, state_words
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.leaving import left_runs, settle
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.train.actions import Actions
from slm_studio.ui.train.book import Book
from slm_studio.ui.train.command import command_of
from slm_studio.ui.train.notices import Notices
from slm_studio.ui.train.runs_view import RunsView, runs_words
from slm_studio.ui.train.setup import Setup
from slm_studio.ui.train.story import ELSEWHERE, Story
from slm_studio.ui.train.watch import Watch
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.empty_state import EmptyState
from slm_studio.ui.widgets.page import Page

PLAN, RUN, RUNS, NOTHING = "plan", "run", "runs", "nothing"


class TrainPanel(Page):
    """Shows one of: the plan, a run, all runs, or how to get rows first."""

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QWidget | None = None) -> None:
        super().__init__("Train a model", parent=parent)
        self._session = session
        self.book = Book(session, jobs, trainings, self)
        self.actions_row = Actions(self.header)
        self.notes = Notices(self.notices, self)
        self.setup, self.watch, self.runs = Setup(session, jobs), Watch(), RunsView()
        self.nothing = EmptyState(
            "curve",
            "A model learns from rows",
            "Open a file with texts first, or try an example. Then three questions, and Start.",
            action="Go to Data",
        )
        self._views = {PLAN: self.setup, RUN: self.watch, RUNS: self.runs, NOTHING: self.nothing}
        for view in self._views.values():
            self.add(view, 1)
        self.view = ""
        self._dismissed: set[str] = set()
        self._connect()
        self._show_present()

    def primary(self) -> None:
        """Do the one next thing (Ctrl+Return): start, resume, or go to the report."""
        if self.actions_row.primary.isVisible() and self.actions_row.primary.isEnabled():
            self.actions_row.primary.click()

    def stop(self) -> None:
        """Stop the run that is shown, or what the plan fetches (Esc); both can go on."""
        if self.view == PLAN:
            self.setup.stop()
        if self.view == RUN and self._session.run is not None:
            self.book.stop(self._session.run)

    def retranslate(self) -> None:
        """Say title and facts in the language of now."""
        self._dress()

    def _connect(self) -> None:
        session, book, actions = self._session, self.book, self.actions_row
        session.dataset_changed.connect(self._on_plan_requested)
        session.recipe_changed.connect(self._on_plan_changed)
        session.plan_requested.connect(self._on_plan_requested)
        session.run_changed.connect(self._on_run_changed)
        session.runs_changed.connect(self._on_runs_changed)
        self.setup.ready_changed.connect(self._on_ready_changed)
        book.grown.connect(self._on_grown)
        book.turned.connect(self._on_turned)
        actions.started.connect(self._on_start)
        actions.resumed.connect(self._on_resume)
        actions.paused.connect(self._on_pause)
        actions.stopped_to_keep.connect(self._on_stop_and_keep)
        actions.kept.connect(self._on_keep)
        actions.report_requested.connect(self._on_report)
        actions.plan_requested.connect(session.show_plan)
        actions.trial_requested.connect(self._on_trial)
        actions.more_chosen.connect(self._on_more)
        actions.onward.chosen.connect(self._on_onward)
        actions.runs_opening.connect(self._fill_runs_menu)
        actions.run_chosen.connect(self._on_run_chosen)
        self.notes.plan_requested.connect(self._on_plan_again)
        self.notes.resumed.connect(self._resume)
        self.notes.dismissed.connect(self._on_dismissed)
        self.nothing.acted.connect(self._on_data)
        self.runs.opened.connect(session.set_run)
        self.runs.resumed.connect(self._resume)
        self.runs.repeated.connect(self._repeat)
        self.runs.deleted.connect(self._on_deleted)
        self.runs.renamed.connect(self._on_renamed)

    def _show(self, view: str) -> None:
        self.view = view
        for key, widget in self._views.items():
            widget.setVisible(key == view)
        self.to_top()
        if view == RUNS:
            self.runs.refresh()
        self._dress()

    def _show_present(self) -> None:
        """Show what the session has open: its run, else the plan for its rows."""
        self._on_run_changed(self._session.run)

    def _has_plan(self) -> bool:
        return self._session.dataset is not None and self._session.recipe is not None

    def _story(self) -> Story | None:
        run = self._session.run
        return self.book.story(run) if run is not None and self.view == RUN else None

    def _dress(self) -> None:
        """Say in header and notices what is shown."""
        story = self._story()
        if story is not None:
            self._dress_run(story)
            return
        self.notes.show_plan(self._interrupted() if self.view in (PLAN, NOTHING) else None)
        if self.view == RUNS:
            self.header.set_title("Runs")
            self.header.set_facts(lambda: runs_words(self.runs.count()))
            self.actions_row.show_runs(has_plan=self._has_plan())
        else:
            self.header.set_title("Train a model")
            self._show_plan_facts()
            self.actions_row.show_plan(self.view == PLAN)
            self._on_ready_changed()

    def _show_plan_facts(self) -> None:
        dataset, recipe = self._session.dataset, self._session.recipe
        if dataset is None or recipe is None:
            self.header.set_facts("From scratch or from a model that knows the language, on this computer.")
            return
        self.header.set_facts(lambda: f"{file_words(dataset.name)} · {recipe_sentence(recipe, dataset)}")

    def _dress_run(self, story: Story) -> None:
        run, model = story.run, story.model
        self.header.set_title(lambda: f"{run.name} · {task_title(run.task).lower()}")
        sizes = self.book.sizes.get(run.id)
        rows, parameters = (model.rows, model.parameters) if model else ({}, 0)
        self.header.set_facts(lambda: run_facts(run.task, run.base, sizes, rows, parameters, run.named))
        if story.state == ELSEWHERE:
            self.header.set_facts("At work in another window or terminal. This is how it stood when you opened it.")
        keeping = run.id in self.book.keeping
        self.actions_row.show_run(story.state, model=model, can_keep=story.kept > 0, keeping=keeping)
        self.notes.show_story(story, keeping=keeping)

    def _interrupted(self) -> Run | None:
        """Return the newest run that was left or interrupted, and neither waved away nor at work again."""
        left = {run.id for run in left_runs(self._session)}
        lost = (run for run in list_runs() if run.state == INTERRUPTED or run.id in left)
        return next((run for run in lost if run.id not in (*self._dismissed, *self.book.at_work())), None)

    def _on_plan_requested(self) -> None:
        if self._session.run is None:  # one that is restored beside its rows stays
            self._show_present()

    def _on_plan_changed(self) -> None:
        if self.view in (PLAN, NOTHING):
            view = PLAN if self._has_plan() else NOTHING
            if view != self.view:
                self._show(view)
            else:
                self._show_plan_facts()

    def _on_run_changed(self, run: Run | None) -> None:
        if run is None:
            self._show(PLAN if self._has_plan() else NOTHING)
            return
        story = self.book.story(run)
        self.watch.show_story(story)
        self._show(RUN)
        if story.model is None:
            self.book.measure(run)

    def _on_ready_changed(self) -> None:
        self.actions_row.set_hindrance(next(iter(self.setup.hindrances()), ""))

    def _on_runs_changed(self) -> None:
        if self.view == RUNS:
            self.runs.refresh()
        self._dress()

    def _on_grown(self, run_id: str, steps: object) -> None:
        story = self._story()
        if story is not None and story.run.id == run_id:
            self.watch.grow(steps)  # type: ignore[arg-type]
            self.notes.show_progress(story)
            if steps:
                self.actions_row.let_keep()

    def _on_turned(self, run_id: str) -> None:
        story = self._story()
        if story is not None and story.run.id == run_id:
            if self.watch.story is not story:
                self.watch.show_story(story)
            self.watch.settle()
            self._dress()

    def _on_start(self) -> None:
        self._session.when_settled(self._start)

    def _start(self) -> None:
        recipe, dataset = self._session.recipe, self._session.dataset
        if recipe is None or dataset is None:
            return
        if not self.setup.is_ready():
            self.setup.look_again()
            return
        try:
            run = self.book.start(recipe, dataset, self.setup.settled_sizes())
        except (StudioError, OSError) as error:
            self.notes.show_error(error if isinstance(error, StudioError) else _no_folder(error))
            return
        self._session.set_run(run)
        self.book.measure(run)  # where one was faster than the measuring of the plan

    def _on_resume(self) -> None:
        if self._session.run is not None:
            self._resume(self._session.run)

    def _resume(self, run: Run) -> None:
        self._session.set_run(run)
        settle(self._session, run.id)
        try:
            self.book.resume(run)
        except StudioError as error:
            self.notes.show_error(error)

    def _on_plan_again(self) -> None:
        if self._session.run is not None:
            self._repeat(self._session.run)

    def _on_dismissed(self, run: object) -> None:
        assert isinstance(run, Run)
        self._dismissed.add(run.id)
        settle(self._session, run.id)
        self._dress()

    def _on_pause(self) -> None:
        if self._session.run is not None:
            self.book.pause(self._session.run)

    def _on_stop_and_keep(self) -> None:
        if self._session.run is not None:
            self.book.stop(self._session.run, keep=True)

    def _on_keep(self) -> None:
        if self._session.run is not None:
            settle(self._session, self._session.run.id)
            self.book.keep(self.book.story(self._session.run).run)

    def _use_model(self) -> None:
        story = self._story()
        if story is not None and story.model is not None:
            self._session.set_model(story.model)

    def _on_report(self) -> None:
        self._use_model()
        self._session.go_to("evaluate")

    def _on_trial(self) -> None:
        self._use_model()
        self._session.go_to("playground")

    def _on_onward(self, task: object) -> None:
        story = self._story()
        if story is not None and story.model is not None:
            self._session.continue_with(story.model, str(task))

    def _on_data(self) -> None:
        self._session.go_to("data")

    def _fill_runs_menu(self) -> None:
        menu = self.actions_row.runs
        menu.clear()
        menu.add(PLAN, "New run", enabled=self._has_plan())
        menu.add_rule()
        for run in list_runs()[:8]:
            state = state_words(self.book.story(run).state if run.state in (RUNNING, PAUSED) else run.state)
            parts = [run.name, state, run_score(run)]
            menu.add(run, "{line}", line=" · ".join(part for part in parts if part).replace("&", "&&"))
        menu.add_rule()
        menu.add(RUNS, "All runs…")

    def _on_run_chosen(self, chosen: object) -> None:
        if isinstance(chosen, Run):
            if chosen == self._session.run:
                self._on_run_changed(chosen)
            self._session.set_run(chosen)
        elif chosen == RUNS:
            self._session.set_run(None)
            self._show(RUNS)
        else:
            self._session.show_plan()

    def _on_more(self, what: object) -> None:
        story = self._story()
        if story is None:
            return
        if what == "stop":
            self.book.stop(story.run)
        elif what == "resume":
            self._resume(story.run)
        elif what == "repeat":
            self._repeat(story.run)
        elif what == "copy":
            clipboard(command_of(recipe_of(story.run), dataset_of(story.run)))
            self._session.toast(tr("The command is on the clipboard."))
        elif what == "folder":
            QDesktopServices.openUrl(QUrl.fromLocalFile(story.run.folder))

    def _repeat(self, run: Run) -> None:
        """Take the recipe of a run as the plan, on its own dataset where that still stands."""
        try:
            recipe, dataset = recipe_of(run), dataset_of(run)
        except StudioError as error:
            self.notes.show_error(error)
            return
        if dataset.part().is_file() and (self._session.dataset is None or self._session.dataset.id != dataset.id):
            self._session.set_dataset(dataset)
        self._session.set_recipe(recipe)
        self._session.show_plan()

    def _on_renamed(self, before: Run, after: Run) -> None:
        rename = partial(self._rename, after.id)
        rename(after.name, after.notes)
        words = tr("“{old}” is called “{new}” now", old=before.name, new=after.name)
        if before.name == after.name:
            words = tr("The notes of “{name}” were changed", name=after.name)
        self._session.did(words, partial(rename, before.name, before.notes), partial(rename, after.name, after.notes))

    def _rename(self, run_id: str, name: str, notes: str) -> None:
        run = save_run(replace(find_run(run_id), name=name, notes=notes))
        self.book.forget(run)
        self._session.runs_changed.emit()
        self.runs.refresh()

    def _on_deleted(self, run: Run) -> None:
        removal = Removal(run.path)
        self._throw(run, removal)
        words = tr("“{name}” lies in the trash.", name=run.name)
        self._session.did(words, partial(self._bring_back, removal), partial(self._throw, run, removal))

    def _throw(self, run: Run, removal: Removal) -> None:
        removal.throw()
        self.book.forget(run)
        if self._session.run is not None and self._session.run.id == run.id:
            self._session.remember("run", "")
            self._session.run = None
        self._session.runs_changed.emit()
        self.runs.refresh()

    def _bring_back(self, removal: Removal) -> None:
        removal.bring_back()
        self._session.runs_changed.emit()
        self.runs.refresh()


def _no_folder(error: OSError) -> StudioError:
    return StudioError(
        "run-folder",
        "The run's folder cannot be made: {reason}.",
        "Free some space, or choose another folder with SLM_STUDIO_HOME.",
        reason=str(error),
    )
