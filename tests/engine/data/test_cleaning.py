"""Cleaning: named steps, a new version, everything counted."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.cleaning import STEPS
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note, Predicted
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.tasks import task_info
from slm_studio.engine.data.cleaning import mend, mend_prompt
from tests.engine.data.ask import cells, remark, result, write_and_read

RECIPE = make_recipe("classify", roles={"text": "text", "label": "label"})


def clean(dataset, *steps: str):
    return result(engine.clean(dataset, steps, RECIPE))


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("trim", " \u3000a b \n", "a b"),
        ("squeeze_spaces", "a  b\t\tc\u3000d\n\n\n\ne", "a b c d\n\ne"),
        ("full_to_half", "ＡＢＣ１２３！　。", "ABC123! 。"),
        ("lowercase", "Ärger ÉCOLE", "ärger école"),
        ("strip_html", "<p class='x'>Tom &amp; I<br/>2 < 3</p><script>x()</script>", "Tom & I\n2 < 3\n"),
        ("strip_html", "I <3 you & 3 > 2", "I <3 you & 3 > 2"),
        ("strip_urls", "see https://a.org/b?c=1 或 www.b.cn/d。好", "see  或 。好"),
        ("mask_personal", "a@b.org, 13812345678", "[EMAIL], [PHONE]"),
    ],
)
def test_step_does_what_it_says(step: str, before: str, after: str) -> None:
    assert mend(before, (step,), "text") == after
    assert mend(after, (step,), "text") == after  # doing it twice changes nothing more


def test_steps_have_one_order_whatever_the_person_chose() -> None:
    text = "<b> ＡＢ </b>"

    assert mend(text, ("trim", "full_to_half", "strip_html"), "text") == mend(
        text, ("strip_html", "trim", "full_to_half"), "text"
    )


def test_unknown_step_is_named() -> None:
    with pytest.raises(StudioError) as caught:
        mend("a", ("polish",), "text")

    assert caught.value.code == "no-such-step" and "polish" in str(caught.value) and "trim" in caught.value.advice


def test_new_version_leaves_the_old_one_as_it_was(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text,label\n a ,x\nb,y\n", header=True)

    cleaned = clean(dataset, "trim")

    assert cells(dataset) == [(" a ", "x"), ("b", "y")] and cells(cleaned) == [("a", "x"), ("b", "y")]
    assert cleaned.name == "a.csv (cleaned)" and cleaned.id.startswith("a-cleaned-")
    assert cleaned.source == dataset.source and cleaned.fingerprint != dataset.fingerprint
    assert remark(cleaned, "cleaned-trim").count == 1
    assert clean(cleaned, "lowercase").name == "a.csv (cleaned)"


def test_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = ["a,x", "A ,x", "b,x", "b,y", ",x", "c,", "d,y", "e,y"]
    (tmp_path / "test.csv").write_text("text,label\nD,y\n,x\n")
    dataset = write_and_read(
        tmp_path / "a.csv", "text,label\n" + "\n".join(lines), header=True, test=str(tmp_path / "test.csv")
    )

    cleaned = clean(dataset, "remove_empty", "remove_duplicates", "remove_conflicts", "remove_leaks")

    assert cells(cleaned) == [("a", "x"), ("e", "y")]
    assert cells(cleaned, "test") == [("D", "y")] and cleaned.held_out == {"test": 1}
    counts = {name: remark(cleaned, f"cleaned-{name}").count for name in STEPS if remark(cleaned, f"cleaned-{name}")}
    assert counts == {"remove_empty": 3, "remove_duplicates": 1, "remove_conflicts": 2, "remove_leaks": 1}


def test_labels_merge_into_the_most_frequent_spelling(tmp_path: Path) -> None:
    labels = ["Pos", "Pos", "pos", " POS ", "neg"]
    dataset = write_and_read(
        tmp_path / "a.csv", "text,label\n" + "".join(f"t{n},{label}\n" for n, label in enumerate(labels))
    )

    assert [label for _, label in cells(clean(dataset, "merge_labels"))] == ["Pos"] * 4 + ["neg"]


def test_lower_case_leaves_labels_alone(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text,label\nABC,Pos\nDEF,Neg\n", header=True)

    assert cells(clean(dataset, "lowercase")) == [("abc", "Pos"), ("def", "Neg")]


def test_cleaning_that_leaves_nothing_is_refused(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text,label\na,x\na,y\n", header=True)

    with pytest.raises(StudioError) as caught:
        clean(dataset, "remove_conflicts")

    assert caught.value.code == "nothing-left"


@pytest.mark.parametrize(
    ("reads", "before", "after"),
    [
        ("label", " B-Group ", "B-Group"),  # case tells labels apart
        ("words", '[" ＡＢ ", "C"]', '["ab", "c"]'),
        ("messages", '[{"role": "user", "content": " HI "}]', '[{"role": "user", "content": "hi"}]'),
    ],
)
def test_a_list_is_mended_item_by_item_and_a_label_keeps_its_case(reads: str, before: str, after: str) -> None:
    assert mend(before, ("lowercase", "full_to_half", "trim", "remove_duplicates"), reads) == after


def test_what_was_done_to_the_rows_is_done_to_a_prompt() -> None:
    info = task_info("classify")

    assert mend_prompt({"text": " <b>Hi</b> "}, ("trim", "strip_html"), info) == {"text": "Hi"}
    assert mend_prompt({"text": " A "}, ("remove_duplicates",), info) == {"text": " A "}


def test_a_text_in_which_places_are_marked_is_asked_as_it_is_written() -> None:
    prompt = {"text": "  Ada  lives"}

    assert mend_prompt(prompt, ("squeeze_spaces", "trim", "lowercase"), task_info("tag")) == prompt


def test_a_model_of_cleaned_rows_reads_prompts_and_other_rows_as_it_learnt_to(tmp_path: Path) -> None:
    lines = [f"{'GOOD' if n % 2 else 'BAD'} thing {n},{'pos' if n % 2 else 'neg'}" for n in range(60)]
    raw = write_and_read(tmp_path / "a.csv", "text,label\n" + "\n".join(lines) + "\n", header=True)
    cleaned = clean(raw, "lowercase")
    settings = {"lowercase": False, "epochs": 1, "max_length": 16, "precision": "fp32"}
    recipe = make_recipe("classify", roles=RECIPE.roles, settings=settings)
    model = result(engine.train(recipe, cleaned, create_run(recipe, cleaned)))
    handle = result(engine.open(model.folder, "cpu")).handle

    assert model.recipe["cleaning"] == ["lowercase"]
    said = [
        [event.item for event in engine.predict(handle, {"text": text}, {}) if isinstance(event, Predicted)]
        for text in ("GOOD Thing", "good thing")
    ]
    assert said[0] == said[1]
    events = list(engine.evaluate(handle, raw))
    assert any(isinstance(event, Note) and event.code == "cleaned-alike" for event in events)
    assert events[-1].result.metrics == result(engine.evaluate(handle, cleaned)).metrics
