"""The Python face: what it says of itself runs, its errors are sentences, Ctrl-C keeps what was learnt."""

import doctest
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import slm_studio
from slm_studio import face
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Step
from slm_studio.core.results import Label, Token
from slm_studio.core.run import STOPPED, list_runs, open_run
from slm_studio.core.saved import list_models
from slm_studio.core.settings import Settings, save_settings
from slm_studio.engine.inference import shelf
from tests.cli.commands import messages, write_rows
from tests.fuzz.models import make_models
from tests.hub_server import HubServer
from tests.tasks import fodder

SMALL = {"base": "blank:bag-nano", "epochs": 1, "precision": "fp32"}


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_rows(tmp_path / "messages.csv", messages(12))


def test_the_examples_of_the_documentation_run(rows: Path) -> None:
    lines = [f"Once upon a time number {n} there was a small cat." for n in range(60)]
    (rows.parent / "book.txt").write_text("\n".join(lines), encoding="utf-8")

    failed, tried = doctest.testmod(face, optionflags=doctest.NORMALIZE_WHITESPACE)

    assert (failed, tried > 10) == (0, True)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "numpy", "pyarrow", "PySide6", "slm_studio.face", "slm_studio.core")
    code = f"import sys, slm_studio; print([name for name in {heavy} if name in sys.modules])"
    use = "slm_studio.load; print([name for name in ('torch', 'numpy', 'PySide6') if name in sys.modules])"

    said = subprocess.run([sys.executable, "-c", f"{code}; {use}"], capture_output=True, text=True, check=True).stdout

    assert said.split() == ["[]", "[]"]


def test_it_gives_what_it_promises_and_nothing_else() -> None:
    assert sorted(slm_studio.__all__) == sorted(face.__all__)
    assert all(getattr(slm_studio, name) is getattr(face, name) for name in face.__all__)
    with pytest.raises(AttributeError):
        slm_studio.magic  # noqa: B018
    assert (Path(slm_studio.__file__).parent / "py.typed").is_file()


def test_a_model_is_trained_asked_and_opened_again(rows: Path) -> None:
    heard: list[Event] = []
    model = slm_studio.train(rows, "classify", {"text": "text"}, name="mine", on_event=heard.append, **SMALL)
    asked = ["where is my parcel", {"text": "refund please"}, "does the kettle fit"]

    one, many = model(asked[0], top=2), model(tuple(asked))

    assert any(isinstance(event, Step) for event in heard)
    assert isinstance(one, slm_studio.Answer) and len(one) == 2
    assert tuple(many[0])[:2] == one.items and len(many) == 3
    assert all(isinstance(item, Label) for item in one) and str(one) == one.items[0].label
    assert sorted(model.labels) == ["delivery", "product", "refund"] and "accuracy" in model.metrics
    for again in (slm_studio.load("mine"), slm_studio.load(model.folder)):
        assert again(asked[0], top=2) == one
        again.close()
        assert again(asked[0], top=2) == one  # opened again by the question
    with slm_studio.load("mine") as again:
        assert again(asked[0], top=2) == one
        open_inside = set(shelf._shelf)
    assert set(shelf._shelf) < open_inside


def test_a_recipe_is_named_and_what_is_set_wins(rows: Path) -> None:
    model = slm_studio.train(rows, recipe="thousand-words", epochs=1, layers=[8], embedding=8, precision="fp32")

    assert model.saved.recipe["named"] == "thousand-words" and model.saved.recipe["options"]["layers"] == [8]
    assert (model.saved.recipe["optimizer"], model.saved.recipe["epochs"]) == ("rmsprop", 1)
    assert model("where is my parcel")
    with pytest.raises(slm_studio.StudioError) as caught:
        slm_studio.train(rows, recipe="sonnet")
    assert "textbook-sentiment" in caught.value.__notes__[0]


