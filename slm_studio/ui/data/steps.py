"""The named cleaning steps as the window offers them: what each is called, and the word on a finding's button."""

from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.dataset import Dataset
from slm_studio.core.texts import mark, tr


@dataclass(frozen=True, slots=True)
class CleaningStep:
    """One step of the verb `clean`: its name there, its title in the menu, the word on a button beside a finding."""

    name: str
    title: str
    word: str


STEPS = (
    CleaningStep("trim", mark("Trim"), mark("Trim")),
    CleaningStep("squeeze_spaces", mark("Single spaces"), mark("Squeeze")),
    CleaningStep("strip_html", mark("Remove HTML"), mark("Remove")),
    CleaningStep("strip_urls", mark("Remove web addresses"), mark("Remove")),
    CleaningStep("full_to_half", mark("Full width to half width"), mark("Convert")),
    CleaningStep("lowercase", mark("Lower case"), mark("Convert")),
    CleaningStep("mask_personal", mark("Mask personal data"), mark("Mask")),
    CleaningStep("merge_labels", mark("Merge labels"), mark("Merge")),
    CleaningStep("remove_empty", mark("Remove empty rows"), mark("Remove")),
    CleaningStep("remove_duplicates", mark("Remove duplicates"), mark("Remove")),
    CleaningStep("remove_conflicts", mark("Remove contradictions"), mark("Remove")),
    CleaningStep("remove_leaks", mark("Remove leaks"), mark("Remove")),
)
NEEDS_LABEL = ("merge_labels", "remove_conflicts")


def step_called(name: str) -> CleaningStep:
    """Return the step with a name; one that this version does not know keeps its name."""
    return next((step for step in STEPS if step.name == name), CleaningStep(name, name, mark("Fix")))


def what_changed(steps: Sequence[str], before: Dataset, after: Dataset) -> str:
    """Return what cleaning did. Example: “Remove duplicates · 13 rows left out”"""
    titles = ", ".join(tr(step_called(name).title) for name in steps)
    gone = before.rows - after.rows
    if gone > 0:
        return f"{titles} · {tr('{n} {n:row|rows} left out', n=gone)}"
    wanted = {f"cleaned-{name}" for name in steps}
    cells = sum(remark.count for remark in after.report.remarks if remark.code in wanted)
    return f"{titles} · {tr('{n} {n:cell|cells} changed', n=cells) if cells else tr('nothing to change')}"
