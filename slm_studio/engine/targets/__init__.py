"""What a text is sorted into: one label, several, or a number. A strategy a kind, named by `facts["target"]`; facts without it mean one label."""

from collections.abc import Mapping

from slm_studio.engine.targets.amount import Amount
from slm_studio.engine.targets.one_label import OneLabel
from slm_studio.engine.targets.several_labels import SeveralLabels
from slm_studio.engine.targets.target import Target

TARGETS: Mapping[str, Target] = {target.key: target for target in (OneLabel(), SeveralLabels(), Amount())}


def target_of(facts: Mapping[str, object]) -> Target:
    """Return the strategy that facts name."""
    return TARGETS[str(facts.get("target") or OneLabel.key)]
