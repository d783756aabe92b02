"""A long prompt: what of it is not read is said before the answer, and how much there is to read where that takes a while."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core import texts
from slm_studio.core.answers import answer_json
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Predicted, Progress
from slm_studio.core.results import Token
from slm_studio.core.run import create_run
from slm_studio.engine.inference import shelf
from slm_studio.engine.writing import decoding
from slm_studio.engine.writing.decoding import READING, Continuation
from slm_studio.engine.writing.pairs import WRITING
from tests.test_task_contract import recipe_for, result, rows_of


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("write")
    recipe, rows = recipe_for("write", "llama", epochs=1), rows_of("write", folder)
    return result(engine.open(result(engine.train(recipe, rows, create_run(recipe, rows))).folder, "cpu")).handle


def asked(handle: str, text: str) -> list[Event]:
    return list(engine.predict(handle, {"text": text}, {"max_new_tokens": 1}))


def test_tokens_out_of_view_are_counted_as_decoding_leaves_them_out(writer: str) -> None:
    item = shelf.on_shelf(writer)
    text = "a b c " * 40

    events = asked(writer, text)

    (note,) = [event for event in events if isinstance(event, Note)]
    assert events.index(note) < next(at for at, event in enumerate(events) if isinstance(event, Predicted))
    sent = item.task.sent(item.loaded, {"text": text}, {})
    assert note.values["count"] == sent["unread"] > 0 and sent["used"] < sent["limit"]
    continuation = Continuation(item.loaded.net)
    continuation.next_logits([1] * (sent["used"] + sent["unread"]))
    assert continuation.start == sent["unread"]
    assert not [event for event in asked(writer, "a b") if isinstance(event, Note)]


def test_the_time_of_an_answer_begins_when_all_is_read_and_goes_on_while_it_is_searched(
    writer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def answer(*_: object) -> Iterator[tuple[int, object]]:
        for seconds, item in (
            (5.0, Progress(READING, 1, 1)),
            (3.0, Progress(WRITING, 1, 2)),
            (2.0, Token("a", 1.0, 3)),
        ):
            now[0] += seconds
            yield 0, item

    monkeypatch.setattr(shelf.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(shelf.on_shelf(writer).task, "answer", answer)

    events = asked(writer, "a b")

    assert isinstance(events[-1], Finished) and events[-1].result["seconds"] == 5.0


def test_where_nothing_may_be_left_out_a_prompt_that_is_too_long_is_refused_with_both_numbers(writer: str) -> None:
    sent = [event for event in asked(writer, "a b c " * 40) if isinstance(event, Finished)][-1].result

    with pytest.raises(StudioError) as caught:
        list(engine.predict(writer, {"text": "a b c " * 40}, {"max_new_tokens": 1, "whole": True}))

    assert caught.value.code == "context-exceeded"
    assert caught.value.values == {"tokens": sent["used"] + sent["unread"], "limit": sent["limit"]}
    assert list(engine.predict(writer, {"text": "a b"}, {"max_new_tokens": 1, "whole": True}))


def test_a_prompt_that_takes_a_while_to_read_is_a_sign_of_life(writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "PART", 4)

    said = [(event.what, event.done) for event in asked(writer, "a b c d e f g h i") if isinstance(event, Progress)]

    assert said == [("Reading", done) for done in range(0, 4 * len(said), 4)] and len(said) > 1
    assert not [event for event in asked(writer, "a") if isinstance(event, Progress)]


def test_what_is_done_while_a_model_opens_is_said_in_every_language(writer: str) -> None:
    first = next(engine.open(shelf.on_shelf(writer).model.folder, "cpu"))

    assert isinstance(first, Progress)
    texts.use_language("zh_CN")
    assert texts.tr(first.what) != first.what


LONG = "word " * 200


def test_the_rows_of_a_file_that_are_not_read_whole_are_counted(writer: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "a b"}\n' + json.dumps({"text": LONG}) + "\n", encoding="utf-8")

    done = result(
        engine.predict_file(writer, str(tmp_path / "in.jsonl"), str(tmp_path / "out.csv"), {"max_new_tokens": 1})
    )

    assert ("rows-cut", (1,)) in [
        (each.code, each.rows) for each in done.remarks
    ]  # a drawn token may be an empty answer


@pytest.mark.parametrize(
    ("task", "family", "short", "long"),
    [
        ("classify", "bert", {"text": "a word"}, {"text": LONG}),
        ("rank", "gpt", {"candidates": ("a", "b")}, {"candidates": ("a", LONG)}),
        ("search", "bert", {"query": "a", "passage": "b"}, {"query": "a", "passage": LONG}),
    ],
)
def test_the_end_that_is_not_read_is_said_whatever_the_task(
    task: str, family: str, short: dict[str, str], long: dict[str, str], tmp_path: Path
) -> None:
    recipe, rows = recipe_for(task, family, epochs=1), rows_of(task, tmp_path)
    handle = result(engine.open(result(engine.train(recipe, rows, create_run(recipe, rows))).folder, "cpu")).handle

    events = list(engine.predict(handle, long, {}))

    (note,) = [event for event in events if isinstance(event, Note)]
    assert note.code == "prompt-end-unread" and events.index(note) == 0
    assert note.values["count"] == events[-1].result["end_unread"] > 100
    assert answer_json([], long, shelf.on_shelf(handle).info, events[-1].result)["end_unread"] == note.values["count"]
    assert not [event for event in engine.predict(handle, short, {}) if isinstance(event, Note)]