def test_a_model_that_left_the_shelf_is_opened_again(rows: Path) -> None:
    models = [slm_studio.train(rows, **SMALL) for _ in range(4)]  # the shelf holds three
    first = models[0]("where is my parcel")

    for model in models[1:]:
        model("where is my parcel")

    assert models[0]("where is my parcel") == first


def test_whoever_stops_reading_ends_the_writing(rows: Path) -> None:
    book = rows.parent / "book.txt"
    book.write_text("\n".join(f"line {n} of a book about {n % 7} cats" for n in range(80)), encoding="utf-8")
    writer = slm_studio.train(book, base="blank:llama-nano", epochs=1, max_length=32, precision="fp32")
    pieces = writer.stream("line", max_new_tokens=50, seed=1)

    first = next(pieces)
    pieces.close()

    assert isinstance(first, Token)
    assert str(writer("line", max_new_tokens=5, seed=1)).startswith(first.text)
    beside = writer.continuations("line", 2, max_new_tokens=5, seed=1)
    assert [str(each) for each in beside] == [str(writer("line", max_new_tokens=5, seed=seed)) for seed in (1, 2)]
    with pytest.raises(StudioError, match="“count” is 0"):
        writer.continuations("line", 0)
    with pytest.raises(StudioError, match="“max_new_tokens” is 0"):
        writer("line", max_new_tokens=0)
    with pytest.raises(StudioError, match="no option “top”"):
        writer("line", top=3)


def test_ctrl_c_keeps_the_checkpoint_and_resume_goes_on(rows: Path) -> None:
    def press(event: Event) -> None:
        if isinstance(event, Step) and event.n == 2:
            os.kill(os.getpid(), signal.SIGINT)

    plan = SMALL | {"epochs": 4, "batch": 16, "patience": 0}
    whole: list[Event] = []
    slm_studio.train(rows, on_event=whole.append, **plan)

    with pytest.raises(slm_studio.Stopped) as stopped:
        slm_studio.train(rows, on_event=press, **plan)
    run = next(run for run in list_runs() if run.id == stopped.value.run)
    rest: list[Event] = []
    model = slm_studio.resume(run.id, on_event=rest.append)

    assert (run.state, run.step) == (STOPPED, 2)
    assert isinstance(stopped.value, KeyboardInterrupt) and run.id in str(stopped.value)
    losses = [event.loss for event in whole if isinstance(event, Step)]
    assert [event.loss for event in rest if isinstance(event, Step)] == losses[2:]
    assert model.saved.run == run.id


def test_what_a_listener_raises_stops_the_work_and_saves(rows: Path) -> None:
    class Enough(Exception):
        pass

    def stop(event: Event) -> None:
        if isinstance(event, Step):
            raise Enough

    with pytest.raises(Enough):
        slm_studio.train(rows, on_event=stop, **SMALL | {"epochs": 5})

    (run,) = list_runs()
    assert run.state == STOPPED and open_run(run.path).can_resume


def test_arrays_columns_and_generators_of_texts_are_lists_of_them(rows: Path) -> None:
    model = slm_studio.train(rows, **SMALL)
    texts = ["where is my parcel", "refund please"]
    known = model(texts, top=2)

    several = (
        np.array(texts),
        pa.chunked_array([texts]),
        (text for text in texts),
        dict.fromkeys(texts).keys(),
    )

    assert all(model(each, top=np.int64(2)) == known for each in several)
    assert model(np.array(texts)[1], top=2) == model({"text": np.array(texts)[1]}, top=2) == known[1]


