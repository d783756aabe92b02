"""The doctor's last word: it knows that a run has ended."""

from dataclasses import replace

from slm_studio.core.events import Evaluated
from slm_studio.core.recipe import make_recipe
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.engine.training.checkpoint import Position
from slm_studio.engine.training.doctor import Doctor

MODEL = SavedModel(
    folder="/m", name="m", task="classify", base="blank:bag-small", metrics={"accuracy": 0.9},
    baseline={"majority": {"accuracy": 0.5}}, verdicts={"majority": "better"},
)  # fmt: skip
RECIPE = make_recipe("classify", roles={"text": "text", "label": "label"}).settled()


def by_heart() -> Doctor:
    doctor = Doctor(task_info("classify"))
    for loss in (0.9, 0.6, 0.8, 0.85):
        said = list(doctor.look(Evaluated(1, 1.0, loss, {}), Position(stale=2 if loss > 0.7 else 0), RECIPE))
    assert doctor.said == "by-heart", said
    return doctor


def test_after_learning_by_heart_it_names_the_state_that_is_kept() -> None:
    (note,) = by_heart().conclude(MODEL, Position(step=40, best_step=20))

    assert (note.code, note.values) == ("ended-by-heart", {"best": 20, "steps": 40})


def test_it_does_not_praise_a_model_that_learnt_nothing() -> None:
    (note,) = by_heart().conclude(replace(MODEL, verdicts={"majority": "none"}), Position(step=40, best_step=20))

    assert note.code == "ended-nothing"


def test_a_run_without_held_out_rows_ends_with_its_last_state() -> None:
    (note,) = Doctor(task_info("classify")).conclude(MODEL, Position(step=40))

    assert (note.code, note.values) == ("ended", {"best": 40, "steps": 40})
