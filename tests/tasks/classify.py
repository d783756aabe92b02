"""What the contract tests feed the task “classify”."""

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
