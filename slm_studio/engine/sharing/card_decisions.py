"""What a model card says of how one label is chosen, where it is not the likeliest one alone, and of few rows."""

from collections.abc import Iterator, Mapping

from slm_studio.core.few import few_of
from slm_studio.core.moderation import catch_of, person_of


def decisions(facts: Mapping[str, object]) -> Iterator[str]:
    """Yield one clause each; none of a model that answers the likeliest label and learnt row by row."""
    if catch := catch_of(facts):
        chosen = f"chosen on {catch.rows} held-out rows with this label to catch {100 * catch.recall:g} % of them"
        yield f"“{catch.label}” from a probability of {catch.threshold:.2f} on, {chosen}"
    if person := person_of(facts):
        yield (
            f"answers of a probability below {person.below:.2f} are for a person"
            if person.below <= 1
            else "all answers are for a person"
        )
    if few := few_of(facts):
        untouched = f"of {few.rows} held-out rows the untouched base got {few.frozen:.3f} right"
        if few.tuned is None:
            yield f"a logistic regression on the vectors of the untouched base: {untouched}, and tuning by pairs of rows did no better"
        else:
            yield f"a logistic regression on the vectors of the base, which pairs of rows tuned: {untouched}, the tuned one {few.tuned:.3f}"
