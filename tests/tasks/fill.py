"""What the contract tests feed the task “fill”."""

from tests.tasks import Fodder
from tests.tasks.classify import TEXTS

RECURRING = (
    "Ada Keller grinds barley in the old mill. On market days she sells bread by the bridge.",
    "The flour comes from Ada Keller and her brother. Their mill was built in 1732 on the Ilm.",
    "In 1732 masons finished the bridge over the Ilm. A toll of two pence was paid until 1921.",
    "Nobody pays a toll there since 1921, and boats from Tal bring barley every week.",
    "馆长王小明每天早上九点打开图书馆的大门，周一图书馆闭馆休息。",
    "图书馆的门口有一棵老树，据说是王小明的祖父在年轻时种下的。",
)
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
FORMS = {
    "spans": Fodder(
        name="rows.csv",
        rows="text,number\n" + "".join(f'"{text} ({number})",{number}\n' for number in range(5) for text in RECURRING),
        roles={"text": "text"},
        prompts=FODDER.prompts[:3],
        settings={"span_selection": True},
        is_suggested=False,
    )
}
