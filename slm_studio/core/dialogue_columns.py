"""Dialogue columns: which columns of a dataset hold dialogues, and in which parts they are written."""

import re
from collections.abc import Sequence

from slm_studio.core.dataset import Column

# The first name of a list that a column has is taken. Pairs: a question is nothing without an answer.
QUESTIONS = (
    "instruction", "prompt", "question", "questions", "query", "user", "human", "input", "ask", "faq",
    "指令", "提示", "问题", "提问", "用户", "问", "問題",
)  # fmt: skip
ANSWERS = (
    "output", "response", "completion", "chosen", "answer", "answers", "reply", "assistant", "bot", "gpt", "target",
    "输出", "回答", "回复", "答案", "答复", "助手", "答", "輸出", "回覆",
)  # fmt: skip
INPUTS = ("input", "context", "输入", "輸入")  # what an instruction is about
SYSTEMS = ("system", "system_prompt", "系统", "系统提示", "系統")
INSTRUCTIONS = ("instruction", "指令")
ANSWER_KINDS = ("text", "messages", "label", "number")


def dialogue_roles(columns: Sequence[Column]) -> dict[str, str]:
    """Return role → column where columns hold dialogues: `messages`, or `question` and `answer`; {} where none do.

    Beside them `input` (what an instruction is about) and `system` (a prompt of each row), where there are such columns.
    Example: of instruction, input, output: {"question": "instruction", "input": "input", "answer": "output"}
    """
    named = {_folded(column.name): column for column in reversed(columns) if column.filled}
    lists = [column for column in columns if column.kind == "messages" and column.filled]
    system = _first(named, SYSTEMS)
    beside = {"system": system} if system else {}
    question, answer = _first(named, QUESTIONS), _first(named, ANSWERS)
    if lists and not (question and answer and {question, answer} <= {column.name for column in lists}):
        return {"messages": lists[0].name} | beside
    if not question or not answer or named[_folded(answer)].kind not in ANSWER_KINDS:
        return {}
    context = _first(named, INPUTS) if _folded(question) in INSTRUCTIONS else ""
    middle = {"input": context} if context and context != answer else {}
    return {"question": question} | middle | {"answer": answer} | beside


def _first(named: dict[str, Column], wanted: Sequence[str]) -> str:
    return next((named[each].name for each in wanted if each in named), "")


def _folded(name: str) -> str:
    """Return a column's name for comparison. Example: _folded("data.System Prompt") == "system_prompt\""""
    return re.sub(r"[\s\-]+", "_", name.strip().rpartition(".")[2].casefold())
