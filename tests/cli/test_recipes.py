"""train --recipe NAME: a named recipe beneath the flags; its list needs no file."""

from pathlib import Path

import pytest

from slm_studio.core.recipes import RECIPES
from slm_studio.core.run import find_run, recipe_of
from slm_studio.core.saved import open_saved
from slm_studio.core.tasks import TaskInfo, all_tasks
from tests.cli.commands import Run, messages, write_rows


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """Return rows with two labels."""
    return write_rows(tmp_path / "sentences.csv", [(text, label) for text, label in messages() if label != "product"])


def test_a_recipe_is_one_flag_and_other_flags_win(run: Run, sentences: Path, tmp_path: Path) -> None:
    flags = ("--epochs", 1, "--layers", "8, 4", "--precision", "fp32", "--place", "thread")

    told = run("train", sentences, "--recipe", "textbook-sentiment", *flags, "--out", tmp_path / "out")

    assert told.code == 0, told.out
    assert told.result["base"] == "blank:lstm-nano"
    recipe = recipe_of(find_run(str(told.result["run"])))
    assert (recipe.named, recipe.epochs, recipe.optimizer) == ("textbook-sentiment", 1, "adam")
    assert (recipe.options.layers, recipe.options.output) == ((8, 4), "sigmoid")
    assert open_saved(tmp_path / "out").recipe["named"] == "textbook-sentiment"
    answer = run("predict", tmp_path / "out", "--text", "where is my parcel").result["items"]
    assert {each["label"] for each in answer} == {"delivery", "refund"}


@pytest.mark.parametrize("as_json", [True, False])
def test_the_list_names_every_recipe_and_what_to_expect(run: Run, as_json: bool) -> None:
    told = run("train", "--recipe", "list", as_json=as_json)
    text = str(told.result["text"]) if as_json else told.out

    assert told.code == 0
    for each in RECIPES:
        assert f"{each.key}  ({each.task}: {each.title})" in text
        assert each.paragraph[:60] in " ".join(text.split())


def test_an_unknown_recipe_names_those_that_there_are(run: Run, sentences: Path) -> None:
    error = run("train", sentences, "--recipe", "sonnet").error

    assert error["code"] == "no-such-recipe" and "“sonnet”" in error["message"]
    assert "textbook-sentiment, thousand-words, fasttext, gpt-nano" in error["hint"]


def test_a_recipe_of_another_task_is_a_sentence(run: Run, sentences: Path) -> None:
    error = run("train", sentences, "--task", "write", "--recipe", "fasttext").error

    assert error["code"] == "recipe-of-another-task" and "gpt-nano" in error["hint"]
    error = run("train", sentences, "--task", "tag", "--recipe", "fasttext").error
    assert error["hint"] == "Leave out the task, or the recipe."  # there is none for tags


@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
def test_the_flag_that_a_card_tells_is_one_of_its_command(run: Run, info: TaskInfo) -> None:
    assert f"{info.code.flag} " in run(info.verb, "--help", as_json=False).out


def test_a_list_of_layers_that_is_none_is_wrong_usage(run: Run, sentences: Path) -> None:
    told = run("train", sentences, "--base", "blank:lstm-nano", "--layers", "wide")

    assert told.code == 2 and "64,32" in told.error["message"]
    assert run("train", sentences, "--base", "blank:lstm-nano", "--layers", "0").error["code"] == "knob-range"


def test_help_says_which_nets_take_the_knobs_of_shapes(run: Run) -> None:
    text = run("train", "--help", as_json=False).out

    assert "with --base blank:rnn-SIZE | blank:gru-SIZE | blank:lstm-SIZE" in " ".join(text.split())
    assert "--recipe NAME" in text
