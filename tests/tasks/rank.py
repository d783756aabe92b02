"""What the contract tests feed the task “rank”."""

import json

from tests.tasks import Fodder

RIGHT = (
    ("the red apple grows on a tree", "the read apple grows on a tree", "the red apple grows on a three"),
    ("who bakes the bread today", "who bakes the bred today", "who makes the bread today"),
    ("the train leaves at eight", "the train leaves at ate", "the rain leaves at eight"),
    ("how deep is the lake", "how deep is the late", "how keep is the lake"),
    ("a ticket costs four euros", "a ticket costs for euros", "a thicket costs four euros"),
    ("is there a doctor here", "is their a doctor here", "is there a doctor hear"),
    ("the old mill is closed", "the old meal is closed", "the old mill is clothed"),
    ("we walk along the river", "we talk along the river", "we walk a long the river"),
)
HEARD = (
    ("火车几点开", "火车几点该", "货车几点开"),
    ("这首诗是他写的", "这首诗是她写得", "这手诗是他写的"),
    ("小狗在河边跑", "小狗在河边抱", "小够在河边跑"),
    ("今天的天气很好", "今天的田气很好", "今天得天气很好"),
    ("我们明天去北京", "我们明天去背景", "我们名天去北京"),
    ("请给我一杯水", "请给我一杯谁", "轻给我一杯水"),
    ("他住在三楼", "他住在山楼", "她住在三楼"),
    ("医生什么时候来", "医生什么时候赖", "一生什么时候来"),
)


def _row(place: int, right: str, *wrong: str) -> dict[str, object]:
    """Return a list in which the right text stands now first, now last, now not at all; the scores know a little of it."""
    texts = [(*wrong, right), (right, *wrong), wrong][place % 3]
    return {"nbest": texts, "scores": [-2.0 * at - (place * 7 + at) % 5 for at in range(len(texts))], "truth": right}


def _file(*lists: tuple[str, ...]) -> str:
    rows = [
        _row(place, *(f"{mark}{text}" for text in each))
        for mark in ("", "so ", "那么")
        for place, each in enumerate(lists)
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


FODDER = Fodder(
    name="rows.jsonl",
    rows=_file(*RIGHT),
    roles={"candidates": "nbest", "scores": "scores", "reference": "truth"},
    prompts=(
        {"candidates": RIGHT[0]},
        {"candidates": RIGHT[1], "scores": (-3.5, -1.0, -2.0)},
        {"candidates": ("word " * 300, "word " * 200)},
        {"candidates": ("🙂🙂 mixed 混合 скрипт", "?")},
        {"candidates": ("one alone",)},
    ),
)
FORMS = {
    "characters": Fodder(
        name="heard.jsonl",
        rows=_file(*HEARD),
        roles=FODDER.roles,
        prompts=({"candidates": HEARD[0]}, {"candidates": ("mixed 混合", "混合 mixed")}),
    ),
}
