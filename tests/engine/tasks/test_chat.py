"""Chat: adapters learn beside a base, are saved, resumed and merged; what is sent is said; a base is what it was."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.events import Event, Finished, Note, Predicted, Progress, Saved, Step
from slm_studio.core.recipe import make_recipe
from slm_studio.core.report import all_cases
from slm_studio.core.run import create_run, open_run
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.engine.models import adapters
from slm_studio.engine.models.adapter_files import CONFIG
from slm_studio.engine.tasks import task_of
from slm_studio.engine.writing import decoding, room
from tests.tasks import fodder

FED = fodder("chat")
QUICK = {"batch": 8, "max_length": 96, "precision": "fp32", "eval_every": 6, "test_share": 0.0, "patience": 0}


def result(events: Iterator[Event]) -> object:
    last = list(events)[-1]
    assert isinstance(last, Finished)
    return last.result


def trained(rows: Dataset, base: str, **settings: object) -> list[Event]:
    recipe = make_recipe("chat", base=base, roles=FED.roles, settings=QUICK | settings)
    return list(engine.train(recipe, rows, create_run(recipe.settled(), rows)))


@pytest.fixture(scope="module")
def one_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Let all models of these tests stand in one home: adapters look for their base there."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("chats") / "home"
        patch.setenv("SLM_STUDIO_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def home(home: Path, one_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLM_STUDIO_HOME", str(one_home))
    return one_home


@pytest.fixture(scope="module")
def rows(one_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    found = result(engine.read(str(FED.write(tmp_path_factory.mktemp("rows")))))
    assert isinstance(found, Dataset)
    return found


@pytest.fixture(scope="module")
def base(rows: Dataset) -> SavedModel:
    """Return a chat that learnt a little; who changes its folder takes a copy."""
    return trained(rows, "blank:llama-nano", epochs=2)[-1].result


@pytest.fixture(scope="module")
def fluent(rows: Dataset) -> SavedModel:
    """Return a chat whose answers another training changes."""
    return trained(rows, "blank:llama-nano", epochs=8)[-1].result


def numbers(model: SavedModel) -> np.ndarray:
    task = task_of("chat")
    return task.numbers(task.open(Path(model.folder), model.facts), FED.prompts)


def losses(events: list[Event]) -> list[float]:
    return [event.loss for event in events if isinstance(event, Step)]


def test_an_adapter_learns_beside_its_base_and_becomes_part_of_it(rows: Dataset, base: SavedModel) -> None:
    before = numbers(base)

    events = trained(rows, base.folder, epochs=2, dropout=0.1)
    merged = events[-1].result
    beside = trained(rows, base.folder, epochs=2, dropout=0.1, merge=False)[-1].result

    assert np.abs(numbers(merged) - before).max() > 1e-3
    assert np.array_equal(numbers(base), before)
    assert numbers(merged) == pytest.approx(numbers(beside), abs=1e-4)
    assert merged.parameters == base.parameters < beside.parameters
    assert not (Path(merged.folder) / CONFIG).exists()
    assert not (Path(beside.folder) / "model.safetensors").exists()
    assert merged.baseline["base"]["answer_loss"] == pytest.approx(base.metrics["answer_loss"], rel=1e-5)
    assert merged.verdicts["base"] in ("better", "worse", "none")
    saved = next(Path(event.path) for event in events if isinstance(event, Saved))
    assert not (saved / "model" / "model.safetensors").exists(), "a checkpoint holds what learns"


@pytest.mark.parametrize("settings", [{}, {"adapter": "all"}])
def test_ten_held_out_questions_stand_beside_what_the_base_answered(
    settings: dict[str, object], rows: Dataset, fluent: SavedModel
) -> None:
    assert "base" not in all_cases(Path(fluent.folder) / "report")[0].cells, "it began from nothing"
    tuned = trained(rows, fluent.folder, epochs=4, learning_rate=0.01, **settings)[-1].result
    opened = result(engine.open(fluent.folder, "cpu"))

    cases = all_cases(Path(tuned.folder) / "report")

    beside = [case for case in cases if case.cells["base"] is not None]
    assert cases[: len(beside)] == beside and len(beside) == min(10, len(cases))
    for case in beside:
        greedy = {"temperature": 0.0, "max_new_tokens": room.LONGEST}
        said = list(engine.predict(opened.handle, {"question": case.text("question")}, greedy))
        assert case.text("base") == "".join(event.item.text for event in said if isinstance(event, Predicted))
        assert case.text("base") != case.text("answer")


def test_a_model_saved_as_adapter_opens_answers_is_scored_and_continued(
    rows: Dataset, base: SavedModel, home: Path, tmp_path: Path
) -> None:
    base = open_saved(Path(shutil.copytree(base.folder, home / "models" / "another")))
    beside = trained(rows, base.folder, epochs=1, merge=False)[-1].result

    opened = result(engine.open(beside.folder, "cpu"))
    report = result(engine.evaluate(opened.handle, rows))
    again = trained(rows, beside.folder, epochs=1)[-1].result

    assert {metric.key: metric.value for metric in report.metrics} == pytest.approx(beside.metrics, rel=1e-5)
    assert open_saved(Path(beside.folder)).facts["base"] == Path(base.folder).name
    assert np.abs(numbers(again) - numbers(beside)).max() > 1e-4
    Path(base.folder).rename(tmp_path / "elsewhere")
    with pytest.raises(StudioError, match="not on this computer"):
        result(engine.open(beside.folder, "cpu"))


@pytest.mark.parametrize("adapter", ["lora", "all"])
def test_a_run_with_adapters_goes_on_bit_by_bit(adapter: str, rows: Dataset, base: SavedModel) -> None:
    settings = QUICK | {"epochs": 3, "dropout": 0.2, "adapter": adapter}
    recipe = make_recipe("chat", base=base.folder, roles=FED.roles, settings=settings).settled()
    whole = list(engine.train(recipe, rows, create_run(recipe, rows)))
    run = create_run(recipe, rows)
    work, seen = engine.train(recipe, rows, run), []
    for event in work:
        seen.append(event)
        if isinstance(event, Step) and event.n == 5:
            break
    work.close()

    rest = list(engine.resume(open_run(run.path)))

    assert losses(seen + rest) == losses(whole)
    assert np.array_equal(numbers(rest[-1].result), numbers(whole[-1].result))


def test_only_adapters_move_and_they_learn_faster_than_weights_would(base: SavedModel) -> None:
    task = task_of("chat")
    recipe = make_recipe("chat", base=base.folder, roles=FED.roles, settings=QUICK).settled()
    loaded = task.continued(recipe, {"max_length": 96}, Path(base.folder))

    moving = {name for name, parameter in loaded.net.named_parameters() if parameter.requires_grad}

    assert moving == set(task.fresh(loaded)) and all("lora_" in name for name in moving)
    with torch.no_grad():
        for name in moving:
            loaded.net.get_parameter(name).normal_(std=0.1)
    beside = task.numbers(loaded, FED.prompts)
    with adapters.without_adapter(loaded.net):
        assert np.array_equal(task.numbers(loaded, FED.prompts), numbers(base))
    assert np.array_equal(task.numbers(loaded, FED.prompts), beside)
    adapters.merge(loaded.net)
    assert not adapters.has_adapter(loaded.net)
    assert task.numbers(loaded, FED.prompts) == pytest.approx(beside, abs=1e-4)


def test_what_a_model_receives_is_shown_and_its_oldest_turns_are_left_out_with_a_word(
    base: SavedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = result(engine.open(base.folder, "cpu"))
    turns = [
        {"role": role, "content": f"{role} turn {place}"} for place in "abcdehinr" for role in ("user", "assistant")
    ]
    prompt = {"messages": (*turns[:17],)}

    short = result(engine.render(opened.handle, {"messages": tuple(turns[:3])}, {"max_new_tokens": 5}))
    long = result(engine.render(opened.handle, prompt, {"max_new_tokens": 5}))
    monkeypatch.setattr(decoding, "PART", 32)
    answering = list(engine.predict(opened.handle, prompt, {"max_new_tokens": 5, "seed": 1}))
    done = answering[-1].result

    assert short["not_sent"] == 0 and short["used"] == len(short["tokens"]) < short["limit"] == 96
    assert short["text"].startswith("<|im_start|>user\nuser turn a<|im_end|>") and short["text"].endswith("assistant\n")
    learnt = "".join(piece for piece, is_answer in short["tokens"] if is_answer)
    assert learnt == "assistant turn a<|im_end|>"
    assert long["not_sent"] % 2 == 0 and 0 < long["not_sent"] <= 16 and long["used"] <= 91
    assert (done["not_sent"], done["used"]) == (long["not_sent"], long["used"])
    assert "user turn r" in long["text"] and "user turn a" not in long["text"]
    assert (answering[0].code, answering[0].values["count"]) == ("prompt-not-sent", long["not_sent"])
    assert answering[1] == Progress("Reading", 0, long["used"])
    assert done["count"] == sum(isinstance(event, Predicted) for event in answering) <= 5


def test_a_system_prompt_and_a_template_of_ones_own_are_asked_with(base: SavedModel) -> None:
    opened = result(engine.open(base.folder, "cpu"))
    template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}<|im_end|>{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}"

    shown = result(engine.render(opened.handle, {"question": "Hi"}, {"system": "Be kind.", "template": template}))

    assert shown["system"] == ""
    assert shown["text"] == "[system] Be kind.<|im_end|>[user] Hi<|im_end|>[assistant] "
    by_itself = "{% if messages[0]['role'] != 'system' %}[system] Be proud.<|im_end|>{% endif %}" + template
    assert result(engine.render(opened.handle, {"question": "Hi"}, {"template": by_itself}))["system"] == "Be proud."
    with pytest.raises(StudioError) as caught:
        result(engine.render(opened.handle, {"question": "Hi"}, {"template": "{{ nothing }}"}))
    assert caught.value.code == "template-loses"


def test_a_dialogue_without_an_answer_and_columns_that_make_none_are_sentences(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("question,answer\n" + "\n".join(f"q{n}," for n in range(9)) + "\n", encoding="utf-8")
    rows = result(engine.read(str(path)))

    for roles, code in (
        (FED.roles, "nothing-to-learn"),
        ({"question": "question"}, "role-missing"),
        ({}, "role-missing"),
    ):
        recipe = make_recipe("chat", base="blank:llama-nano", roles=roles, settings=QUICK).settled()
        with pytest.raises(StudioError) as caught:
            list(engine.train(recipe, rows, create_run(recipe, rows)))
        assert caught.value.code == code


def test_messages_are_answered_row_by_row_and_a_row_without_a_question_stays_empty(
    base: SavedModel, tmp_path: Path
) -> None:
    opened = result(engine.open(base.folder, "cpu"))
    path, out = tmp_path / "asked.jsonl", tmp_path / "out.jsonl"
    path.write_text(
        '{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}\n'
        '{"conversations": [{"from": "tool", "value": "x"}]}\n',
        encoding="utf-8",
    )

    done = result(
        engine.predict_file(
            opened.handle, str(path), str(out), {"column": "conversations", "max_new_tokens": 3, "temperature": 0.0}
        )
    )

    assert (done.rows, done.unanswered) == (2, 1)
    assert '"prediction": null' in out.read_text(encoding="utf-8").splitlines()[1]


def test_answers_that_do_not_fit_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        "question,answer\n" + "".join(f"q{n},{'word ' * (200 if n == 0 else 2)}\n" for n in range(9)), encoding="utf-8"
    )
    rows = result(engine.read(str(path)))

    events = trained(rows, "blank:llama-nano", epochs=1)

    said = [fill(event.message, event.values) for event in events if isinstance(event, Note)]
    assert sum("left out" in sentence for sentence in said) == 1, "once is enough"
    assert not any("{" in sentence for sentence in said)
    went_on = trained(rows, events[-1].result.folder, epochs=1)[-1].result  # its base is asked about the same rows
    path.write_text(f"question,answer\nlong,{'word ' * 200}\nnew,yes\nother,no\n", encoding="utf-8")
    opened = result(engine.open(went_on.folder, "cpu"))
    scored = list(engine.evaluate(opened.handle, result(engine.read(str(path)))))
    assert any(each.key == "base" for each in scored[-1].result.baselines)
    assert [event.code for event in scored if isinstance(event, Note)].count("answers-left-out") == 1
    assert isinstance(events[-1].result, SavedModel) and replace(events[-1].result, name="x").task == "chat"
