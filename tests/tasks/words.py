"""What the contract tests feed the task “words”."""

import json
import random

from tests.tasks import Fodder

GROUPS = (
    ("king", "queen", "castle", "crown", "throne"),
    ("sea", "ship", "sail", "wave", "harbour"),
    ("bread", "flour", "oven", "baker", "butter"),
    ("医生", "医院", "病人", "护士", "药"),
    ("tree", "leaf", "root", "branch", "bark"),
    ("song", "violin", "drum", "choir", "tune"),
    ("老师", "学生", "学校", "课本", "作业"),
    ("snow", "ice", "winter", "frost", "cold"),
    ("cow", "milk", "barn", "hay", "calf"),
    ("judge", "court", "law", "trial", "verdict"),
)


def texts() -> list[list[str]]:
    """Return texts each of which speaks of one thing."""
    draw = random.Random(7)
    return [draw.choices(GROUPS[place % len(GROUPS)], k=40) for place in range(60)]


FODDER = Fodder(
    name="rows.jsonl",
    rows="".join(json.dumps({"words": words}, ensure_ascii=False) + "\n" for words in texts()),
    roles={"text": "words"},
    prompts=(
        {"text": "king"},
        {"text": "Sea"},
        {"text": ("bread", "oven")},
        {"text": "学校"},
        {"text": "the king and the 🙂 queen"},
    ),
    settings={"min_count": 1, "sample": 0.0, "epochs": 8},
)
