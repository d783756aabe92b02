"""What a model card says of how far a model can be trusted."""

from collections.abc import Callable, Sequence

from slm_studio.core.results import Metric, Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import TaskInfo
from slm_studio.engine.sharing.card_languages import SEVERAL, in_words

FEW_ROWS, FEW_SCORED, WEAK = 1000, 200, 0.6
KNOWN = (
    "Its scores were reached with the pairs that it learnt from beside it: where a text is much like one of them, that pair's"
    " answer may stand for its own. They stay with whoever trained it; without them its answers are its own alone."
)


def limits(
    model: SavedModel,
    info: TaskInfo | None,
    report: Report | None,
    languages: list[str],
    metrics: Sequence[Metric],
    plain: Callable[[str], str],
) -> list[str]:
    """Return sentences on how far a model can be trusted; `plain` makes foreign text harmless."""
    trained, scored = model.rows.get("train", 0), report.rows if report else 0
    weak = [each for each in report.per_label if each.f1 < WEAK and each.support] if report else []
    lines = [
        f"It learnt from only {trained:,} rows." if 0 < trained < FEW_ROWS else "",
        f"Its scores rest on only {scored:,} rows; look at the intervals." if 0 < scored < FEW_SCORED else "",
        "" if metrics else "It was not evaluated with SLM Studio: how well it does is not known here.",
        f"Its training texts are in the {in_words(languages)}; other languages were not tested."
        if languages and SEVERAL not in languages
        else "",
        "Weak classes (F1 below 0.6): " + ", ".join(f"{plain(each.label)} ({each.f1:.2f})" for each in weak[:30]) + "."
        if weak else "",
        KNOWN if metrics and model.facts.get("known_pairs") else "",
        info.caution if info else "",
    ]  # fmt: skip
    return [line for line in lines if line]
