"""Styles: one writer that knows several. A token of its own, a control code, stands before each text and names its style.

A text that is longer than a block begins each of its blocks with its code, and while the model writes the code stays in view
however long the text gets: so it never forgets in which style it writes. One of some texts is learnt without a style, so that
the model can write when none is asked for.
Source: CTRL, Keskar et al. 2019, https://arxiv.org/abs/1909.05858
"""

# N texts, S tokens of their stream

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
from tokenizers import AddedToken
from transformers import PreTrainedTokenizerBase

from slm_studio.core.dataset import Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import id_of
from slm_studio.engine.writing.blocks import stream_of

STYLES = "styles"  # the fact: names of the styles, those of most texts first
MOST = 200  # styles that a model can know
WITHOUT = 10  # of so many texts one is learnt without its style
NAMED = 20  # styles that a sentence names
STRANGE = mark("{count} {count:text has|texts have} a style that the model does not know, such as {styles}: {count:it is|they are} read without one.")  # fmt: skip


def style_of(cell: str) -> str:
    """Return a style as it is named, whatever blanks stand around it; "" is none."""
    return " ".join(cell.split())


def code_of(style: str) -> str:
    """Return how the token is spelled that stands before a text of a style."""
    return f"<|style:{style}|>"


def reads_with_style(reads: str) -> str:
    """Return what rows are where each has a style: texts of their own. Raises StudioError where somebody wants a book."""
    if reads in ("auto", "lines"):
        return "lines"
    raise StudioError(
        "style-of-a-book",
        "Rows that are read as one book or as paragraphs have no style each.",
        "Read them as lines, or leave the style out.",
    )


def styles_in(cells: Sequence[str], column: str) -> list[str]:
    """Return the styles of some rows, those of most rows first. Raises StudioError where there is none."""
    counts = Counter(filter(None, map(style_of, cells)))
    if not counts:
        raise StudioError(
            "no-styles",
            "Column “{column}” names no style.",
            "Choose another column for the style, or none.",
            column=column,
        )
    return [style for style, _ in counts.most_common(MOST)]


def known_styles(loaded: Loaded) -> list[str]:
    """Return the styles that a model knows; none where it learnt without."""
    found = loaded.facts.get(STYLES)
    return [str(each) for each in found] if isinstance(found, list | tuple) else []


def add_codes(loaded: Loaded) -> None:
    """Give the vocabulary a token for each style and one for none, and the network a row for each."""
    styles, tokenizer, net = known_styles(loaded), cast(PreTrainedTokenizerBase, loaded.tokenizer), loaded.net
    if not styles:
        return
    codes = [AddedToken(code_of(style), special=True, normalized=False) for style in ("", *styles)]
    tokenizer.add_tokens(codes, special_tokens=True)
    tokenizer.split_special_tokens = False  # or transformers would spell the codes out
    if net.get_input_embeddings().weight.shape[0] < len(tokenizer):
        net.resize_token_embeddings(len(tokenizer))


def code_ids(loaded: Loaded) -> dict[str, int]:
    """Return the token of each style, and of none (""); {} where the model knows no styles."""
    styles = known_styles(loaded)
    found = {style: id_of(loaded.tokenizer, code_of(style)) for style in ("", *styles)} if styles else {}  # type: ignore[arg-type]
    return {style: id_ for style, id_ in found.items() if id_ is not None}


def code_for(loaded: Loaded, style: str) -> list[int]:
    """Return what stands before a text of a style that somebody asks for. Raises StudioError where it is not known."""
    known, style = code_ids(loaded), style_of(style)
    if style and style not in known:
        styles = known_styles(loaded)
        raise StudioError(
            "style-unknown",
            "The model knows no style “{style}”." if styles else "The model knows no styles, so there is no “{style}”.",
            "It knows: {known}." if styles else "Ask without one.",
            style=style,
            known=", ".join(styles[:NAMED]) + (f" … ({len(styles)})" if len(styles) > NAMED else ""),
        )
    return [known[style]] if style in known else []


def fronts_of(loaded: Loaded, cells: Sequence[str], opening: Sequence[int], *, learns: bool) -> list[list[int]]:
    """Return what stands before each text; of those that are learnt some go without their style."""
    known = code_ids(loaded)
    styles = [style_of(cell) for cell in cells]
    if learns:
        styles = ["" if place % WITHOUT == WITHOUT - 1 else style for place, style in enumerate(styles)]
    return [[*opening, known.get(style, known[""])] for style in styles]


def styled_blocks(
    texts: Sequence[str],
    styles: Sequence[str],
    loaded: Loaded,
    opening: Sequence[int],
    end: int,
    length: int,
    *,
    learns: bool,
) -> Work[list[np.ndarray]]:
    """Yield Progress; return blocks in which the code of its style stands before each text."""
    fronts = fronts_of(loaded, styles, opening, learns=learns)
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    ids_S, ends_N = yield from stream_of(tokenizer, texts, is_book=False, between=[end], last=[end], fronts=fronts)
    return cut_styled(ids_S, ends_N, fronts, length)


def cut_styled(ids_S: np.ndarray, ends_N: np.ndarray, fronts: Sequence[Sequence[int]], length: int) -> list[np.ndarray]:
    """Cut a stream of texts, each behind its front, into blocks that begin with the front of the text that goes on there.

    Of a block `length` tokens are read and as many predicted; each token is predicted once, but those of fronts.
    Example: cut_styled([8 1 2 3 9], ends [5], fronts [[8]], 3) == [8 1 2 3] [8 9]
    """
    starts_N = np.concatenate([[0], ends_N[:-1]])
    width = len(fronts[0]) if fronts else 0
    blocks, place = [], 0
    while place < len(ids_S):
        text = int(np.searchsorted(ends_N, place, side="right"))
        begin = max(place, int(starts_N[text]) + width)
        part = ids_S[begin : begin + max(1, length + 1 - width)]
        blocks.append(np.concatenate([np.array(fronts[text], ids_S.dtype), part]))
        place = begin + len(part)
    return blocks


def on_strange(cells: Sequence[str], loaded: Loaded) -> Iterator[Remark]:
    """Say how many texts have a style that the model does not know."""
    known = set(known_styles(loaded))
    strange = Counter(style for cell in cells if (style := style_of(cell)) and style not in known)
    if strange:
        named = ", ".join(f"“{style}”" for style, _ in strange.most_common(3))
        yield Remark(code="styles-unknown", message=STRANGE, count=strange.total(), values={"styles": named})
