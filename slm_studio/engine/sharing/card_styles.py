"""What a model card says of the styles that a model writes in."""

from collections.abc import Callable, Mapping

MOST = 50  # styles that are named


def style_to_show(facts: Mapping[str, object]) -> str:
    """Return a style for programs that show how a model is asked, or ""."""
    styles = facts.get("styles")
    return str(styles[0]) if isinstance(styles, list) and styles else ""


def styles_row(facts: Mapping[str, object], plain: Callable[[str], str]) -> str:
    """Return the styles, and how each is asked for in plain Transformers; "" where there are none."""
    styles, leads = facts.get("styles"), facts.get("leads")
    if not isinstance(styles, list) or not isinstance(leads, list) or not styles:
        return ""
    shown = [f"{plain(str(style))} ({plain(str(lead))})" for style, lead in zip(styles[:MOST], leads, strict=False)]
    more = f" … ({len(styles)} in all)" if len(styles) > MOST else ""
    return ", ".join(shown) + more + ": what stands in brackets is one token, to be written right before a text"
