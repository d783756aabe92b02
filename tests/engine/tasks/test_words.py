"""What is special of word vectors: hopeless texts, questions as files, vectors that learn on, and where other nets begin."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Predicted, Step
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Hit, Report
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.engine.models.vectors import word2vec
from tests.tasks import fodder

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"


def result(events: Iterator[Event]) -> object:
    last = list(events)[-1]
    assert isinstance(last, Finished)
    return last.result


def dataset(folder: Path, text: str, name: str = "text.txt") -> Dataset:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    found = result(engine.read(str(path)))
    assert isinstance(found, Dataset)
    return found


def train(rows: Dataset, base: str = "blank:skipgram-nano", **settings: object) -> list[Event]:
    column = next(each.name for each in rows.columns if each.name in ("text", "words"))
    recipe = make_recipe("words", base=base, roles={"text": column}, settings=settings)
    return list(engine.train(recipe, rows, create_run(recipe, rows)))


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    folder = tmp_path_factory.mktemp("vectors")
    rows = result(engine.read(str(fodder("words").write(folder))))
    assert isinstance(rows, Dataset)
    model = train(rows, min_count=1, sample=0.0, epochs=40)[-1].result
    assert isinstance(model, SavedModel)
    return model


@pytest.mark.parametrize(
    ("text", "settings", "code"),
    [
        ("?! … \n\n —\n", {}, "no-words"),
        ("tea tea tea tea tea tea\n" * 5, {}, "one-word"),
        ("every word of this stands once only\n", {}, "words-too-rare"),
        ("a b c d " * 5 + "\n", {"window": 60, "min_count": 1}, "window-too-large"),
        (
            ": capitals\nAthens Greece Oslo Norway\nParis France Rome Italy\n",
            {"min_count": 1},
            "questions-teach-nothing",
        ),
    ],
)
def test_texts_from_which_nothing_can_be_learnt_are_refused_in_a_sentence(text, settings, code, tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        train(dataset(tmp_path, text), **settings, validation_share=0.01, test_share=0.0)
    assert caught.value.code == code


def test_a_book_is_read_over_its_lines_and_a_table_is_not(tmp_path: Path) -> None:
    from slm_studio.engine.models.vectors.texts import passages

    assert list(passages(["one\n", "two\n", "\n", "three\n"], "book")) == ["one\ntwo\n\n", "three\n"]
    assert list(passages(["one", "two"], "lines")) == ["one", "two"]


@pytest.mark.parametrize(
    ("language", "asked", "near"),
    [("en", "king", {"queen", "prince", "princess"}), ("zh", "国王", {"王后", "公主", "王子"})],
)
def test_the_sample_gives_sensible_neighbours_in_seconds(language: str, asked: str, near: set[str]) -> None:
    if language == "zh":
        pytest.importorskip("rjieba")
    rows = result(engine.read(str(SAMPLES / language / "village.txt")))
    assert isinstance(rows, Dataset)

    model = train(rows, base="blank:skipgram-micro", epochs=12, seed=42)[-1].result

    opened = result(engine.open(model.folder, "cpu"))
    found = [
        event.item.text
        for event in engine.predict(opened.handle, {"text": asked}, {"top": 8})
        if isinstance(event, Predicted)
    ]
    assert len(near & set(found)) >= 2
    assert model.metrics["context_accuracy"] > 0.6 and model.verdicts["random_vectors"] == "better"


def test_words_that_are_not_known_are_said_with_what_is_written_alike(vectors: SavedModel) -> None:
    opened = result(engine.open(vectors.folder, "cpu"))

    with pytest.raises(StudioError) as caught:
        list(engine.predict(opened.handle, {"text": "quen"}, {}))
    assert caught.value.code == "word-unknown" and "queen" in str(caught.value.values["like"])


@pytest.mark.parametrize(
    ("ask", "words"), [("analogy", ("king", "queen")), ("similarity", ("king",)), ("odd", ("king", "sea"))]
)
def test_too_few_words_are_said(ask: str, words: tuple[str, ...], vectors: SavedModel) -> None:
    opened = result(engine.open(vectors.folder, "cpu"))

    with pytest.raises(StudioError) as caught:
        list(engine.predict(opened.handle, {"text": words}, {"ask": ask}))
    assert caught.value.code == "words-number"


def test_the_odd_one_and_a_likeness(vectors: SavedModel) -> None:
    opened = result(engine.open(vectors.folder, "cpu"))

    def ask(prompt, **options) -> list[Hit]:
        return [event.item for event in engine.predict(opened.handle, prompt, options) if isinstance(event, Predicted)]

    assert ask({"text": ("ship", "sail", "oven", "wave")}, ask="odd")[0].text == "oven"
    alike, other = ask({"first": "ship", "second": "sail"})[0], ask({"text": ("ship", "oven")}, ask="similarity")[0]
    assert alike.score > other.score


def test_a_map_has_a_place_for_the_words_and_those_around(vectors: SavedModel) -> None:
    opened = result(engine.open(vectors.folder, "cpu"))

    for method in ("directions", "neighbours"):
        drawn = result(engine.render(opened.handle, {"text": "ship"}, {"method": method, "top": 30}))
        names = [point[0] for point in drawn["points"]]
        assert names[0] == "ship" and len(set(names)) == len(names) and "king" in names
        assert all(-1 <= x <= 1 and -1 <= y <= 1 for _, _, x, y in drawn["points"])


def test_files_of_questions_score_vectors(vectors: SavedModel, tmp_path: Path) -> None:
    opened = result(engine.open(vectors.folder, "cpu"))
    analogies = dataset(
        tmp_path, ": groups\nking queen ship sail\nship sail king queen\nking queen dog cat\n", "ask.txt"
    )
    pairs = dataset(
        tmp_path, "king\tqueen\t9\nking\tsail\t1\nship\twave\t8.5\nbread\toven\t8\nbread\tqueen\t2\n", "pairs.tsv"
    )

    events = list(engine.evaluate(opened.handle, analogies))
    solved = events[-1].result
    felt = result(engine.evaluate(opened.handle, pairs))

    assert isinstance(solved, Report) and isinstance(felt, Report)
    assert [metric.key for metric in solved.metrics] == ["analogy_accuracy"]
    assert solved.facts["asked:groups"] == 2
    assert [(each.values["known"], each.values["asked"]) for each in solved.remarks if each.code == "coverage"] == [
        (2, 3)
    ]
    assert "coverage" in [event.code for event in events if isinstance(event, Note)]
    assert felt.metrics[0].key == "spearman" and felt.metrics[0].value > 0.5
    case = json.loads(Path(solved.cases).read_text(encoding="utf-8").splitlines()[0])
    assert case["question"] == "king : queen = ship : ?" and case["expected"] == "sail"


def test_vectors_learn_on_and_take_new_words_in(vectors: SavedModel, tmp_path: Path) -> None:
    rows = dataset(tmp_path, "\n\n".join(["king and emperor sat on the throne of the castle"] * 40))

    model = train(rows, base=vectors.folder, min_count=2, epochs=3, validation_share=0.1)[-1].result

    opened = result(engine.open(model.folder, "cpu"))
    found = [
        event.item.text
        for event in engine.predict(opened.handle, {"text": ("king", "emperor")}, {"ask": "similarity"})
        if isinstance(event, Predicted)
    ]
    assert found == ["emperor"]


@pytest.mark.parametrize("family", ["bag", "cnn", "lstm"])
def test_other_nets_begin_with_vectors_and_say_what_these_know(
    family: str, vectors: SavedModel, tmp_path: Path
) -> None:
    texts = ["the king sat on the throne", "a ship on the sea", "queen in her castle", "waves and sail"] * 12
    rows = dataset(
        tmp_path, "text,label\n" + "\n".join(f"{text} {at},{'ab'[at % 2]}" for at, text in enumerate(texts)), "rows.csv"
    )
    settings = {"vectors": vectors.folder, "epochs": 1}
    recipe = make_recipe(
        "classify", base=f"blank:{family}-nano", roles={"text": "text", "label": "label"}, settings=settings
    )

    events = list(engine.train(recipe, rows, create_run(recipe, rows)))

    said = next(event for event in events if isinstance(event, Note) and event.code == "vectors-know")
    assert 5 <= said.values["known"] < said.values["all"]
    model = events[-1].result
    assert model.recipe["options"]["vectors"] == Path(vectors.folder).name
    assert [(each.step, each.what) for each in model.lineage][1] == ("pre-training", Path(vectors.folder).name)
    opened = result(engine.open(model.folder, "cpu"))
    assert len(list(engine.predict(opened.handle, {"text": "the king"}, {}))) > 1


def test_vectors_that_do_not_fit_are_refused_in_a_sentence(vectors: SavedModel, tmp_path: Path) -> None:
    rows = dataset(tmp_path, "text,label\n" + "\n".join(f"word {at},{'ab'[at % 2]}" for at in range(40)), "rows.csv")
    roles = {"text": "text", "label": "label"}
    plain = make_recipe("classify", roles=roles, settings={"epochs": 1})
    other = result(engine.train(plain, rows, create_run(plain, rows)))
    for settings, code in (
        ({"vectors": vectors.folder, "embedding": 64}, "vectors-width"),
        ({"vectors": "nowhere"}, "vectors-missing"),
        ({"vectors": other.folder}, "vectors-other-task"),
    ):
        recipe = make_recipe("classify", base="blank:lstm-nano", roles=roles, settings=settings)
        with pytest.raises(StudioError) as caught:
            list(engine.train(recipe, rows, create_run(recipe, rows)))
        assert caught.value.code == code


def test_the_rate_falls_in_a_straight_line_to_its_end_and_words_are_walked_over_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = dataset(tmp_path, "\n".join(f"the cat sees the dog number{at % 7} and the bird" for at in range(300)))
    walked = []

    def walk(*given: object) -> word2vec.Walk:
        walked.append(cast(word2vec.Way, given[3]).rate)
        return real(*given)  # type: ignore[arg-type]

    real = word2vec.walk
    monkeypatch.setattr(word2vec, "walk", walk)

    rates = [event.rate for event in train(rows, epochs=2, batch=4) if isinstance(event, Step)]

    assert walked[-len(rates) :] == rates
    steps = {round(before - after, 9) for before, after in itertools.pairwise(rates[1:])}
    assert len(rates) > 5 and len(steps) == 1 and rates[-1] == pytest.approx(0.025 * 0.004)


@pytest.mark.parametrize(("minutes", "is_one_order"), [(None, True), (0.05, False)])
def test_every_epoch_reads_the_text_in_one_order_unless_time_may_end_it_early(
    minutes: float | None, is_one_order: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = dataset(tmp_path, "\n".join(f"the cat{at % 50} sees the dog{at % 31}" for at in range(400)))
    read = []

    def walk(*given: object) -> word2vec.Walk:
        read.append(np.asarray(given[2]).tolist())
        return real(*given)  # type: ignore[arg-type]

    real = word2vec.walk
    monkeypatch.setattr(word2vec, "walk", walk)
    timed = {} if minutes is None else {"minutes": minutes}

    steps = [
        event for event in train(rows, epochs=2, batch=2, min_count=1, patience=0, **timed) if isinstance(event, Step)
    ]

    learnt, first = read[-len(steps) :], sum(event.epoch <= 1 for event in steps)
    count = min(first, len(steps) - first)
    assert count > 5
    assert (learnt[:count] == learnt[first : first + count]) == is_one_order
