"""Speakers: the names by which files call a user, an assistant, a system prompt and a tool."""

import json
import re
from collections.abc import Mapping, Sequence

from slm_studio.core.messages import ASSISTANT, SYSTEM, USER

NAMES = {
    USER: (
        "user", "human", "prompter", "customer", "client", "caller", "guest", "patient", "student", "asker",
        "用户", "客户", "顾客", "买家", "人类", "提问者", "问", "患者", "使用者", "客戶", "顧客",
    ),
    ASSISTANT: (
        "assistant", "gpt", "chatgpt", "bot", "chatbot", "ai", "model", "agent", "support", "operator", "representative",
        "bing", "bard", "claude", "seller", "doctor", "tutor", "助手", "助理", "客服", "机器人", "坐席", "卖家", "回答者",
        "答", "医生", "模型", "機器人",
    ),
    SYSTEM: ("system", "developer", "系统", "系统提示", "系統"),
}  # fmt: skip
TOOLS = re.compile(r"(?i)tool|function|observation|ipython|code_interpreter|plugin|api|工具|函数")

SPEAKER_KEYS = ("role", "from", "speaker", "author", "sender")
TEXT_KEYS = ("content", "value", "text", "message", "utterance")
PAIR_KEYS = (
    ("human", "assistant"), ("user", "assistant"), ("user", "bot"), ("question", "answer"), ("prompt", "response"), ("input", "output"),
)  # fmt: skip

_ROLES = {name: role for role, names in NAMES.items() for name in names}


def role_of(name: str) -> str:
    """Return what a speaker is in a chat; "" where the name does not say. Example: role_of("Human") == "user\""""
    return _ROLES.get(name.strip().strip(":：").casefold(), "")


def is_tool(name: str) -> bool:
    """Say whether a speaker is a program that was called, or the call."""
    return bool(TOOLS.search(name))


def spoken_by(item: Mapping[str, object], keys: Sequence[str]) -> object:
    """Return the value of the first of some keys that a message has, or None."""
    return next((item[key] for key in keys if item.get(key) is not None), None)


def pair_of(item: Mapping[str, object]) -> tuple[str, str] | None:
    """Return the question and the answer of an item that holds both, or None."""
    for asked, answered in PAIR_KEYS:
        question, answer = item.get(asked), item.get(answered)
        if isinstance(question, str) and isinstance(answer, str):
            return question, answer
    return None


def are_messages(keys: set[str]) -> bool:
    """Say whether the items of lists with these keys are messages."""
    if "from" in keys:  # of a relation or a mail too
        return not keys.isdisjoint(("value", "content"))
    is_spoken = not keys.isdisjoint(SPEAKER_KEYS) and not keys.isdisjoint(TEXT_KEYS)
    return is_spoken or any({asked, answered} <= keys for asked, answered in PAIR_KEYS)


def turns_in(cell: str) -> list[tuple[str, str]]:
    """Return who says what in a cell, roles by their names in a chat; [] where it is no list of messages.

    Example: turns_in('[{"from": "human", "value": "Hi"}]') == [("user", "Hi")]
    """
    try:
        plain = json.loads(cell)
    except (ValueError, RecursionError):
        return []
    found: list[tuple[str, str]] = []
    for item in plain if isinstance(plain, list) else ():
        if not isinstance(item, dict):
            return []
        if (pair := pair_of(item)) is not None:
            found += zip((USER, ASSISTANT), pair, strict=True)
            continue
        who, said = spoken_by(item, SPEAKER_KEYS), spoken_by(item, TEXT_KEYS)
        if not isinstance(who, str) or not isinstance(said, str):
            return []
        found.append((role_of(who) or who, said))
    return found
