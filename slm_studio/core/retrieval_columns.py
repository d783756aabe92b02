"""Retrieval columns: which columns of a dataset hold questions, the passages that answer them, and how alike two texts are."""

import re
from collections.abc import Sequence

from slm_studio.core.dataset import Column

# Names that can mean nothing else, best first; a column is taken once.
QUERIES = ("query", "queries", "anchor", "question", "查询", "检索词", "问题")
PASSAGES = ("passage", "positive", "pos", "document", "doc", "positive_passage", "corpus", "段落", "文档", "正例")
NEGATIVES = ("negative", "neg", "hard_negative", "negative_passage", "负例")
# Pairs that other tasks may learn from, too.
ANSWERS = ("answer", "answers", "response", "reply", "output", "context", "答案", "回答", "答复", "回复")
ASKED = (*QUERIES, "title", "prompt", "instruction", "input", "问", "标题")
FIRSTS = ("sentence1", "sentence_1", "text1", "text_1", "text_a", "sentence_a", "question1", "question_1", "s1", "句子1", "文本1")  # fmt: skip
SECONDS = ("sentence2", "sentence_2", "text2", "text_2", "text_b", "sentence_b", "question2", "question_2", "s2", "句子2", "文本2")  # fmt: skip
SCORES = ("score", "similarity", "similar", "similarity_score", "relatedness", "label", "is_duplicate", "得分", "相似度", "分数", "标签")  # fmt: skip
# What says that a pair is sorted by a label, or that an answer stands in the passage: other tasks learn from that.
LABELS = (
    "label",
    "labels",
    "category",
    "class",
    "relevant",
    "relevance",
    "is_relevant",
    "target",
    "标签",
    "类别",
    "相关",
)
TEXTS = ("text", "label", "id")


def retrieval_columns(columns: Sequence[Column]) -> dict[str, str]:
    """Return role → column where names say that passages answer questions; {} where they do not.

    Example: of anchor, positive, negative: {"query": "anchor", "passage": "positive", "wrong": "negative"}
    """
    texts = _named(columns, TEXTS)
    query, passage = _first(texts, QUERIES), _first(texts, PASSAGES)
    if not query or not passage or {*LABELS, *ANSWERS} & {_folded(column.name) for column in columns if column.filled}:
        return {}
    negative, score = _first(texts, NEGATIVES), _first(_named(columns, ("number",)), SCORES)
    more = {"wrong": negative} if negative else {"score": score} if score else {}
    return {"query": query, "passage": passage} | more


def paired_columns(columns: Sequence[Column]) -> dict[str, str]:
    """Return role → column of texts that belong together, and of a number that says how much where there is one."""
    texts = _named(columns, TEXTS)
    if first := next((one for one in zip(FIRSTS, SECONDS, strict=True) if set(one) <= set(texts)), None):
        found = {"query": texts[first[0]], "passage": texts[first[1]]}
        score = _first(_named(columns, ("number", "label")), SCORES)
        return found | ({"score": score} if score and score not in found.values() else {})
    query, answer = _first(texts, ASKED), _first(texts, (*PASSAGES, *ANSWERS))
    return {"query": query, "passage": answer} if query and answer and query != answer else {}


def _named(columns: Sequence[Column], kinds: Sequence[str]) -> dict[str, str]:
    """Return folded name → name of the filled columns of some kinds, the first of each name."""
    return {_folded(column.name): column.name for column in reversed(columns) if column.filled and column.kind in kinds}


def _first(named: dict[str, str], wanted: Sequence[str]) -> str:
    return next((named[each] for each in wanted if each in named), "")


def _folded(name: str) -> str:
    """Return a column's name for comparison. Example: _folded("data.Positive Passage") == "positive_passage\""""
    return re.sub(r"[\s\-]+", "_", name.strip().rpartition(".")[2].casefold())
