"""The cleaning steps by name, as every face offers them. What each does stands in engine/data/cleaning.py."""

from collections.abc import Sequence
from dataclasses import dataclass

from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class CleaningStep:
    """One named step: `word` stands on a button beside a finding; `needs_label`: it looks at the label."""

    name: str
    title: str
    help: str
    word: str
    needs_label: bool = False


STEPS = {  # in the order in which they are applied
    each.name: each
    for each in (
        CleaningStep(
            name="strip_html", title=mark("Remove HTML"), help=mark("Takes out tags and turns &amp; into &."), word=mark("Remove")
        ),
        CleaningStep(
            name="strip_urls", title=mark("Remove web addresses"), help=mark("Takes out http://… and www.…"), word=mark("Remove")
        ),
        CleaningStep(
            name="full_to_half", title=mark("Full width to half width"), help=mark("Ａ１！ become A1!"), word=mark("Convert")
        ),
        CleaningStep(name="lowercase", title=mark("Lower case"), help=mark("Apple becomes apple."), word=mark("Convert")),
        CleaningStep(
            name="squeeze_spaces", title=mark("Single spaces"), help=mark("Runs of spaces become one."), word=mark("Squeeze")
        ),
        CleaningStep(
            name="trim", title=mark("Trim"), help=mark("Removes spaces at the beginning and the end."), word=mark("Trim")
        ),
        CleaningStep(
            name="mask_personal", title=mark("Mask personal data"), word=mark("Mask"),
            help=mark("E-mail addresses, telephone, identity and card numbers and keys become [EMAIL], [PHONE] …"),
        ),
        CleaningStep(
            name="merge_labels", title=mark("Merge labels"), word=mark("Merge"), needs_label=True,
            help=mark("Labels that differ only in case and spaces become the most frequent one."),
        ),
        CleaningStep(
            name="remove_empty", title=mark("Remove empty rows"), help=mark("Leaves out rows without a text or a label."), word=mark("Remove")
        ),
        CleaningStep(
            name="remove_duplicates", title=mark("Remove duplicates"), word=mark("Remove"),
            help=mark("Keeps the first of rows with the same text and label."),
        ),
        CleaningStep(
            name="remove_conflicts", title=mark("Remove contradictions"), word=mark("Remove"), needs_label=True,
            help=mark("Leaves out texts that have different labels or marks in different rows."),
        ),
        CleaningStep(
            name="remove_leaks", title=mark("Remove leaks"), word=mark("Remove"),
            help=mark("Leaves out training rows that stand in the validation or test rows."),
        ),
    )
}  # fmt: skip


def step_called(name: str) -> CleaningStep:
    """Return the step with a name; one that this version does not know keeps its name."""
    return STEPS.get(name) or CleaningStep(name=name, title=name, help="", word=mark("Fix"))


def check_steps(names: Sequence[str]) -> tuple[str, ...]:
    """Return the steps in the order in which they are applied. Raises StudioError for one that there is not."""
    for name in names:
        if name not in STEPS:
            raise StudioError(
                "no-such-step",
                "There is no cleaning step “{step}”.",
                "Choose from: {steps}.",
                step=name,
                steps=", ".join(STEPS),
            )
    return tuple(name for name in STEPS if name in names)
