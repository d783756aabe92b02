"""What the contract tests feed the task “search”."""

import csv
import io
from collections.abc import Sequence

from tests.tasks import Fodder

PAIRS = (
    ("where does the red apple grow", "Apples hang on old trees behind the mill."),
    ("who bakes the bread", "The baker lights her oven at four in the morning."),
    ("火车几点开", "去北京的列车早上八点从二号站台出发。"),
    ("how deep is the lake", "At the dam the water is thirty metres deep."),
    ("谁写了这首诗", "这首诗是李白在长江边写的。"),
    ("what does a ticket cost", "Adults pay four euros, children half of it."),
    ("is there a doctor", "On Mondays a physician comes to the village hall."),
    ("狗能上车吗", "小型犬可以乘车，要放在篮子里。"),
)
WRONG = tuple(passage for _, passage in (*PAIRS[3:], *PAIRS[:3]))
ALIKE = ("5", "0.5", "4", "1.5", "3", "2", "4.5", "1")
QUERIES = ("red apple", "火车", "word " * 300, "🙂🙂", "mixed 混合 скрипт", "?")


def _rows(header: Sequence[str], *columns: Sequence[str]) -> str:
    """Return a table in which every row stands three times, asked in three ways."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for first, *rest in zip(*columns, strict=True):
        writer.writerows([f"{way}{first}", *rest] for way in ("", "please: ", "tell me, "))
    return out.getvalue()


FODDER = Fodder(
    name="rows.csv",
    rows=_rows(("query", "passage"), *zip(*PAIRS, strict=True)),
    roles={"query": "query", "passage": "passage"},
    prompts=tuple({"query": text, "passage": PAIRS[0][1]} for text in QUERIES),
    settings={"vocabulary": 400},
)
FORMS = {
    "triplets": Fodder(
        name="triplets.csv",
        rows=_rows(("anchor", "positive", "negative"), *zip(*PAIRS, strict=True), WRONG),
        roles={"query": "anchor", "passage": "positive", "wrong": "negative"},
        prompts=FODDER.prompts,
        settings=FODDER.settings,
    ),
    "scored": Fodder(
        name="scored.csv",
        rows=_rows(("query", "passage", "score"), *zip(*PAIRS, strict=True), ALIKE),
        roles={"query": "query", "passage": "passage", "score": "score"},
        prompts=FODDER.prompts,
        settings=FODDER.settings,
    ),
}
