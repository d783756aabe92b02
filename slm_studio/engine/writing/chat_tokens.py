"""Chat tokens: a dialogue as the tokens that a model reads, the same while it learns and while it answers.

The template writes control tokens, and nobody else: where a person's message spells one, it is text (see models/encoding.py).
"""

import re
from collections.abc import Sequence
from itertools import chain

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import ASSISTANT, USER, Message
from slm_studio.engine.models.encoding import Ids, encode_plain
from slm_studio.engine.writing.templates import ChatTemplate

# Private characters that wrap a control token which a person spelled, from the message through the template to its end.
BEGIN, END = "\U000f0000", "\U000f0001"
_MARKS = re.compile(f"[{BEGIN}{END}]")
_TRIAL = [Message(USER, "one?"), Message(ASSISTANT, "two."), Message(USER, "three?"), Message(ASSISTANT, "four.")]


class ChatTokens:
    """A template and a vocabulary together."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, template: ChatTemplate) -> None:
        """Find out how this template ends an answer. Raises StudioError where no answer could be learnt from it."""
        self.tokenizer = tokenizer
        self.template = template
        self._backend: Tokenizer = tokenizer.backend_tokenizer  # type: ignore[attr-defined]
        self._controls = self._control_tokens()
        names = sorted(self._controls, key=len, reverse=True)
        self._spelled = re.compile("|".join(map(re.escape, names)) or r"(?!)")
        self._wrapped = re.compile(f"{BEGIN}({self._spelled.pattern}){END}")
        self.end_id, self.writes_end = self._ending()
        self.is_steady = self.writes_end and self._is_steady()

    def prompt_ids(self, messages: Sequence[Message]) -> Ids:
        """Return what the model reads before it answers."""
        return self.encode([self.render(messages, add_generation_prompt=True)])[0]

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = False) -> str:
        """Return the text of messages, in which control tokens that a person spelled are wrapped."""
        return self.template.render(list(map(self.safe, messages)), add_generation_prompt=add_generation_prompt)

    def safe(self, message: Message) -> Message:
        """Return a message in which control tokens that a person spelled are wrapped."""
        content = (
            _MARKS.sub("", message.content) if BEGIN in message.content or END in message.content else message.content
        )
        if self._spelled.search(content):
            content = self._spelled.sub(lambda found: f"{BEGIN}{found[0]}{END}", content)
        return message if content is message.content else Message(message.role, content)

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """Return the token ids of rendered texts."""
        self._backend.no_padding()
        self._backend.no_truncation()
        self._backend.encode_special_tokens = False
        try:
            found = [each.ids for each in self._backend.encode_batch_fast(list(texts), add_special_tokens=False)]
            for place, text in enumerate(texts):
                if BEGIN in text or END in text:
                    found[place] = self._pieces(text)
        finally:
            self._backend.encode_special_tokens = True  # as encode_plain leaves it: a person's text is text
        return found

    def without_beginning(self, text: str, tokens: int) -> str:
        """Return a text without its first `tokens` tokens, to the character."""
        encode_plain(self.tokenizer, [""])  # sets the vocabulary to take control tokens in it as text
        offsets = self._backend.encode(text, add_special_tokens=False).offsets
        return text[offsets[tokens][0] :] if tokens < len(offsets) else ""

    def shown(self, rendered: str) -> str:
        """Return a rendered text as a person reads it."""
        return _MARKS.sub("", rendered)

    def _pieces(self, text: str) -> Ids:
        """Return the ids of a text in which some control tokens are a person's words."""
        ids: list[Ids] = []
        for place, piece in enumerate(self._wrapped.split(text)):
            piece = _MARKS.sub("", piece)
            if place % 2:
                self._backend.encode_special_tokens = True
                ids.append(self._as_text(piece))
                self._backend.encode_special_tokens = False
            elif piece:
                ids.append(self._backend.encode(piece, add_special_tokens=False).ids)
        return list(chain.from_iterable(ids))

    def _as_text(self, token: str) -> Ids:
        """Return the ids of a control token's name as text; letter by letter where the vocabulary knows it as a word."""
        ids = encode_plain(self.tokenizer, [token])[0]
        if self._controls[token] in ids:
            ids = list(chain.from_iterable(encode_plain(self.tokenizer, list(token))))
        return ids

    def _control_tokens(self) -> dict[str, int]:
        """Return the tokens that steer: the special ones, and further added ones that the template writes: <think>."""
        added = self._backend.get_added_tokens_decoder()
        return {
            token.content: id_
            for id_, token in added.items()
            if token.content.strip() and (token.special or token.content in self.template.text)
        }

    def _ending(self) -> tuple[int, bool]:
        """Return the token that ends an answer, and whether the template writes it."""
        asked, answer = _TRIAL[:1], _TRIAL[1]
        whole = self.template.render([*asked, answer])
        behind = whole.rpartition(answer.content)[2]
        specials = {id_ for id_, token in self._backend.get_added_tokens_decoder().items() if token.special}
        found = next((id_ for id_ in self.encode([behind])[0] if id_ in specials), None)
        if found is not None:
            return found, True
        end = self.tokenizer.eos_token_id
        if end is None:
            raise StudioError(
                "no-end-token",
                "The chat template writes no token that ends an answer, and the vocabulary has none.",
                "Write one behind the words of an answer, or choose another model.",
            )
        return int(end), False

    def _is_steady(self) -> bool:
        """Say whether every answer of a dialogue reads as it would if it were the last, up to the token that ends it."""
        whole = self.encode([self.render(_TRIAL)])[0]
        for place in (1, 3):
            before, alone = self.encode(
                [
                    self.render(_TRIAL[:place], add_generation_prompt=True),
                    self.render(_TRIAL[: place + 1]),
                ]
            )
            if self.end_id not in alone[len(before) :]:
                return False
            end = alone.index(self.end_id, len(before)) + 1
            if whole[:end] != alone[:end] or alone[: len(before)] != before:
                return False
        return True
