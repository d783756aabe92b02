"""What the contract tests feed the task “tag”."""

from tests.tasks import Fodder

SENTENCES = (
    "Ada/B-PER lives/O in/O Rome/B-LOC",
    "Rome/B-LOC is/O old/O",
    "Bob/B-PER Stone/I-PER left/O Paris/B-LOC",
    "小/B-PER 明/I-PER 去/O 北/B-LOC 京/I-LOC",
    "nobody/O is/O here/O",
    "Ada/B-PER met/O Bob/B-PER Stone/I-PER",
    "北/B-LOC 京/I-LOC 很/O 大/O",
    "go/O to/O New/B-LOC York/I-LOC now/O",
)

FODDER = Fodder(
    name="rows.conll",
    rows="\n".join(
        "".join("\t".join(pair.rsplit("/", 1)) + "\n" for pair in sentence.split())
        for _ in "abc"
        for sentence in SENTENCES
    ),
    roles={"text": "words", "tags": "tags"},
    prompts=(
        {"text": "Ada lives in Rome."},
        {"text": ("Bob", "Stone", "去", "北", "京")},
        {"text": "小明在北京"},
        {"text": "word " * 300},
        {"text": "🙂🙂 mixed 混合 скрипт"},
    ),
)
