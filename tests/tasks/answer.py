"""What the contract tests feed the task “answer”."""

import csv
import io
import json

from tests.tasks import Fodder

PASSAGES = (
    (
        "Ada Lovelace was born in London in 1815. She wrote notes about an engine that was never built.",
        (("Where was Ada born?", "London"), ("When was Ada born?", "1815"), ("What did she write?", "notes about an engine")),
    ),
    (
        "The old bridge over the Ilm is made of red sandstone 🙂. Masons from Tal finished it after nine years.",
        (("What is the bridge made of?", "red sandstone"), ("How long did it take?", "nine years"), ("Who paid for it?", "")),
    ),
    (
        "这座图书馆建于1902年，馆长是王小明。周一闭馆，其余各天从早上九点开到晚上八点。",
        (("图书馆建于哪一年？", "1902年"), ("馆长是谁？", "王小明"), ("哪天闭馆？", "周一")),
    ),
)  # fmt: skip
LONG = "The mill stands by the lake. " * 30 + "Its owner is called Ruth. " + "Boats pass it every day. " * 20


def _rows() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("question", "context", "answer", "answer_start"))
    for lead in ("", "Please: ", "Tell me, "):
        for passage, asked in PASSAGES:
            for question, answer in asked:
                writer.writerow((lead + question, passage, answer, passage.find(answer) if answer else ""))
        writer.writerow((f"{lead}What is the owner called?", LONG, "Ruth", LONG.find("Ruth")))
    return out.getvalue()


FODDER = Fodder(
    name="rows.csv",
    rows=_rows(),
    roles={"question": "question", "passage": "context", "answer": "answer", "start": "answer_start"},
    prompts=(
        {"question": "Where was Ada born?", "passage": PASSAGES[0][0]},
        {"question": "馆长是谁？", "passage": PASSAGES[2][0]},
        {"question": "What is the owner called?", "passage": LONG},
        {"question": "word " * 300, "passage": "🙂🙂 mixed 混合 скрипт"},
        {"question": "?", "passage": "."},
    ),
)
FORMS = {
    "squad": Fodder(
        name="rows.json",
        rows=json.dumps(
            {
                "version": "v2.0",
                "data": [
                    {
                        "title": "t",
                        "paragraphs": [
                            {
                                "context": passage,
                                "qas": [
                                    {
                                        "id": f"{number}{lead}{question}",
                                        "question": lead + question,
                                        "answers": [{"text": answer, "answer_start": passage.find(answer)}]
                                        if answer
                                        else [],
                                        "is_impossible": not answer,
                                    }
                                    for lead in ("", "Please: ", "Tell me, ")
                                    for question, answer in asked
                                ],
                            }
                            for number, (passage, asked) in enumerate(PASSAGES)
                        ],
                    }
                ],
            },
            ensure_ascii=False,
        ),
        roles={"question": "question", "passage": "context", "answer": "answer", "start": "answer_start"},
        prompts=FODDER.prompts[:3],
    )
}
