"""Styles: one writer that knows several, asked for by a token before each text."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import slm_studio
from slm_studio.core.errors import StudioError
from slm_studio.core.tasks import task_info
from slm_studio.engine import read
from slm_studio.engine.data.suggesting import suggest_task
from slm_studio.engine.models.encoding import encode_plain
from slm_studio.engine.writing.styles import cut_styled
from tests.engine.models.foreign import make_foreign

GLAD = [f"the {each} sings and the day is bright" for each in ("bird", "child", "baker", "sailor", "wind", "bell")]
SAD = [f"the {each} weeps and the day is dark" for each in ("bird", "child", "baker", "sailor", "wind", "bell")]
SETTINGS = {
    "patience": 0,
    "precision": "fp32",
    "max_length": 32,
    "validation_share": 0.01,
    "test_share": 0.01,
}
BY_HEART = {"batch": 4, "learning_rate": 0.004, "eval_every": 1000}
ROLES = {"text": "line", "style": "mood"}


def table(folder: Path, *rows: tuple[str, str]) -> Path:
    path = folder / "lines.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("line", "mood"), *rows])
    return path


ROWS = [(text, mood) for _ in range(6) for mood, texts in (("glad", GLAD), ("很 悲伤", SAD)) for text in texts]


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> slm_studio.Model:
    folder = tmp_path_factory.mktemp("styles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(folder / "home"))
        path = table(folder, *ROWS)
        return slm_studio.train(
            path, task="write", roles=ROLES, base="blank:llama-nano", epochs=20, **BY_HEART, **SETTINGS
        )


def test_each_token_is_predicted_once_and_each_block_begins_with_its_style() -> None:
    fronts = [[8], [7]]
    stream, ends = np.array([8, 1, 2, 3, 9, 7, 4, 5, 9]), np.array([5, 9])

    blocks = [each.tolist() for each in cut_styled(stream, ends, fronts, 2)]

    assert blocks == [[8, 1, 2], [8, 3, 9], [7, 4, 5], [7, 9]]
    assert [token for each in blocks for token in each[1:]] == [1, 2, 3, 9, 4, 5, 9]
    assert [each.tolist() for each in cut_styled(stream, ends, fronts, 6)] == [[8, 1, 2, 3, 9, 7, 4], [7, 5, 9]]


def test_it_writes_in_the_style_that_is_asked_for(writer: slm_studio.Model) -> None:
    glad, sad = (str(writer({"text": "the bird ", "style": style}, temperature=0)) for style in ("glad", "很 悲伤"))

    assert glad == "sings and the day is bright" and sad == "weeps and the day is dark"
    assert str(writer("the bird ", temperature=0)).startswith(("sings", "weeps")), "it learnt to write without one, too"


def test_without_a_beginning_a_text_begins(writer: slm_studio.Model) -> None:
    for style, end in (("glad", "bright"), ("很 悲伤", "dark")):
        written = str(writer({"text": "", "style": style}, temperature=0, max_new_tokens=60))
        assert written.startswith("the ") and written.endswith(end)


def test_a_style_stays_in_view_however_long_the_text_gets(writer: slm_studio.Model) -> None:
    long = "the bird sings and the day is bright " * 6 + "the child "

    glad, sad = (str(writer({"text": long, "style": style}, temperature=0)) for style in ("glad", "很 悲伤"))

    assert sad.endswith("dark") and not glad.endswith("dark")


def test_a_style_that_it_does_not_know_is_a_sentence_with_those_it_knows(writer: slm_studio.Model) -> None:
    with pytest.raises(StudioError) as told:
        writer({"text": "the bird", "style": "angry"})

    assert told.value.code == "style-unknown" and "“angry”" in str(told.value)
    assert {"glad", "很 悲伤"} <= set(told.value.advice.removeprefix("It knows: ").rstrip(".").split(", "))


def test_of_many_prompts_one_of_an_unknown_style_costs_the_others_nothing(writer: slm_studio.Model) -> None:
    unknown, known = writer([{"text": "the ", "style": "angry"}, {"text": "the bird ", "style": "glad"}], temperature=0)

    assert unknown.problem is not None and unknown.problem.code == "style-unknown" and str(known).startswith("sings")


def test_plain_transformers_write_the_same(writer: slm_studio.Model) -> None:
    tokenizer = AutoTokenizer.from_pretrained(writer.folder)
    net = AutoModelForCausalLM.from_pretrained(writer.folder)
    ids = tokenizer("<|style:很 悲伤|>the bird ", return_tensors="pt").input_ids

    assert ids[0, 0] == tokenizer.convert_tokens_to_ids("<|style:很 悲伤|>") >= 0
    with torch.no_grad():
        written = net.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False)
    text = tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
    assert text == str(writer({"text": "the bird ", "style": "很 悲伤"}, temperature=0, max_new_tokens=20))
    assert text == "weeps and the day is"
    card = (writer.folder / "README.md").read_text("utf-8")
    assert 'text = "<|style:' in card and "to be written right before a text" in card and "--style" in card


def test_nobody_spells_a_style(writer: slm_studio.Model) -> None:
    tokenizer = AutoTokenizer.from_pretrained(writer.folder)

    (ids,) = encode_plain(tokenizer, ["<|style:glad|>the bird"])

    assert tokenizer.convert_tokens_to_ids("<|style:glad|>") not in ids and len(ids) > 10


def test_the_loss_does_not_count_the_codes(
    writer: slm_studio.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLM_STUDIO_HOME", str(tmp_path / "home"))
    rows = [(f"{text} anew", mood) for text, mood in ROWS[:12]]

    report = writer.evaluate(table(tmp_path, *rows))

    assert report.facts["tokens"] == sum(len(text) + 1 for text, _ in rows)  # its characters, and its end


def test_rows_of_unknown_styles_are_scored_without_one_and_counted(
    writer: slm_studio.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLM_STUDIO_HOME", str(tmp_path / "home"))

    report = writer.evaluate(table(tmp_path, ("the bird flies away", "angry"), ("the child flies away", "glad")))

    (told,) = [each for each in report.remarks if each.code == "styles-unknown"]
    assert told.count == 1 and told.told["styles"] == "“angry”"


def test_without_the_column_a_writer_is_what_it_was(tmp_path: Path) -> None:
    path = table(tmp_path, *ROWS)

    model = slm_studio.train(path, task="write", roles={"text": "line"}, base="blank:llama-nano", epochs=1, **SETTINGS)

    assert set(model.saved.facts) == {"reads", "tokens", "max_length"}
    assert [role.name for role in model.saved.info.asked] == ["text"]
    with pytest.raises(StudioError, match="learnt without “style”"):
        model({"text": "the", "style": "glad"})


def test_a_book_has_no_style_for_each_row(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as told:
        slm_studio.train(table(tmp_path, *ROWS), task="write", roles=ROLES, reads="book", **SETTINGS)

    assert told.value.code == "style-of-a-book"


def test_an_imported_base_learns_styles_and_opens_again(tmp_path: Path) -> None:
    make_foreign(tmp_path / "foreign", "llama", "write")

    model = slm_studio.train(
        table(tmp_path, *ROWS[:12]), task="write", roles=ROLES, base=str(tmp_path / "foreign"), epochs=1, **SETTINGS
    )

    assert sorted(model.saved.facts["styles"]) == ["glad", "很 悲伤"]
    assert model({"text": "the", "style": "glad"}, max_new_tokens=4, seed=1).problem is None
    tokenizer = AutoTokenizer.from_pretrained(model.folder)
    net = AutoModelForCausalLM.from_pretrained(model.folder)
    ids = tokenizer("<|style:glad|>the").input_ids
    assert tokenizer.convert_tokens_to_ids("<|style:glad|>") in ids
    assert net.get_input_embeddings().weight.shape[0] >= max(ids) + 1


@pytest.mark.parametrize(
    ("column", "roles"), [("author", {"text": "poem", "style": "author"}), ("other", {"text": "poem"})]
)
def test_a_column_of_authors_is_suggested_as_the_style(tmp_path: Path, column: str, roles: dict[str, str]) -> None:
    path = tmp_path / "poems.csv"
    rows = [
        (f"{text} and so on and on, number {n}", name)
        for n in range(4)
        for name, text in zip("AB" * 3, GLAD, strict=True)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("poem", column), *rows])
    dataset = list(read(str(path)))[-1].result

    assert list(suggest_task(dataset, "write"))[-1].result.roles == roles


def test_every_writer_that_is_shown_asks_for_a_text_first() -> None:
    assert [role.name for role in task_info("write").asked] == ["text", "style"]
