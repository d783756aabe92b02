"""What the contract tests feed the task “write”."""

from tests.tasks import Fodder
from tests.tasks.classify import TEXTS

FODDER = Fodder(
    name="rows.csv",
    rows="text,number\n" + "\n".join(f'"{text}",{number}' for number in range(3) for text in TEXTS) + "\n",
    roles={"text": "text"},
    prompts=tuple({"text": text} for text in (*TEXTS[:3], "", "word " * 300, "🙂🙂", "mixed 混合 скрипт")),
)
