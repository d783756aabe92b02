"""What pairs of rows brought: said when a run ends, and kept with the model for its report and its card."""

from collections.abc import Iterator, Mapping

from slm_studio.core.dataset import Remark
from slm_studio.core.few import FEW, few_of


def found_out(first: Mapping[str, float], best: Mapping[str, float], rows: int) -> dict[str, object]:
    """Return the facts: `first` are the scores of the base as it was, `best` those of the best state after steps, if any was better."""
    taken = {"tuned": best["accuracy"]} if best else {}
    return {FEW: {"frozen": first["accuracy"], "rows": rows} | taken}


def remarks(facts: Mapping[str, object]) -> Iterator[Remark]:
    """Yield the sentence that says which way was taken and how far the other one stood behind."""
    found = few_of(facts)
    if found is None:
        return
    values = {"frozen": f"{found.frozen:.3f}", "tuned": f"{found.tuned or 0:.3f}", "rows": found.rows}
    yield Remark(
        code="few-frozen" if found.tuned is None else "few-tuned",
        message=found.sentence,
        count=found.rows,
        values=values,
    )
