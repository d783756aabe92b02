"""What the contract tests feed the task “chat”."""

from tests.tasks import Fodder

PAIRS = (
    ("When do you open?", "We open at nine."),
    ("When do you close?", "We close at six."),
    ("Do you ship abroad?", "No, not yet."),
    ("Can I pay by card?", "Yes, by any card."),
    ("你们几点开门？", "九点开门。"),
    ("可以退货吗？", "七天内可以退货。"),
    ("Do you sell tea?", "Yes: green, black and white."),
    ("怎么联系客服？", "请打电话给我们 🙂"),
)

FODDER = Fodder(
    name="rows.csv",
    rows="question,answer\n"
    + "\n".join(f'"{asked}{mark}","{told}"' for asked, told in PAIRS for mark in ("", " Please.", " !"))
    + "\n",
    roles={"question": "question", "answer": "answer"},
    prompts=(
        *({"question": asked} for asked, _ in PAIRS[:2]),
        {
            "messages": (
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": "你们几点开门？"},
            )
        },
        {"question": "word " * 300},
        {"question": "🙂🙂", "system": "Be brief."},
        {"question": "mixed 混合 скрипт"},
        {"question": "?"},
    ),
    settings={"max_length": 96, "head_factor": 1.0},  # at ten times the rate of these tests an adapter only wobbles
)
