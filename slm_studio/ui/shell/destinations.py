"""What Ctrl+K can find: places, the person's models, runs and datasets, and a few actions."""

from collections.abc import Callable, Sequence
from functools import partial

from slm_studio.core.dataset import Dataset, opened_before
from slm_studio.core.run import Run, list_runs
from slm_studio.core.saved import SavedModel, list_models
from slm_studio.core.texts import tr
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.shortcuts import key_text
from slm_studio.ui.widgets.finder import Found
from slm_studio.ui.widgets.sidebar import Place
from slm_studio.ui.widgets.words import sentence

MOST = 200  # of each kind


def everything(
    session: Session, places: Sequence[Place], open_file: Callable[[], object], open_folder: Callable[[], object]
) -> list[Found]:
    """Return what can be found now, places first."""
    found = [
        Found(sentence(place.name), key_text(place.key), place.icon, partial(session.go_to, place.key))
        for place in places
    ]
    found.append(Found(tr("Open a file…"), key_text("open"), "file", open_file))
    found.append(Found(tr("Open a folder…"), "", "folder", open_folder))
    found += [
        Found(model.name, tr("model"), "model", partial(_use_model, session, model)) for model in list_models()[:MOST]
    ]
    found += [Found(run.name, tr("run"), "curve", partial(_show_run, session, run)) for run in list_runs()[:MOST]]
    found += [
        Found(file_words(dataset.name), tr("dataset"), "table", partial(_open_dataset, session, dataset))
        for dataset in opened_before()[:MOST]
    ]
    return found


def _use_model(session: Session, model: SavedModel) -> None:
    session.set_model(model)
    session.go_to("playground")


def _show_run(session: Session, run: Run) -> None:
    session.set_run(run)
    session.go_to("train")


def _open_dataset(session: Session, dataset: Dataset) -> None:
    session.set_dataset(dataset)
    session.go_to("data")
