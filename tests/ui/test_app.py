"""A training process is made ready when rows are opened and when another run is planned, and not otherwise."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core.dataset import Dataset, ReadReport
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.ui.app import Expecting
from slm_studio.ui.session import Session


@dataclass
class Engines:
    """Counts; here no process may be started."""

    asked: int = 0

    def expect_training(self) -> None:
        self.asked += 1


@pytest.mark.usefixtures("home")
def test_rows_that_are_opened_and_plans_make_a_process_ready(qapp: QApplication, tmp_path: Path) -> None:
    engines, session = Engines(), Session()
    Expecting(engines, session)  # type: ignore[arg-type]
    dataset = Dataset(
        id="one", name="one.csv", source="", folder=str(tmp_path), columns=(), rows=3, held_out={}, fingerprint="f",
        report=ReadReport(format="csv"), created="2026-01-01",
    )  # fmt: skip

    session.set_dataset(dataset)
    assert engines.asked == 1

    session.set_run(create_run(make_recipe("classify", roles={"text": "text", "label": "label"}), dataset))
    assert engines.asked == 1, "a run that is shown needs no second process"

    session.set_run(None)  # the plan again
    assert engines.asked == 2

    session.set_dataset(None)
    assert engines.asked == 2
