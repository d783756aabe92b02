"""Journeys across the places: a page that follows state follows every change of it, wherever one comes from."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTableView, QWidget

from slm_studio.core.run import list_runs
from slm_studio.core.settings import Settings
from slm_studio.host.trash import throw_away
from slm_studio.ui.shell.session import PLACES, SETTINGS
from slm_studio.ui.train.panel import PLAN, RUN, RUNS
from slm_studio.ui.widgets.buttons import Button
from tests.studio import SMALL, Studio, customer_messages, studio

QUICK = SMALL | {"epochs": 1, "learning_rate": 0.02}
CLEANINGS = ("lowercase", "remove_duplicates")


@pytest.fixture
def trained(qapp: QApplication, tmp_path: Path) -> Iterator[Studio]:
    """Open a window in which a small classifier was trained from a file."""
    with studio(qapp, Settings(language="en", theme="light", place="thread")) as window:
        window.drop(messages(tmp_path / "messages.csv"))
        train = window.panel("train")
        window.plan(**QUICK)
        window.click(train.actions_row.primary)
        window.wait(lambda: window.session.model is not None and not window.trainings.active)
        window.wait(lambda: accent(window) == ["See the report"])
        yield window


def messages(path: Path) -> Path:
    """Write a file in which there is something to clean: capitals, and a row that stands twice."""
    customer_messages(path)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("where is my parcel 3,delivery\n")
    return path


def words(window: Studio) -> str:
    """Return everything that can be read in the place that is shown."""
    QTest.qWait(5)
    place = window.window.stack.currentWidget()
    return "\n".join(label.text() for label in place.findChildren(QLabel) if label.isVisible())


def accents(window: Studio) -> list[Button]:
    place = window.window.stack.currentWidget()
    return [each for each in place.findChildren(Button) if each.property("kind") == "primary" and each.isVisible()]


def accent(window: Studio) -> list[str]:
    """Return what the accent buttons that can be seen say."""
    return [each.text() for each in accents(window)]


def press(window: Studio, name: str) -> None:
    """Press the accent button of the place that is shown, which must say `name`."""
    window.wait(lambda: accent(window) == [name], 20)
    window.click(accents(window)[0])


def assert_counted(window: Studio, after: str) -> None:
    """See what the plan costs, for the rows that are open."""
    train = window.panel("train")
    assert train.view == PLAN, after
    window.wait(lambda: train.setup.settled_sizes() is not None, 60)
    assert "Counting …" not in words(window), after
    assert sum(train.setup.sizes.rows.values()) == window.session.dataset.rows, after
    window.wait(train.actions_row.primary.isEnabled, 20)


def changes(window: Studio, tmp_path: Path) -> Iterator[str]:
    """Change the rows in every way there is, and tell what was done; the rows are open when this yields."""
    desk = window.panel("data").desk
    for step in CLEANINGS:
        before = window.session.dataset
        desk.clean((step,))
        window.wait(lambda: not desk.is_busy and window.session.dataset != before)  # noqa: B023
        yield f"cleaned: {step}"
    for _ in CLEANINGS:
        desk.undo()
        yield "undone"
    before = window.session.dataset
    desk.read_again(replace(desk.options(), header=False))
    window.wait(lambda: not desk.is_busy and window.session.dataset != before)
    yield "read again"
    window.drop(messages(tmp_path / "others.csv"))
    window.wait(lambda: not desk.is_busy and window.session.recipe is not None)
    yield "another file"
    window.session.set_dataset(before)
    yield "a file of before"


@pytest.mark.timeout(600)
def test_after_every_change_of_the_rows_train_shows_their_plan_and_counts_it(trained: Studio, tmp_path: Path) -> None:
    for what in changes(trained, tmp_path):
        trained.wait(lambda: trained.session.recipe is not None, 20)
        trained.window.show_place("train")
        assert_counted(trained, what)
        assert trained.session.run is None, what
        trained.session.set_run(list_runs()[0])  # the run of before is looked at again
        assert trained.panel("train").view == RUN


@pytest.mark.timeout(600)
def test_every_accent_button_does_what_it_says_wherever_one_was_before(trained: Studio) -> None:
    train = trained.window.panel("train")
    run = list_runs()[0]

    def list_of_runs() -> None:
        trained.window.show_place("train")
        train._on_run_chosen(RUNS)

    def run_of_before() -> None:
        trained.session.set_run(run)

    befores = {key: lambda key=key: trained.window.show_place(key) for key in (*PLACES, SETTINGS)}
    befores |= {"all runs": list_of_runs, "a run": run_of_before}
    for name, visit in befores.items():
        for coming in (
            visit,
            lambda visit=visit: (list_of_runs(), visit()),
            lambda visit=visit: (run_of_before(), visit()),
        ):
            coming()
            trained.window.show_place("data")
            press(trained, "Train a model")
            assert (trained.session.place, train.view) == ("train", PLAN), name
            assert_counted(trained, name)

            coming()
            trained.session.set_run(run)
            trained.window.show_place("train")
            press(trained, "See the report")
            assert trained.session.place == "evaluate", name
            assert trained.window.panel("evaluate").report is not None

            coming()
            trained.window.show_place("evaluate")
            press(trained, "Try it")
            assert trained.session.place == "playground", name
            assert trained.window.panel("playground").view is not None

            coming()
            list_of_runs()
            press(trained, "New run")
            assert train.view == PLAN, name

            coming()
            trained.window.show_place("hub")
            trained.wait(lambda: accent(trained) == ["Publish…"], 20)
    trained.window.show_place("data")
    press(trained, "Train a model")
    press(trained, "Start")
    trained.wait(lambda: trained.trainings.active and train.view == RUN, 20)
    trained.wait(lambda: not trained.trainings.active)
    assert len(list_runs()) == 2


@pytest.mark.timeout(600)
def test_without_a_model_the_way_to_one_is_the_plan_even_from_the_list_of_runs(trained: Studio) -> None:
    train = trained.window.panel("train")
    throw_away(Path(trained.session.model.folder))
    trained.session.models_changed.emit()
    for place in ("evaluate", "playground"):
        trained.window.show_place("train")
        train._on_run_chosen(RUNS)
        trained.window.show_place(place)
        press(trained, "Train one")
        assert (trained.session.place, train.view) == ("train", PLAN)


def settled(window: Studio) -> dict[str, object]:
    """Return what is seen once nothing moves any more: layouts follow in several turns of the event loop."""
    found: list[dict[str, object]] = [{}]
    window.wait(lambda: found.append(seen(window)) or found[-1] == found[-2], 20)
    return found[-1]


def seen(window: Studio) -> dict[str, object]:
    """Return everything that can be read in the place that is shown, and how large each piece is."""
    QTest.qWait(60)
    place = window.window.stack.currentWidget()
    found: dict[str, object] = {}
    for at, each in enumerate(each for each in place.findChildren(QWidget) if each.isVisible()):
        read = [getattr(each, name)() for name in ("text", "placeholderText", "toolTip") if hasattr(each, name)]
        found[f"{at} {type(each).__name__}"] = (read, each.width(), each.height())
        if isinstance(each, QTableView):
            found[f"{at} rows"] = [each.rowHeight(row) for row in range(min(3, each.model().rowCount()))]
    return found


@pytest.mark.timeout(600)
def test_another_language_or_look_and_back_leaves_every_place_as_it_was(trained: Studio) -> None:
    train = trained.window.panel("train")
    trained.window.show_place("train")
    trained.session.show_plan()
    trained.wait(lambda: train.setup.settled_sizes() is not None, 60)
    places = {key: lambda key=key: trained.window.show_place(key) for key in (*PLACES, SETTINGS)}
    run, change_settings = list_runs()[0], trained.session.change_settings
    turns = (
        (partial(change_settings, language="zh_CN"), partial(change_settings, language="en")),
        (partial(change_settings, theme="dark"), partial(change_settings, theme="light")),
    )
    places |= {
        "plan": trained.session.show_plan,
        "run": lambda: (trained.session.set_run(run), trained.window.show_place("train")),
        "runs": lambda: (trained.window.show_place("train"), train._on_run_chosen(RUNS)),
    }
    for name, visit in places.items():
        visit()
        trained.wait(lambda: not trained.jobs.is_busy, 30)
        before = settled(trained)
        for change, back in turns:
            change()
            settled(trained)
            back()
            after = settled(trained)
            changed = {
                key: (before.get(key), after.get(key))
                for key in {**before, **after}
                if before.get(key) != after.get(key)
            }
            assert not changed, (name, change)
