"""What only search does: what is held out, what is masked, when nothing can be learnt, and when nothing is near."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished
from slm_studio.core.index import IndexOptions
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.work import outcome
from slm_studio.engine.models.embedding.texts import width_of
from slm_studio.engine.retrieval import finding
from slm_studio.engine.retrieval.building import Maker, build_index
from slm_studio.engine.retrieval.finding import found_in
from slm_studio.engine.retrieval.mining import hard_negatives
from slm_studio.engine.retrieval.nearness import bound_of, threshold_of
from slm_studio.engine.retrieval.opening import SAMPLED, mark_of, spread_places
from slm_studio.engine.retrieval.pool import pool_of, together
from slm_studio.engine.retrieval.sharing import FEWEST, SHARE
from slm_studio.engine.retrieval.sources import source_of_path
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.plan import Plan, prepare
from slm_studio.engine.training.settling import settle


def result(events: Iterator[Event]):
    (*_, last) = events
    assert isinstance(last, Finished)
    return last.result


def rows(folder: Path, *pairs: tuple[str, ...], names: tuple[str, ...] = ("query", "passage")):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(dict(zip(names, each, strict=True))) + "\n" for each in pairs), encoding="utf-8")
    return result(engine.read(str(path)))


def recipe(**settings: object) -> Recipe:
    return make_recipe(
        "search", base="blank:bag-nano", roles={"query": "query", "passage": "passage"}, settings=settings
    ).settled()


def test_new_passages_are_held_out_with_all_their_questions(tmp_path: Path) -> None:
    dataset = rows(
        tmp_path, *((f"question {way} of {at}", f"passage number {at}") for at in range(60) for way in "abc")
    )
    task = task_of("search")

    splits = task.split(dataset, settle(task, recipe(), dataset))

    train, held = ({*part.column("passage")} for part in (splits.train, splits.test))
    assert held and not train & held


def test_of_passages_with_many_questions_new_questions_are_held_out(tmp_path: Path) -> None:
    dataset = rows(
        tmp_path, *((f"question {way} of {at}", f"passage number {at}") for at in range(30) for way in "abcdefgh")
    )
    task = task_of("search")

    splits = task.split(dataset, settle(task, recipe(), dataset))

    assert {*splits.test.column("passage")} <= {*splits.train.column("passage")}
    assert not {*splits.test.column("query")} & {*splits.train.column("query")}


def test_rows_that_share_a_question_or_a_passage_stand_together() -> None:
    groups = together(["a", "A ", "b", "c"], ["one", "two", "two", "three"])

    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_a_question_is_asked_among_the_passages_of_its_whole_file() -> None:
    pool = pool_of(
        ["why?", "Why? "], ["first", "second"], (["why?", "", "how?"], ["third", "nobody asks", "fourth"]), 100
    )

    assert pool.questions == ["why?"]
    assert {pool.passages[place] for place in pool.right[0]} == {"first", "second", "third"}
    assert set(pool.passages) == {"first", "second", "third", "nobody asks", "fourth"}


def test_of_very_many_passages_its_own_are_kept() -> None:
    others = (["x"] * 500, [f"passage {at}" for at in range(500)])

    pool = pool_of(["why?"], ["passage 321"], others, 50)

    assert len(pool.passages) == 50 and pool.passages[min(pool.right[0])] == "passage 321"


def test_the_passage_that_is_easily_mistaken_is_no_answer() -> None:
    passages = ["the red fox runs", "the red fox sleeps", "a blue whale"]

    found = outcome(hard_negatives(["red fox"], passages, {"red fox": frozenset({"the red fox runs"})}))

    assert found == ["the red fox sleeps"]


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([(f"question {at}", "always the same") for at in range(10)], "the same passage in column “passage”"),
        ([("", ""), ("", "")], "No row holds text in both “query” and “passage”"),
    ],
)
def test_what_cannot_be_learnt_is_said(tmp_path: Path, pairs: list[tuple[str, str]], says: str) -> None:
    dataset = rows(tmp_path, *pairs, *([("a question", "")] if not pairs[0][0] else []))

    with pytest.raises(StudioError, match=says):
        outcome(prepare(recipe(), dataset))


def test_scores_that_are_all_the_same_teach_no_order(tmp_path: Path) -> None:
    dataset = rows(tmp_path, *((f"a {at}", f"b {at}", "3") for at in range(20)), names=("query", "passage", "score"))
    scored = make_recipe(
        "search", base="blank:bag-nano", roles={"query": "query", "passage": "passage", "score": "score"}
    )

    with pytest.raises(StudioError, match="the same likeness in column “score”"):
        outcome(prepare(scored.settled(), dataset))


def test_rows_without_a_passage_are_counted_and_left_out(tmp_path: Path) -> None:
    dataset = rows(tmp_path, *((f"question {at}", f"passage {at}" if at % 4 else "") for at in range(40)))

    events = []
    work = prepare(recipe(), dataset)
    try:
        while True:
            events.append(next(work))
    except StopIteration as end:
        plan = end.value

    assert len(plan.splits.train) + len(plan.splits.validation) + len(plan.splits.test) == 30
    (told,) = [each for each in events if getattr(each, "code", "") == "rows-blank"]
    assert told.values == {"count": 10, "columns": "“passage”"}


def test_what_stands_out_is_near_and_what_does_not_is_not() -> None:
    cosines = np.random.default_rng(1).normal(0.8, 0.02, 300).astype(np.float32)

    assert (bound_of(cosines, {}) or 0) > cosines.max() - 0.01
    cosines[7] = 0.95
    assert (bound_of(cosines, {}) or 1) < 0.95
    assert bound_of(cosines[:5], {}) is None


def test_the_bound_is_learnt_from_held_out_questions() -> None:
    draw = np.random.default_rng(2)
    passages = draw.normal(size=(60, 64)).astype(np.float32)
    passages /= np.linalg.norm(passages, axis=1, keepdims=True)

    found = threshold_of(passages, passages)

    assert found["found_right"] == 1.0 and threshold_of(passages[:5], passages[:5]) == {}


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("anchor", "positive", "negative"), {"query": "anchor", "passage": "positive", "wrong": "negative"}),
        (("question", "passage", "answers"), None),
        (("query", "passage", "label"), None),
    ],
)
def test_only_what_says_so_is_suggested(tmp_path: Path, names: tuple[str, ...], roles: dict[str, str] | None) -> None:
    dataset = rows(
        tmp_path, *((f"what is {at}", f"a text about {at}", "yes" if at % 2 else "no") for at in range(30)), names=names
    )

    found = result(engine.suggest(dataset))

    assert (found.task == "search") == (roles is not None)
    if roles:
        assert found.roles == roles


def test_whoever_asks_for_it_gets_questions_and_answers_and_pairs(tmp_path: Path) -> None:
    faq = rows(tmp_path, *((f"what is {at}", f"a text about {at}") for at in range(30)), names=("question", "answer"))
    assert result(engine.suggest(faq, "search")).roles == {"query": "question", "passage": "answer"}

    names = ("sentence1", "sentence2", "score")
    pairs = rows(tmp_path, *((f"what is {at}", f"a text {at}", f"{at % 5}.5") for at in range(30)), names=names)
    assert result(engine.suggest(pairs, "search")).roles == dict(zip(("query", "passage", "score"), names, strict=True))


THREE = ("In 1958 it burnt.", "Nothing else.", "No more.")


def indexed(tmp_path: Path, texts: tuple[str, ...] = THREE) -> Plan:
    """Build an index of three documents, and return the plan whose net made its vectors."""
    dataset = rows(
        tmp_path, *((f"where is shelf {chr(97 + at)}", f"shelf {chr(97 + at)} stands left") for at in range(20))
    )
    plan = outcome(prepare(recipe(epochs=1), dataset))
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in zip(("a.txt", "b.txt", "c.txt"), texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    source = outcome(source_of_path(folder, "", tmp_path))
    maker = Maker(
        mark=mark_of(plan.loaded),
        width=width_of(plan.loaded),
        embed=partial(plan.task.vectors, plan.loaded, are_questions=False),
    )
    outcome(build_index(source, maker, tmp_path / "index", IndexOptions()))
    return plan


@pytest.mark.parametrize("numbers", [0, 1, 5, 1000, 37_359_360, 2**31 + 1])
def test_the_numbers_that_mark_a_model_stand_in_it_however_large_it_is(numbers: int) -> None:
    places = spread_places(numbers).tolist()

    assert places == sorted(set(places)) and len(places) == min(SAMPLED, numbers)
    assert not places or (places[0], places[-1]) == (0, numbers - 1)


def test_vectors_of_another_state_of_the_model_are_not_compared(tmp_path: Path) -> None:
    plan = indexed(tmp_path)
    with torch.no_grad():
        for parameter in plan.loaded.net.parameters():
            parameter.mul_(2)

    with pytest.raises(StudioError, match="another state of this model"):
        list(found_in(str(tmp_path / "index"), "where is shelf a", plan.loaded, {}))

    (hit,) = found_in(str(tmp_path / "index"), "1958", plan.loaded, {"way": "words"})
    assert hit.source == "a.txt"


def test_what_holds_every_word_of_the_question_is_found_however_little_it_stands_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = indexed(tmp_path, ("shelf a stands left", "shelf b stands left", "shelf c stands right"))
    monkeypatch.setattr(finding, "bound_of", lambda cosines_P, facts: 2.0)

    both, meant, other = (
        {hit.source for hit in found_in(str(tmp_path / "index"), asked, plan.loaded, {"way": way}) if hit.chosen}
        for asked, way in (("b stands left", "both"), ("b stands left", "meaning"), ("b stands right", "both"))
    )
    common = list(found_in(str(tmp_path / "index"), "shelf", plan.loaded, {}))

    assert (both, meant, other) == ({"b.txt"}, set(), set())
    assert len(common) == 3 and not any(hit.chosen for hit in common)  # what all of them hold tells none apart


def test_a_question_of_unknown_words_is_searched_by_words_alone(tmp_path: Path) -> None:
    plan = indexed(tmp_path)

    (hit,) = found_in(str(tmp_path / "index"), "1958", plan.loaded, {})

    assert hit.source == "a.txt" and hit.meaning is None and hit.chosen is None
    assert list(found_in(str(tmp_path / "index"), "1958", plan.loaded, {"way": "meaning"})) == []


def test_a_search_by_both_goes_by_the_share_that_held_out_questions_chose(tmp_path: Path) -> None:
    plan = indexed(tmp_path, ("The mill burnt down.", "Shelf c stands left.", "Shelf d stands left."))
    question = "where is shelf c burnt down mill"  # of which the model knows no more than the shelf

    def order(**options: object) -> list[str]:
        return [hit.text for hit in found_in(str(tmp_path / "index"), question, plan.loaded, options)]

    found = {}
    for share in (0.0, 1.0):
        plan.loaded.facts[SHARE] = share
        found[share] = order()

    meant, worded = order(way="meaning"), order(way="words")
    assert found[1.0] == meant and found[0.0][: len(worded)] == worded
    assert meant[0] != worded[0]


def test_held_out_questions_weigh_meaning_against_words(tmp_path: Path) -> None:
    pairs = [(f"where is {name}", f"you find {name} here") for name in (f"thing{at}" for at in range(300))]
    dataset = rows(tmp_path, *pairs)
    plan = outcome(prepare(recipe(), dataset))

    outcome(plan.task.weigh(plan.loaded, plan.splits.train, plan.splits.validation, plan.recipe))

    # Words that no training row has mean nothing to a bag from nothing, and tell these passages apart as words.
    assert cast(float, plan.loaded.facts[SHARE]) <= 0.5
    pool = pool_of(*(plan.splits.validation.column(role) for role in ("query", "passage")), ([], []), 500)
    assert len(pool.questions) >= FEWEST
