"""The recorder keeps a run's state; its name and notes are the person's."""

from dataclasses import replace
from pathlib import Path

from slm_studio.core.events import Evaluated, Finished, Machine, Started
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import FINISHED, create_run, open_run, save_run
from slm_studio.engine.training.runs import Recorder
from tests.engine.data.ask import write_and_read

MACHINE = Machine(device="cpu", name="", precision="fp32", threads=1, steps=10)


def test_a_run_that_is_renamed_while_it_learns_keeps_the_new_name(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text,label\na b,x\nc d,y\n", header=True)
    run = create_run(make_recipe("classify", roles={"text": "text", "label": "label"}), dataset)
    events = iter([Started(run.id, MACHINE), Evaluated(1, 0.1, 0.5, {"accuracy": 0.5}, best=True), Finished(None)])

    with Recorder(run) as recorder:
        for event in recorder.record(event for event in events):
            if isinstance(event, Started):
                save_run(replace(open_run(run.path), name="the slow one", notes="too slow"))

    after = open_run(run.path)
    assert (after.name, after.notes) == ("the slow one", "too slow")
    assert (after.state, after.metrics, after.steps) == (FINISHED, {"accuracy": 0.5}, 10)
