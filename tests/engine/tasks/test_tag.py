"""Tagged rows on their way to the network and back: what is not read is said, what was parsed is not parsed again."""

import pyarrow as pa
import pytest
import torch

from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import make_recipe
from slm_studio.core.spans import write_list
from slm_studio.core.work import outcome
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.evaluation.observe import observe_all
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import SKETCHED
from slm_studio.engine.tasks import tag, task_of

LONG = ["Ada", "lives", "in", "Rome", "and", "in", "Oslo"]


def tagged(*sentences: list[str]) -> Rows:
    tags = [["B-PER" if word == "Ada" else "O" for word in words] for words in sentences]
    cells = {"words": list(map(write_list, sentences)), "tags": list(map(write_list, tags))}
    return Rows(pa.table(cells), {"text": "words", "tags": "tags"})


@pytest.fixture(params=["lstm", "bert"], scope="module")
def short_sighted(request: pytest.FixtureRequest) -> Loaded:
    """Return a model that sees seven pieces at once and knows Ada by heart."""
    settings = {"max_length": 7, "dropout": 0.0}
    recipe = make_recipe("tag", base=f"blank:{request.param}-nano", roles={}, settings=settings).settled()
    task, rows = task_of("tag"), tagged(LONG, ["Rome", "and", "Ada"], ["Oslo", "Ada", "lives"])
    torch.manual_seed(0)
    loaded = task.blank(recipe, task.learn(rows, recipe), rows)
    examples = outcome(task.examples(rows, loaded, None))
    batch = examples.take(range(len(examples)))
    optimizer = torch.optim.AdamW(loaded.net.parameters(), lr=0.002)
    for _ in range(80):
        optimizer.zero_grad()
        task.loss(loaded, batch, recipe).backward()
        optimizer.step()
    loaded.net.eval()
    return loaded


def test_a_text_of_any_length_is_marked_to_its_end(short_sighted: Loaded) -> None:
    words = ["and" if place % 9 else "Ada" for place in range(100)]
    prompts = [{"text": " ".join(words)}, {"text": "Oslo"}, {"text": tuple(words[:46])}]

    found = list(task_of("tag").answer(short_sighted, prompts, {}))

    assert [(place, span.start, span.end) for place, span in found] == [
        (prompt, 4 * place, 4 * place + 3) for prompt, many in ((0, 100), (2, 46)) for place in range(0, many, 9)
    ]
    assert all(span.score > 0.9 for _, span in found)


@pytest.mark.parametrize("empty", ["[]", ()])
def test_a_list_without_words_is_answered_with_nothing(short_sighted: Loaded, empty: str | tuple[str, ...]) -> None:
    task, rows = task_of("tag"), tagged([], [])

    assert list(task.answer(short_sighted, [{"text": empty}], {})) == []
    assert [place for place, _ in task.answer(short_sighted, [{"text": empty}] * 40 + [{"text": "Ada"}], {})] == [40]
    seen = outcome(observe_all(task, short_sighted, outcome(task.examples(rows, short_sighted, None)), 4))
    assert all(map(len, seen.values()))


def test_long_rows_are_learnt_and_scored_to_their_end(short_sighted: Loaded) -> None:
    task, rows = task_of("tag"), tagged([*LONG, *LONG, "Ada"], ["Ada"], [])
    examples = outcome(task.examples(rows, short_sighted, None))
    seen = outcome(observe_all(task, short_sighted, examples, 4))

    judged = outcome(task.judge(seen, examples, rows, short_sighted, whole=True))

    assert examples.rows_N.tolist().count(0) > 2 and set(examples.rows_N) == {0, 1, 2}
    assert judged.values()["entity_f1"] == 1.0
    assert judged.per_label[0].support == 4
    assert len(judged.cases.rows) == 3


def test_marks_of_kinds_that_were_never_learnt_are_counted(short_sighted: Loaded) -> None:
    task = task_of("tag")
    cells = {
        "words": [write_list(["Ada", "in", "Rome"]), write_list(["Oslo", "and", "Rome"]), write_list(["and"])],
        "tags": [write_list(["B-PER", "O", "B-LOC"]), write_list(["B-LOC", "O", "B-CITY"]), write_list(["O"])],
    }
    rows = Rows(pa.table(cells), {"text": "words", "tags": "tags"})
    examples = outcome(task.examples(rows, short_sighted, None))
    seen = outcome(observe_all(task, short_sighted, examples, 4))

    (note,) = task.strangers(short_sighted, rows, "test")
    judged = outcome(task.judge(seen, examples, rows, short_sighted, whole=True))

    assert note.code == "labels-unseen" and (note.values["rows"], note.values["labels"]) == (3, "“LOC”, “CITY”")
    found = {key: value for key, value in judged.facts.items() if key.startswith("unseen")}
    assert found == {"unseen_rows": 2, "unseen_labels": 2, "unseen_share": 0.75}
    assert not list(task.strangers(short_sighted, tagged(LONG), "test"))


def test_a_plan_counts_what_long_rows_become() -> None:
    settings = {"max_length": 4}
    recipe = make_recipe("tag", base="blank:lstm-nano", roles={}, settings=settings).settled()

    sketch = task_of("tag").sketch(recipe, tagged(LONG, ["Ada"]))

    assert (sketch.examples, sketch.tokens_N.tolist()) == (3, [4, 4, 1])


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
