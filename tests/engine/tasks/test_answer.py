"""What is special to answering: damaged rows, passages on one side, many rows below one passage, and “no answer”."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.work import outcome
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.examples import WEIGHTS
from slm_studio.engine.models.answering.windows import FIRST, NOT_KNOWN
from slm_studio.engine.task import answers_of
from slm_studio.engine.tasks.answer import LONGEST_OF, TASK, THRESHOLD
from slm_studio.engine.training.plan import Plan, prepare
from tests.engine.data.ask import write_and_read
from tests.tasks import fodder

ROLES = {"question": "question", "passage": "passage", "answer": "answer"}
TEXT = "The bridge was built in 1732 by masons from Tal."


def rows_of(*cells: tuple[str, str, str]) -> Rows:
    columns = zip(*cells, strict=True)
    return Rows(
        pa.table({name: pa.array(each, pa.large_string()) for name, each in zip(ROLES, columns, strict=True)}), ROLES
    )


def recipe(roles: dict[str, str] | None = None, **settings: object) -> Recipe:
    common = {"batch": 8, "max_length": 32, "dropout": 0.0, "precision": "fp32", "epochs": 1, "patience": 0}
    return make_recipe("answer", base="blank:lstm-nano", roles=roles or ROLES, settings=common | settings).settled()


def dataset(folder: Path, key: str = "answer") -> Dataset:
    (*_, last) = engine.read(str(fodder(key).write(folder)))
    assert isinstance(last, Finished)
    return last.result


def plan_for(rows: Dataset, **settings: object) -> tuple[Plan, list[str]]:
    said = []
    work = prepare(recipe(fodder("answer").roles, **settings), rows)
    while True:
        try:
            said.append(getattr(next(work), "code", ""))
        except StopIteration as end:
            return end.value, said


def test_a_row_whose_passage_lacks_its_answer_is_said_never_learnt_and_scored_as_the_script_does() -> None:
    rows = rows_of(("When?", TEXT, "1732"), ("Who?", TEXT, "masons from Elm"), ("Why?", TEXT, ""))
    loaded = TASK.blank(recipe(), TASK.learn(rows, recipe()), rows)

    lessons = outcome(TASK.lessons(rows, loaded, recipe()))
    examples = outcome(TASK.examples(rows, loaded, recipe()))

    assert set(lessons.rows_N.tolist()) == {0, 2} and (lessons.numbers[FIRST] != NOT_KNOWN).all()
    assert set(examples.rows_N.tolist()) == {0, 1, 2}
    (remark,) = TASK.remarks(rows, loaded, examples, scored=False)
    assert (remark.code, remark.count, remark.rows) == ("answers-lost", 1, (1,))
    scored = {each.code: each for each in TASK.remarks(rows, loaded, examples, scored=True)}
    assert "not learnt from" in remark.message and "can be right" in scored["answers-lost"].message


def test_rows_without_one_answer_to_point_at_are_hopeless() -> None:
    with pytest.raises(StudioError, match="stands in its passage"):
        TASK.learn(rows_of(("When?", TEXT, "in 1900"), ("Who?", TEXT, "")), recipe())


def test_a_state_is_as_good_as_it_is_with_the_pull_that_it_would_get() -> None:
    rows, right = rows_of(("When?", TEXT, "1732")), TEXT.index("1732")
    loaded = TASK.blank(recipe(), TASK.learn(rows, recipe()), rows)
    examples = replace(outcome(TASK.examples(rows, loaded, recipe())), rows_N=np.array([0, 0]))
    # The window without the answer is surer of itself, but its words fit the question far less.
    seen = {
        "odds": np.array([[1.0], [2.0]]), "begins": np.array([[right], [0]]), "ends": np.array([[right + 4], [3]]),
        "rest": np.array([-99.0, -99.0]), "fits": np.array([[0.0], [-30.0]]), "row": np.array([0, 0]), "answered": np.array([1, 1]),
        "gold_begin": np.array([right, 0]), "gold_end": np.array([right + 4, 0]), "nats": np.zeros(2), "known": np.ones(2),
    }  # fmt: skip

    judged = outcome(TASK.judge(seen, examples, rows, loaded, whole=False))

    assert {metric.key: metric.value for metric in judged.metrics}["f1"] == 1.0


def test_passages_stay_on_one_side_and_of_few_passages_questions_do(tmp_path: Path) -> None:
    lines = "".join(f'"q{n} of {p}","{TEXT} {p}",1732\n' for p in range(40) for n in range(3))
    many = write_and_read(tmp_path / "many.csv", "question,context,answer\n" + lines)
    roles = {"question": "question", "passage": "context", "answer": "answer"}

    split = TASK.split(many, recipe(roles, validation_share=0.2, test_share=0.2))

    sides = [set(part.column("passage")) for part in (split.train, split.validation, split.test)]
    assert all(sides) and not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    few = write_and_read(
        tmp_path / "few.csv", "question,context,answer\n" + "".join(f'q{n},"{TEXT}",1732\n' for n in range(30))
    )
    split = TASK.split(few, recipe(roles, validation_share=0.2, test_share=0.0))
    assert len(split.train) == 24 and len(split.validation) == 6


def test_rows_of_a_passage_count_as_much_as_they_weigh(tmp_path: Path) -> None:
    lines = "".join(f'"q {n}","{TEXT}",1732,{2 if n else 0}\n' for n in range(8))
    rows = write_and_read(tmp_path / "a.csv", "question,context,answer,weight\n" + lines)
    roles = {"question": "question", "passage": "context", "answer": "answer", "weight": "weight"}
    plan = outcome(prepare(recipe(roles, validation_share=0.2, test_share=0.0), rows))

    batch = plan.material.train.take(range(len(plan.material.train)))

    assert set(batch[WEIGHTS].tolist()) <= {0.0, 2.0}
    assert float(TASK.loss(plan.loaded, batch, plan.recipe).detach()) > 0


def test_a_plan_says_what_is_damaged_and_measures_how_long_answers_are(tmp_path: Path) -> None:
    plan, said = plan_for(dataset(tmp_path), validation_share=0.2, test_share=0.0)

    assert "answers-lost" not in said
    assert plan.loaded.facts["has_none"] is True and 1 <= plan.loaded.facts[LONGEST_OF] <= 4


def test_a_model_trained_with_questions_without_an_answer_has_a_threshold_and_says_none(tmp_path: Path) -> None:
    rows = dataset(tmp_path)
    more = {"epochs": 30, "eval_every": 1000, "learning_rate": 0.01, "validation_share": 0.3, "test_share": 0.0}
    plan = recipe(fodder("answer").roles, **more)
    (*_, last) = engine.train(plan, rows, create_run(plan, rows))
    model = last.result

    assert 0 < model.facts[THRESHOLD] < 1
    loaded = TASK.open(Path(model.folder), model.facts)
    asked = [{"question": "Please: Who paid for it?", "passage": fodder("answer").prompts[0]["passage"]}]
    ((first, *others),) = answers_of(TASK, loaded, asked, {"top": 2})
    assert first.chosen and len(others) <= 2
    assert {"f1", "exact_match"} <= set(model.metrics) and set(model.baseline) == {"nearest_sentence", "lead"}


def test_more_windows_than_are_read_and_a_prompt_alone_give_the_same(tmp_path: Path) -> None:
    plan, _ = plan_for(dataset(tmp_path), validation_share=0.2, test_share=0.0)
    plan.loaded.net.eval()
    prompts = list(fodder("answer").prompts)

    together = answers_of(TASK, plan.loaded, prompts, {})
    alone = [answers_of(TASK, plan.loaded, [prompt], {})[0] for prompt in prompts]

    for one, other in zip(together, alone, strict=True):
        assert [quote.text for quote in one] == [quote.text for quote in other]
        assert np.allclose([quote.score for quote in one], [quote.score for quote in other], atol=1e-5)
