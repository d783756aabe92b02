"""What became of marked names: found, under another label, half found, missed, one too many. Window and card show it."""

from slm_studio.core.results import Report
from slm_studio.core.texts import mark

# as the facts of a report have them, “boundary:PER”
KINDS = {
    "correct": mark("right"),
    "boundary": mark("other words"),
    "wrong_type": mark("other label"),
    "both_wrong": mark("both"),
    "missed": mark("missed"),
    "spurious": mark("not in the file"),
}
LENIENT = ("entity_f1_exact", "entity_f1_type", "entity_f1_partial")  # F1 where half found counts


def span_errors(report: Report) -> dict[str, list[int]]:
    """Return label → how many of each kind, in the order of KINDS; nothing where a report has no such counts."""
    labels = [score.label for score in report.per_label]
    known = [label for label in labels if any(f"{kind}:{label}" in report.facts for kind in KINDS)]
    return {label: [round(report.facts.get(f"{kind}:{label}", 0)) for kind in KINDS] for label in known}
