"""What the contract tests feed the task “write”."""

from tests.tasks import Fodder
from tests.tasks.classify import TEXTS

FODDER = Fodder(
    name="rows.csv",
    rows="text,number\n" + "\n".join(f'"{text}",{number}' for number in range(3) for text in TEXTS) + "\n",
    roles={"text": "text"},
    prompts=tuple({"text": text} for text in (*TEXTS[:3], "", "word " * 300, "🙂🙂", "mixed 混合 скрипт")),
)
FORMS = {
    "styles": Fodder(
        name="styles.csv",
        rows="text,mood\n" + "\n".join(f'"{text}",{mood}' for mood in ("glad", "安静", "") for text in TEXTS) + "\n",
        roles={"text": "text", "style": "mood"},
        prompts=(
            *({"text": text, "style": "glad"} for text in (*TEXTS[:3], "", "word " * 300)),
            {"text": "🙂🙂", "style": "安静"},
            {"text": "mixed 混合 скрипт"},
            {"text": "plain", "style": ""},
        ),
        is_suggested=False,
    )
}
