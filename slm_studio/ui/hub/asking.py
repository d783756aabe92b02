"""What is asked before a publication: who will see it, and what becomes of what stands there; and what has to wait."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.texts import in_line, mark, tr
from slm_studio.ui.widgets.question import ask

PUBLIC = "public"
AT_WORK = StudioError("hub-at-work", "Something else is still on its way.", "Stop it first, or wait for its end.")


def may_publish(parent: QWidget, name: str, plan: Mapping[str, object]) -> bool:
    """Ask where something is shown to everybody or stands there already; else go on."""
    standing, is_public = plan.get("standing"), plan.get("visibility") == PUBLIC
    sentences = words_of(standing) if isinstance(standing, Mapping) else []
    if not sentences and not is_public:
        return True
    if is_public:
        sentences.append(
            tr("Everybody can see and fetch the model, its card and its scores. A copy cannot be called back.")
        )
    return ask(
        parent,
        mark("“{name}” stands there already") if standing else mark("Show “{name}” to everybody?"),
        lambda: in_line(sentences),
        action=mark("Publish for everybody") if is_public else mark("Publish over it"),
        name=name,
    )


def words_of(standing: Mapping[str, object]) -> list[str]:
    """Return sentences about a repository and what a publication would do with its files."""
    sentences = [tr("It is public.") if standing.get("visibility") == PUBLIC else tr("It is private.")]
    if standing.get("is_other"):
        sentences.append(tr("It holds a model that was not published with SLM Studio."))
    if former := standing.get("former"):
        sentences.append(tr("It holds another model than this one: it is called “{former}”.", former=former))
    replaced, removed, kept = (_count(standing.get(key)) for key in ("replaced", "removed", "kept"))
    for template, count in (
        (mark("{n} {n:file is|files are} replaced."), replaced),
        (mark("{n} {n:file|files} of the former model {n:goes|go}."), removed),
        (mark("{n} {n:file stays|files stay}."), kept),
    ):
        if count:
            sentences.append(tr(template, n=count))
    return [*sentences, tr("What others wrote on the card stays too.")]


def _count(names: object) -> int:
    return len(names) if isinstance(names, Sequence) and not isinstance(names, str) else 0
