"""Moderation of one label a text: what was wished, the thresholds that held-out rows give for it, and what is said of them."""

# N rows, L labels

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from slm_studio.core.dataset import Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.moderation import CATCH, PERSON, catch_of, person_of
from slm_studio.core.results import Metric
from slm_studio.core.tasks.classify import ClassifyOptions
from slm_studio.core.texts import mark
from slm_studio.engine.measuring import moderation

SHOWN = 12  # labels that a sentence names
CAUGHT = mark(
    "“{label}” is answered from a probability of {threshold} on, though another label may be likelier: chosen on {rows} held-out {rows:row|rows} with this label, to catch {recall} % of them."
)
CAUGHT_ANYWAY = mark(
    "“{label}” needs no lower threshold: on {rows} held-out {rows:row|rows} with this label {recall} % or more are caught where it is simply the likeliest."
)
UNCAUGHT = mark("No held-out row has the label “{label}”, so no threshold could be chosen to catch it.")
HANDED_ON = mark(
    "Answers of a probability below {below} are for a person: of the others {right} % were right on held-out rows."
)
ALL_HANDED_ON = mark(
    "No probability was high enough for {right} % of the answers to be right on held-out rows, so all answers are for a person."
)


def wishes(options: ClassifyOptions, facts: Mapping[str, object]) -> dict[str, object]:
    """Return the facts that hold what was wished. Raises StudioError where the label to catch is none."""
    found: dict[str, object] = {}
    labels = facts["labels"]
    assert isinstance(labels, list)
    if options.catch:
        if options.catch not in labels:
            raise StudioError(
                "no-such-label",
                "No row to learn from has the label “{label}”, which is to be caught.",
                "The labels are: {labels}.",
                label=options.catch,
                labels=", ".join([*labels[:SHOWN], *(["…"] if len(labels) > SHOWN else [])]),
            )
        found[CATCH] = {"label": options.catch, "recall": options.recall}
    if options.right is not None:
        found[PERSON] = {"right": options.right}
    return found


def thresholds(
    probabilities_NL: np.ndarray, labels_N: np.ndarray, labels: Sequence[str], facts: Mapping[str, object]
) -> dict[str, object]:
    """Return the facts with the thresholds that rows give for what was wished."""
    found: dict[str, object] = {}
    wished = facts.get(CATCH)
    if isinstance(wished, dict):
        place = list(labels).index(str(wished["label"]))
        has_N = labels_N == place
        threshold = moderation.threshold_to_catch(probabilities_NL[:, place], has_N, float(wished["recall"]))
        found[CATCH] = wished | {"threshold": threshold, "rows": int(has_N.sum())}
    wished = facts.get(PERSON)
    if isinstance(wished, dict) and "right" in wished and len(labels_N):
        predicted_N = moderation.decide(probabilities_NL, list(labels), catch_of(found))
        sure_N = probabilities_NL[np.arange(len(predicted_N)), predicted_N]
        below = moderation.threshold_to_answer(sure_N, predicted_N == labels_N, float(wished["right"]))
        found[PERSON] = wished | {"below": below}
    return found


def metrics(
    true_N: np.ndarray, predicted_N: np.ndarray, sure_N: np.ndarray, labels: Sequence[str], facts: Mapping[str, object]
) -> tuple[Metric, ...]:
    """Return what the thresholds cost and bring on scored rows."""
    catch = catch_of(facts)
    place = labels.index(catch.label) if catch is not None and catch.label in labels else None
    return moderation.moderation_metrics(true_N, predicted_N, sure_N, place, person_of(facts))


def remarks(facts: Mapping[str, object]) -> Iterator[Remark]:
    """Yield how answers are decided, where it is not by the likeliest label alone."""
    wished, catch = facts.get(CATCH), catch_of(facts)
    if isinstance(wished, dict) and catch is None:
        yield Remark(code="label-uncaught", message=UNCAUGHT, values={"label": str(wished.get("label"))})
    if catch is not None:
        told = {"label": catch.label, "threshold": f"{catch.threshold:.2f}", "rows": catch.rows}
        message = CAUGHT if catch.threshold < moderation.HIGHEST else CAUGHT_ANYWAY
        yield Remark(
            code="label-caught", message=message, count=catch.rows, values=told | {"recall": f"{100 * catch.recall:g}"}
        )
    person = person_of(facts)
    if person is not None and person.right:
        is_none = person.below > 1
        yield Remark(
            code="handed-on",
            message=ALL_HANDED_ON if is_none else HANDED_ON,
            values={"below": f"{person.below:.2f}", "right": f"{100 * person.right:g}"},
        )
