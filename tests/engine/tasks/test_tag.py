"""Tagged rows on their way to the network and back: what is not read is said, what was parsed is not parsed again."""

import pyarrow as pa
import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import make_recipe
from slm_studio.core.spans import write_list
from slm_studio.core.work import outcome
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import SKETCHED
from slm_studio.engine.tasks import tag, task_of

LONG = ["Ada", "lives", "in", "Rome", "and", "in", "Oslo"]


def tagged(*sentences: list[str]) -> Rows:
    tags = [["B-PER" if word == "Ada" else "O" for word in words] for words in sentences]
    cells = {"words": list(map(write_list, sentences)), "tags": list(map(write_list, tags))}
    return Rows(pa.table(cells), {"text": "words", "tags": "tags"})


@pytest.fixture(params=["lstm", "bert"])
def short_sighted(request: pytest.FixtureRequest) -> Loaded:
    """Return a model that reads few words."""
    recipe = make_recipe("tag", base=f"blank:{request.param}-nano", roles={}, settings={"max_length": 5}).settled()
    rows = tagged(LONG)
    return task_of("tag").blank(recipe, task_of("tag").learn(rows, recipe), rows)


def test_rows_that_are_not_read_to_their_end_are_counted(short_sighted: Loaded) -> None:
    rows = tagged(LONG, ["Ada"], LONG, [])
    examples = outcome(task_of("tag").examples(rows, short_sighted, None))

    (remark,) = task_of("tag").remarks(rows, short_sighted, examples, scored=True)

    assert (remark.code, remark.count, remark.values["limit"]) == ("texts-cut", 2, 5)


def test_gold_tags_are_read_once_as_long_as_their_rows_live(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, others = tagged(LONG), tagged(["Oslo"])
    first = tag.gold_tags(rows, "BIO")
    monkeypatch.setattr(tag, "bio_tags", lambda *_: pytest.fail("read again"))

    assert tag.gold_tags(rows, "BIO") is first
    with pytest.raises(pytest.fail.Exception):
        tag.gold_tags(others, "BIO")  # other rows are others, however alike
    with pytest.raises(pytest.fail.Exception):
        tag.gold_tags(rows, "IO")


def test_marks_that_are_rarer_than_the_rows_that_are_looked_at_are_planned_for() -> None:
    recipe = make_recipe("tag", base="blank:lstm-nano", roles={"text": "words", "tags": "tags"}, settings={}).settled()
    nothing = [["Oslo"]] * (2 * SKETCHED)

    sketch = task_of("tag").sketch(recipe, tagged(["Oslo"], ["Ada"], *nothing))

    assert sketch.examples == 2 * SKETCHED + 2
    with pytest.raises(StudioError) as caught:
        task_of("tag").sketch(recipe, tagged(*nothing))
    assert caught.value.code == "no-spans"


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        (["B", "I", "O"], ["B-span", "I-span", "O"]),
        (["B", "E", "S"], ["B-span", "I-span", "B-span"]),
        (["B-PER", "I-PER", "O"], ["B-PER", "I-PER", "O"]),
    ],
)
def test_marks_without_a_type_are_one_type(tags: list[str], read: list[str]) -> None:
    table = pa.table({"words": [write_list(["小", "明", "去"])], "tags": [write_list(tags)]})
    rows = Rows(table, {"text": "words", "tags": "tags"})

    facts = task_of("tag").learn(rows, make_recipe("tag", base="blank:lstm-nano", roles={}, settings={}))

    assert facts["labels"] == ["O", f"B-{read[0][2:]}", f"I-{read[0][2:]}"]
    assert tag.gold_tags(rows, facts["scheme"]) == [read]
