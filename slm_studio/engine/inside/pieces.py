"""The pieces of a text as rows and columns of a table name them."""

from collections.abc import Sequence

from slm_studio.engine.inside.classifier import feature_names
from slm_studio.engine.models.bag import BagTokenizer
from slm_studio.engine.models.opening import Vocabulary
from slm_studio.engine.models.piece_texts import piece_texts
from slm_studio.engine.models.vectors.text_words import TextWords

UNKNOWN = "?"


def pieces_of(tokenizer: Vocabulary, ids: Sequence[int], *texts: str) -> list[str]:
    """Return the pieces that ids stand for. The features of a bag are hashed, so that they are looked up in the `texts`."""
    if isinstance(tokenizer, BagTokenizer):
        return feature_names(tokenizer.features(texts[0]) if len(texts) == 1 else {}, ids)
    if isinstance(tokenizer, TextWords):
        names = {number: name for name, number in tokenizer.places().items()}
        return [names.get(number, UNKNOWN) for number in ids]
    return piece_texts(tokenizer, ids)  # type: ignore[arg-type]
