"""Whole words as the vocabulary of a net that reads word after word, cut as its word vectors were."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Self

import torch
from transformers import BatchEncoding

from slm_studio.core.prompt import Cell
from slm_studio.engine.models.foreign_vocabulary import TEXT_WORDS
from slm_studio.engine.models.vectors.cutting import Cutting

PADDING, NONE = 0, 1  # ids: the tail of a short text, and a word that is not known
FIRST = 2  # id of the first word


class TextWords:
    """Turn texts into ids of words, 2 … len - 1; 0 pads, 1 is any word that is not known."""

    pad_token_id = PADDING
    model_input_names = ("input_ids", "attention_mask")

    def __init__(self, cutting: Cutting, names: Iterable[str]) -> None:
        """Take how texts are cut, and the words."""
        self.cutting = cutting
        self.names = list(names)
        self._ids = {name: place for place, name in enumerate(self.names, start=FIRST)}

    def __len__(self) -> int:
        """Return the number of ids."""
        return len(self.names) + FIRST

    def __call__(self, text: str | Sequence[str], *, return_tensors: str | None = None, **_: object) -> BatchEncoding:
        """Return input_ids and attention_mask as Transformers' tokenizers do; return_tensors="pt" pads."""
        ids = [self.encode(each) for each in ([text] if isinstance(text, str) else text)]
        mask = [[1] * len(each) for each in ids]
        if return_tensors == "pt":
            longest = max((1, *map(len, ids)))
            ids = [each + [PADDING] * (longest - len(each)) for each in ids]
            mask = [each + [0] * (longest - len(each)) for each in mask]
            return BatchEncoding({"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)})
        return BatchEncoding({"input_ids": ids, "attention_mask": mask})

    def encode(self, cell: Cell) -> list[int]:
        """Return the ids of a text's words."""
        get = self._ids.get
        return [get(word, NONE) for word in self.cutting.words(cell)]

    def places(self) -> dict[str, int]:
        """Return word → id."""
        return dict(self._ids)

    def save_pretrained(self, folder: str | Path, **_: object) -> tuple[str]:
        """Write the words into `folder`."""
        path = Path(folder) / TEXT_WORDS
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(asdict(self.cutting) | {"names": self.names}, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        return (str(path),)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **_: object) -> Self:
        """Open what `save_pretrained` wrote."""
        plain = json.loads((Path(folder) / TEXT_WORDS).read_text(encoding="utf-8"))
        names = plain.pop("names")
        return cls(Cutting(**plain | {"dictionary": tuple(plain["dictionary"])}), names)