def test_settings_are_called_as_programs_call_them(rows: Path) -> None:
    model = slm_studio.train(rows, **SMALL)
    for wrong, said in (
        (lambda: model("a", top=-1), "“top” is -1."),
        (lambda: model("a", top="x"), "“top” is x, which is not a whole number."),
        (lambda: slm_studio.train(rows, "classify", epochs="x"), "“epochs” is x, which is not a whole number."),
        (lambda: slm_studio.train(rows, "classify", learning_rate="x"), "“learning_rate” is x, which is not a number."),
        (lambda: slm_studio.train(rows, "classify", optimizer="luck"), "“optimizer” is luck."),
        (lambda: slm_studio.train(rows, name=3), "“name” is 3, which is not a text."),
    ):
        with pytest.raises(slm_studio.StudioError) as caught:
            wrong()
        assert str(caught.value) == said


WRONG = {
    "no such setting": ({"epoch": 1}, "no-such-name"),
    "a setting of another task": ({"task": "classify", "tokens": "pieces"}, "no-such-name"),
    "a setting out of range": ({"task": "classify", "epochs": 0}, "knob-range"),
    "no such column": ({"roles": {"text": "words"}}, "no-such-column"),
    "no such role": ({"task": "classify", "roles": {"question": "text"}}, "no-such-role"),
    "no such task": ({"task": "dance"}, "no-such-task"),
    "no such base": ({"base": "nowhere"}, "no-such-base"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_a_sentence_with_what_to_do(wrong: str, rows: Path) -> None:
    arguments, code = WRONG[wrong]

    with pytest.raises(slm_studio.StudioError) as caught:
        slm_studio.train(rows, **{**SMALL, **arguments})

    assert caught.value.code == code
    assert str(caught.value).endswith(".") and caught.value.advice in caught.value.__notes__
    assert list_runs() == [] and list_models() == []


def test_a_column_that_is_missing_is_named_as_programs_name_it(rows: Path) -> None:
    with pytest.raises(slm_studio.StudioError) as caught:
        slm_studio.train(rows, "chat")

    assert (
        caught.value.code == "role-missing" and "The columns of “messages.csv” are: text, label." in caught.value.advice
    )
    assert (
        'roles={"messages": "COLUMN"}, or else roles={"question": "COLUMN", "answer": "COLUMN"}' in caught.value.advice
    )


def test_models_that_are_not_there_and_odd_prompts_are_sentences(rows: Path) -> None:
    model = slm_studio.train(rows, **SMALL)
    for wrong, code in (
        (lambda: slm_studio.load("nowhere"), "no-such-model"),
        (lambda: slm_studio.load(rows.parent), "not-a-model"),
        (lambda: slm_studio.train("absent.csv"), "file-missing"),
        (lambda: slm_studio.resume(model.saved.run), "not-resumable"),
        (lambda: model("a", tops=1), "no-such-name"),
        (lambda: model({"passage": "a"}), "prompt-role"),
        (lambda: model(" "), "text-empty"),
        (lambda: model({"label": "refund"}), "prompt-role"),
        (lambda: model("a", temperature=1), "no-such-name"),
        (lambda: model("a", top=0), "knob-range"),
        (lambda: model("a", top=object()), "option-form"),
        (lambda: model.continuations("a"), "one-answer"),
        (lambda: model(b"refund"), "prompt-form"),
        (lambda: model({"text": b"refund"}), "prompt-kind"),
        (lambda: model(np.zeros((2, 2))), "prompt-form"),
        (lambda: model.evaluate("messages.csv", ["text"]), "columns-form"),
        (lambda: model.answer_file("messages.csv", "out.csv", ["text"]), "columns-form"),
        (lambda: model.evaluate(np.array(["a"])), "file-form"),
        (lambda: model.rank("ab"), "list-form"),
        (lambda: model.trace(3), "knob-type"),
        (lambda: slm_studio.load(None), "file-form"),
        (lambda: slm_studio.load(""), "no-such-model"),
        (lambda: slm_studio.train(["a", "b"]), "file-form"),
        (lambda: slm_studio.train("messages.csv", roles=["text"]), "columns-form"),
        (lambda: slm_studio.train("messages.csv", base=3), "knob-type"),
    ):
        with pytest.raises(slm_studio.StudioError) as caught:
            wrong()
        assert (caught.value.code, bool(caught.value.__notes__)) == (code, True)


def test_a_hub_id_is_fetched_once(rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = slm_studio.train(rows, **SMALL)
    names = [path for path in trained.folder.rglob("*") if path.is_file() and "report" not in path.parts]
    content = {path.relative_to(trained.folder).as_posix(): path.read_bytes() for path in names}
    with HubServer() as hub:
        hub.add_model("ada/tickets", content)
        save_settings(Settings(endpoint=hub.endpoint))

        model = slm_studio.load("ada/tickets")
        asked = len(hub.requests("model.safetensors"))
        again = slm_studio.load("ada/tickets")

        assert asked > 0 and len(hub.requests("model.safetensors")) == asked
    assert model.folder == again.folder != trained.folder
    assert model("where is my parcel") == trained("where is my parcel")


def test_a_prompt_of_a_list_without_an_answer_costs_the_others_nothing(rows: Path, tmp_path: Path) -> None:
    model = slm_studio.train(rows, **SMALL)

    answers = model(["where is my parcel", " ", {"text": ""}, "refund please"])

    assert answers[0] == model("where is my parcel") and answers[3] == model("refund please")
    assert [len(answer) for answer in answers] == [3, 0, 0, 3]
    assert [answer.problem and answer.problem.code for answer in answers] == [None, "text-empty", "text-empty", None]
    assert [str(answer) for answer in answers][1:3] == ["", ""]
    with pytest.raises(slm_studio.StudioError, match="no word"):
        model(" ")


def test_it_is_so_whatever_the_task(tmp_path: Path) -> None:
    for task, prompt in (("tag", "Ada lives here"), ("chat", "Hi")):
        path = fodder(task).write(tmp_path)
        model = slm_studio.train(path, task, fodder(task).roles, epochs=1, precision="fp32", max_length=96)

        options = {"max_new_tokens": 2, "seed": 1} if task == "chat" else {}

        answers = model([prompt, "", prompt], **options)

        assert answers[0] == answers[2] == model(prompt, **options)
        assert (answers[1].problem is not None, str(answers[1]), len(answers[1])) == (True, "", 0)
        assert answers[0].problem is None
    long = {"question": "Hi", "system": "word " * 900}
    assert [answer.problem is None for answer in model([long, "Hi"], max_new_tokens=2)] == [False, True]


@pytest.mark.parametrize(
    "wrong", [None, float("nan"), 3, ["a"], {"text": None}, {"text": 3.5}, {"text": ["a", 1]}], ids=str
)
def test_what_is_no_prompt_is_a_sentence_with_its_place(rows: Path, wrong: object) -> None:
    model = slm_studio.train(rows, **SMALL)

    with pytest.raises(slm_studio.StudioError) as caught:
        model(["where is my parcel", wrong])

    assert caught.value.code in ("prompt-form", "prompt-kind")
    assert "Asked with item 1 of the list, counted from 0." in caught.value.__notes__


def test_what_is_found_says_that_its_index_is_older_than_its_documents(tmp_path: Path) -> None:
    (folder, *_) = make_models(tmp_path / "models", {"search": ("bag",)})
    documents, model = tmp_path / "documents", slm_studio.load(folder)
    documents.mkdir()
    (documents / "one.txt").write_text("Late books cost 20 cents a day.", encoding="utf-8")
    index = model.index(documents)
    assert model.search("late books", index).notes == ()
    with pytest.raises(StudioError, match="“top” is 0"):
        model.search("late books", documents, top=0)

    (documents / "two.txt").write_text("A whale was seen in the pond.", encoding="utf-8")

    found = model.search("late books", index)
    assert found.notes == model("late books", index=index.folder).notes and len(found) == 1
    assert found.notes == ("“documents” has changed since the index was made. What is new in it is not found.",)
    assert model.search("late books", documents).notes == () and len(model.search("late books", documents)) == 2
