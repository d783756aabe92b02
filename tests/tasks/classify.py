"""What the contract tests feed the task “classify”."""

from collections.abc import Sequence

from tests.tasks import Fodder

TEXTS = (
    "red apples and pears",
    "the green grass grows",
    "苹果很甜",
    "绿草如茵",
    "a red rose",
    "green tea, please",
    "红色的花",
    "绿色的叶子",
)
LABELS = ("red", "green") * 4

FODDER = Fodder(
    name="rows.csv",
    rows="text,label\n"
    + "\n".join(f'"{text}",{label}' for text, label in zip(TEXTS, LABELS, strict=True) for _ in "abc")
    + "\n",
    roles={"text": "text", "label": "label"},
    prompts=tuple({"text": text} for text in (*TEXTS[:3], "word " * 300, "🙂🙂", "mixed 混合 скрипт", "?")),
    overfit={"label_smoothing": 0.0},
)

# Several labels a row, or none; a number, with a decimal comma; two texts, of which only both together tell the label.
SETS = ("fruit;red", "plant;green", "fruit", "plant;green", "plant;red", "green", "plant;red", "plant;green")
NUMBERS = ("4,5", "1,25", "4", "1", "5", "1,5", "4,75", "2")
PAIRS = (
    ("a red rose", "the rose is red", "yes"),
    ("a red rose", "green grass", "no"),
    ("绿色的叶子", "叶子是绿色的", "yes"),
    ("绿色的叶子", "苹果很甜", "no"),
    ("green tea, please", "some green tea", "yes"),
    ("green tea, please", "a red apple", "no"),
    ("red apples and pears", "pears and red apples", "yes"),
    ("red apples and pears", "the tea is green", "no"),
)
PROMPTS = FODDER.prompts


def _rows(header: str, *columns: Sequence[str]) -> str:
    """Return a table in which every row stands three times."""
    rows = [",".join(f'"{cell}"' for cell in row) for row in zip(*columns, strict=True) for _ in "abc"]
    return "\n".join([header, *rows]) + "\n"


FORMS = {
    "many": Fodder(
        name="sets.csv",
        rows=_rows("text,label", TEXTS, SETS),
        roles={"text": "text", "label": "label"},
        prompts=PROMPTS,
    ),
    "number": Fodder(
        name="numbers.csv",
        rows=_rows("text,score", TEXTS, NUMBERS),
        roles={"text": "text", "label": "score"},
        prompts=PROMPTS,
    ),
    "pair": Fodder(
        name="pairs.csv",
        rows=_rows("sentence1,sentence2,label", *zip(*PAIRS, strict=True)),
        roles={"text": "sentence1", "text2": "sentence2", "label": "label"},
        prompts=tuple(
            {"text": str(one["text"]), "text2": str(other["text"])}
            for one in PROMPTS[:3]
            for other in (*PROMPTS[2:], {"text": ""})
        ),
        overfit={"label_smoothing": 0.0},
    ),
}
