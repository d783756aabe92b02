"""What a text is sorted into: one label. A strategy a kind, named by `facts["target"]`; facts without it mean one label."""

from collections.abc import Mapping

from slm_studio.engine.targets.one_label import OneLabel
from slm_studio.engine.targets.target import Target

TARGETS: Mapping[str, Target] = {target.key: target for target in (OneLabel(),)}


def target_of(facts: Mapping[str, object]) -> Target:
    """Return the strategy that facts name."""
    return TARGETS[str(facts.get("target") or OneLabel.key)]
