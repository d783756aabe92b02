"""What the contract tests feed the task “fill”."""

from tests.tasks import Fodder
from tests.tasks.classify import TEXTS

FODDER = Fodder(
    name="rows.csv",
    rows="text,number\n" + "\n".join(f'"{text}",{number}' for number in range(9) for text in TEXTS) + "\n",
    roles={"text": "text"},
    prompts=(
        {"text": "the green [MASK] grows"},
        {"text": "___ apples and <mask>!"},
        {"text": "苹果很＿＿。"},
        {"text": "word " * 300 + "[MASK]" + " word" * 300 + " ___"},
        {"text": "🙂🙂 mixed 混合 [MASK] скрипт"},
    ),
    is_suggested=False,  # nothing tells texts with which gaps are filled from texts to write like
)
