"""One table of measures: every face calls a number the same and writes it the same."""

from slm_studio.core.measures import MEASURES, METHODS, measure, method
from slm_studio.core.tasks import all_tasks
from slm_studio.core.texts import use_language


def test_numbers_are_written_as_they_are_read() -> None:
    assert measure("accuracy").written(0.9) == "0.900"
    assert measure("loss").written(12.3456) == "12.346"
    assert measure("perplexity").written(29.49) == "29.5"
    assert measure("perplexity").written(12345.6) == "12,346"
    assert measure("perplexity").written(float("inf")) == measure("accuracy").written(None) == "–"


def test_a_meaning_is_said_where_there_is_one() -> None:
    assert measure("perplexity").in_words(9.21) == "as unsure as between 9.2 tokens"
    assert measure("perplexity").in_words(1234.5) == "as unsure as between 1,234 tokens"
    assert measure("accuracy").in_words(0.9) == ""


def test_what_this_version_does_not_know_goes_by_its_key() -> None:
    assert measure("word_errors").name == "word errors"
    assert method("nearest_question").name == "nearest question"


def test_tasks_name_measures_of_the_table() -> None:
    for info in all_tasks():
        assert {info.metric, info.compared, *info.shown} <= MEASURES.keys()
        assert info.compared in info.shown


def test_names_follow_the_language() -> None:
    use_language("zh_CN")

    same = ("xz", "wer", "cer", "bleu", "rouge1", "rouge2", "rougeL", "mrr", "ndcg_at_10", "bm25")  # proper names
    assert all(each.name != each.title for each in (*MEASURES.values(), *METHODS.values()) if each.key not in same)
