"""Question columns: which columns of a dataset hold questions, the passages they are about, and the answers in these."""

import re
from collections.abc import Sequence

from slm_studio.core.dataset import Column

# Names that say it, best first; a column is taken once.
QUESTIONS = ("question", "query", "问题", "问句", "提问", "question_text")
PASSAGES = ("context", "passage", "paragraph", "document", "段落", "上下文", "原文", "文章", "篇章", "材料", "passage_text")  # fmt: skip
ANSWERS = ("answers.text", "answer", "answers", "answer_text", "span", "答案", "回答", "answers[0].text")
STARTS = ("answers.answer_start", "answer_start", "answer_starts", "start", "offset", "答案位置", "起始位置", "answers[0].answer_start")  # fmt: skip
TEXTS = ("text", "label", "id")


def question_columns(columns: Sequence[Column]) -> dict[str, str]:
    """Return role → column where names say that questions are answered by stretches of passages; {} where they do not.

    Example: of id, question, context, answer, answer_start: {"question": "question", "passage": "context", …}
    """
    filled = [column for column in columns if column.filled]
    texts = [column for column in filled if column.kind in TEXTS]
    question, passage = _first(texts, QUESTIONS), _first(texts, PASSAGES)
    answer, start = _first(filled, ANSWERS), _first(filled, STARTS)
    if not (question and passage and answer):
        return {}
    found = {"question": question, "passage": passage, "answer": answer}
    return found | ({"start": start} if start else {})


def _first(columns: Sequence[Column], wanted: Sequence[str]) -> str:
    whole = {_folded(column.name): column.name for column in reversed(columns)}
    ends = {_folded(column.name.rpartition(".")[2]): column.name for column in reversed(columns)}
    return next((names[each] for each in wanted for names in (whole, ends) if each in names), "")


def _folded(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().casefold())
