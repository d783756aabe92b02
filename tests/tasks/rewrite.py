"""What the contract tests feed the task “rewrite”."""

from tests.tasks import Fodder

PAIRS = (
    ("one cat", "一只猫"),
    ("two cats", "两只猫"),
    ("one dog", "一只狗"),
    ("two dogs", "两只狗"),
    ("a red apple", "一个红苹果"),
    ("good morning", "早上好"),
    ("good night", "晚安"),
    ("where is the station", "车站在哪里"),
    ("I like tea", "我喜欢茶"),
    ("you like milk 🙂", "你喜欢牛奶 🙂"),
)

FODDER = Fodder(
    name="rows.tsv",
    rows="en\tzh\n" + "".join(f"{one}{mark}\t{other}{mark}\n" for mark in ("", "!", "?") for one, other in PAIRS),
    roles={"text": "en", "rewritten": "zh"},
    prompts=(
        {"text": "one cat"},
        {"text": "where is the dog"},
        {"text": "word " * 300},
        {"text": "🙂🙂 mixed 混合 скрипт"},
        {"text": "?"},
    ),
    settings={"label_smoothing": 0.0},
)
FORMS = {
    "both": Fodder(
        name="rows.jsonl",
        rows="".join(
            f'{{"translation": {{"en": "{one}{mark}", "zh": "{other}{mark}"}}}}\n'
            for mark in ("", "!", "?")
            for one, other in PAIRS
        ),
        roles={"text": "translation.en", "rewritten": "translation.zh"},
        prompts=({"text": "two dogs"}, {"text": "mixed 混合"}),
        settings={"label_smoothing": 0.0, "both_ways": True},
    )
}
