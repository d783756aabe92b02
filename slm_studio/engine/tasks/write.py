"""Write: continue a text."""

# B blocks of a batch, T tokens, V vocabulary

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForCausalLM

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.generation import count_of
from slm_studio.core.inside import MOST_READ, Inside
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Metric, Token
from slm_studio.core.tasks.write import WriteOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.passages import split_passages
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import Splits, split_dataset
from slm_studio.engine.examples import IDS, MASK, Batch, Packed, Packer
from slm_studio.engine.inside.grids import pieces_around
from slm_studio.engine.inside.stages import look_inside
from slm_studio.engine.inside.writer import writer_stages
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import baselines
from slm_studio.engine.measuring.writing import writing_metrics
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.encoding import encode_framed, encode_plain, frame_of
from slm_studio.engine.models.lengths import length_of, positions, settle_length
from slm_studio.engine.models.opening import open_net, open_tokenizer
from slm_studio.engine.models.piece_texts import piece_texts
from slm_studio.engine.models.vocabulary import character_vocabulary, suited_size, suited_tokens, train_byte_pairs
from slm_studio.engine.models.writers import make_writer
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, answers_of, checked
from slm_studio.engine.writing import memorised, room
from slm_studio.engine.writing.blocks import cut_blocks, stream_of
from slm_studio.engine.writing.context import too_long
from slm_studio.engine.writing.decoding import decoding_of, in_view
from slm_studio.engine.writing.several import write_several
from slm_studio.engine.writing.styles import (
    STYLES,
    add_codes,
    code_for,
    code_ids,
    code_of,
    known_styles,
    on_strange,
    reads_with_style,
    style_of,
    styled_blocks,
    styles_in,
)

LEAST = 100  # characters from which anything can be learnt at all
PROMPT = 24  # characters of held-out text with which a sample begins
SHORT = 128  # tokens that a model reads at once where nothing says another number
COMPARED = 64  # tokens of a prompt whose logits are compared
MOST_CASES = 500
SAMPLED = 3  # styles in which a sample is written


class Write(Task):
    """The strategy."""

    key = "write"

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """A text file is a book; the rows of a table are texts of their own, and always where each has a style."""
        options = recipe.options
        assert isinstance(options, WriteOptions)
        if recipe.roles.get("style"):
            options = replace(options, reads=reads_with_style(options.reads))
        return replace(recipe, options=replace(options, reads=options.reads_of(dataset)))

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Cut a book in order, so that held-out text is text never seen; shuffle texts of their own."""
        options = recipe.options
        assert isinstance(options, WriteOptions)
        if recipe.roles.get("style"):
            return split_dataset(dataset, recipe, filled=("text",))
        return split_passages(dataset, recipe, "text", options.reads)

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return what the vocabulary is made of."""
        texts = rows.column("text")
        total = sum(map(len, texts))
        if total < LEAST:
            raise StudioError(
                "too-little-text",
                "There {characters:is|are} only {characters} {characters:character|characters} to learn from.",
                "Add text: a few pages are the least, a book is good.",
                characters=total,
            )
        options = recipe.options
        assert isinstance(options, WriteOptions)
        tokens = options.tokens if options.tokens != "auto" else suited_tokens(texts)
        facts: dict[str, object] = {"reads": options.reads, "tokens": tokens, "max_length": recipe.max_length}
        if "style" in rows.roles:
            styles = styles_in(rows.column("style"), rows.roles["style"])
            facts |= {STYLES: styles, "asks": ["text", "style"], "leads": [code_of(each) for each in styles]}
        return facts

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the text."""
        options = recipe.options
        assert isinstance(options, WriteOptions)
        texts = rows.column("text")
        tokenizer = (
            character_vocabulary(texts)
            if facts["tokens"] == "characters"
            else train_byte_pairs(texts, options.vocabulary or suited_size(texts, split_base(recipe.base)[1]))
        )
        codes = len(cast(list[str], facts[STYLES])) + 1 if STYLES in facts else 0
        family, size = split_base(recipe.base)
        net = make_writer(
            family, size, vocabulary_size=len(tokenizer) + codes, max_length=recipe.max_length or SHORT, dropout=recipe.dropout or 0.0,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        loaded = Loaded(net, tokenizer, facts)
        add_codes(loaded)
        return loaded

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Go on with a model that writes already."""
        loaded = self.open(folder, facts)
        add_codes(loaded)
        return loaded

    def lessons(self, rows: Rows, loaded: Loaded, recipe: Recipe) -> Work[Packed]:
        """Yield Progress; return blocks to learn from: of texts with a style some go without theirs."""
        if not known_styles(loaded):
            return (yield from self.examples(rows, loaded, recipe))
        return _packed((yield from self._styled(rows, loaded, learns=True)), loaded)

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return blocks of max_length + 1 tokens; every token is predicted once.

        Blocks overlap by one token, or each begins with the one that a foreign vocabulary puts in front of every text:
        a network that has always seen it there is lost without.
        """
        if known_styles(loaded):
            return _packed((yield from self._styled(rows, loaded, learns=False)), loaded)
        tokenizer, texts = loaded.tokenizer, rows.column("text")
        opening, end = opening_of(loaded), end_id(loaded)
        stream_S, _ = yield from stream_of(
            tokenizer,  # type: ignore[arg-type]
            texts, is_book=self.reads_on(loaded), between=[end, *opening], last=[end],
        )  # fmt: skip
        ids = np.concatenate([np.array(opening or [end], dtype=np.int64), stream_S])
        return _packed(cut_blocks(ids, _length(loaded), opening), loaded)

    def _styled(self, rows: Rows, loaded: Loaded, *, learns: bool) -> Work[list[np.ndarray]]:
        opening, end, length = opening_of(loaded), end_id(loaded), _length(loaded)
        return styled_blocks(rows.column("text"), styles_of(rows), loaded, opening, end, length, learns=learns)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean cross-entropy of each next token."""
        nats_BT, mask_BT = self._nats(loaded, batch)
        return nats_BT.sum() / mask_BT.sum()

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return the summed nats [B] and the tokens [B] of each block."""
        nats_BT, mask_BT = self._nats(loaded, batch)
        return {"nats": nats_BT.sum(-1).double().cpu().numpy(), "tokens": mask_BT.sum(-1).cpu().numpy()}

    def reads_on(self, loaded: Loaded) -> bool:
        """A book reads on."""
        return loaded.facts.get("reads") == "book"

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of an even guess among all tokens."""
        return math.log(max(2, self.width(loaded)))

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Return the mean loss a token, perplexity and bits a byte; the most surprising passages stand first."""
        yield from ()
        nats_N, tokens_N = seen["nats"], seen["tokens"].astype(np.float64)
        loss = float(nats_N.sum() / tokens_N.sum())
        if not whole:
            return Judgement(loss=loss, metrics=(Metric(key="perplexity", value=math.exp(min(loss, 700))),))
        size = sum(len(text.encode("utf-8")) for text in rows.column("text"))
        return Judgement(
            loss=loss,
            metrics=writing_metrics(nats_N, tokens_N, size),
            cases=self._cases(examples, loaded, nats_N / tokens_N),
            facts={"tokens": float(tokens_N.sum()), "bytes": float(size)},
        )

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return what counting tokens and what a compressor achieve."""
        before, after = "".join(train.column("text")), "".join(scored.column("text"))
        yield Progress("Training simple methods for comparison", 0, 2)
        counted = baselines.unigram(
            self._ids(loaded, before),
            self._ids(loaded, after),
            int(loaded.net.config.vocab_size),
            len(after.encode("utf-8")),
        )
        yield Progress("Training simple methods for comparison", 1, 2)
        return counted, baselines.xz(before, after, len(self._ids(loaded, after)))

    def memorised(self, train: Rows, scored: Rows, loaded: Loaded) -> Work[tuple[dict[str, float], tuple[Remark, ...]]]:
        """Write on from held-out beginnings and compare; beside it stands what held-out text shares with training."""
        texts, training, styles = scored.column("text"), train.column("text"), styles_of(scored)

        def write(row: int, beginning: str, seed: int) -> str:
            decoding = {"seed": seed, "max_new_tokens": room.COMPARED}
            style = {"style": styles[row]} if styles[row] in known_styles(loaded) else {}
            (written,) = answers_of(self, loaded, [{"text": beginning, **style}], decoding)
            return "".join(token.text for token in cast(list[Token], written))

        is_book = self.reads_on(loaded)
        begun = memorised.beginnings(texts, is_book=is_book)
        joined = (["".join(texts)], ["".join(training)]) if is_book else (texts, training)
        return (yield from memorised.count_memorised(begun, write, *joined))

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Continue a few fixed beginnings."""
        options = recipe.options
        assert isinstance(options, WriteOptions)
        prompts = [prompt for prompt in options.prompts.split("|") if prompt]
        prompts = prompts or [text.strip()[:PROMPT] for text in rows.column("text") if text.strip()][:1] or ["\n"]
        styles = known_styles(loaded)[:SAMPLED]
        decoding = {"temperature": 0.8, "top_p": 0.95, "seed": recipe.seed, "max_new_tokens": room.SAMPLED_TEXT}
        asked = [
            {"text": prompt} | style for prompt in prompts for style in ([{"style": each} for each in styles] or [{}])
        ]
        written = answers_of(self, loaded, asked, decoding)
        texts = ("".join(token.text for token in cast(list[Token], tokens)) for tokens in written)
        if styles:
            shown = ((each["style"], each["text"], text) for each, text in zip(asked, texts, strict=True))
            return Table(("style", "prompt", "text"), tuple(shown))
        return Table(("prompt", "text"), tuple(zip(prompts, texts, strict=True)))

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Token | Progress]]:
        """Yield each continuation, token by token. Options: the fields of DecodingOptions, and count: how many of each."""
        decoding, count = decoding_of(options), count_of(options)
        for place, prompt in enumerate(prompts):
            front = _front(loaded, prompt)
            ids = [*front, *self._ids(loaded, str(prompt["text"])).tolist()]
            for token in write_several(loaded.net, loaded.tokenizer, ids, decoding, count, front):  # type: ignore[arg-type]
                yield place, token

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return how many tokens of a beginning the model reads, and how many are out of its view.

        Raises StudioError where options["whole"] says that none may be.
        """
        count, window = len(_front(loaded, prompt)) + len(self._ids(loaded, str(prompt["text"]))), positions(loaded.net)
        if window and count > window and options.get("whole") is True:
            raise too_long(count, window)
        unread = count - in_view(window) if window and count > window else 0
        return {"used": count - unread, "limit": window or length_of(loaded), "unread": unread}

    def inside(self, loaded: Loaded, prompt: Prompt, step: str) -> Inside:
        """Return the way from the end of a beginning to what may come next."""
        front, window = _front(loaded, prompt), positions(loaded.net)
        whole = [*front, *self._ids(loaded, str(prompt["text"])).tolist()] or [end_id(loaded)]
        kept = min(MOST_READ, in_view(window) if window and len(whole) > window else MOST_READ)
        ids = [*front, *whole[max(len(front), len(whole) - kept) :]]
        pieces = pieces_around(piece_texts(loaded.tokenizer, ids), len(ids))  # type: ignore[arg-type]
        ids_BT = torch.tensor([ids], device=loaded.device)
        stages = writer_stages(loaded.net, loaded.tokenizer, pieces)  # type: ignore[arg-type]
        return look_inside(
            loaded.net, stages, lambda: loaded.net(input_ids=ids_BT).logits[:, -1], step,
            read=len(ids), cut=len(whole) - len(ids),
        )  # fmt: skip

    @torch.inference_mode()
    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the logits of every token of the prompts that it sees at once."""
        found, most = [], min(COMPARED, length_of(loaded))
        for prompt in prompts:
            ids = torch.tensor(encode_framed(loaded.tokenizer, [str(prompt["text"])], most))  # type: ignore[arg-type]
            found.append(loaded.net(input_ids=ids).logits.float().flatten().numpy())
        return np.concatenate(found)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net = open_net(folder, self.key)
        return Loaded(net.to(device).eval(), open_tokenizer(folder), settle_length(facts, net, SHORT))

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count full blocks."""
        net, length = self._hollow(recipe, rows), recipe.max_length or SHORT
        vocabulary = int(getattr(getattr(net, "config", None), "vocab_size", 0))
        blocks = max(1, sum(map(len, rows.column("text"))) // length)
        return Sketch(net=net, examples=blocks, tokens_N=np.array([length]), logits=vocabulary)

    def _hollow(self, recipe: Recipe, rows: Rows) -> nn.Module:
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            return built(lambda: AutoModelForCausalLM.from_config(config))
        family, size = split_base(recipe.base)
        options = recipe.options
        assert isinstance(options, WriteOptions)

        texts = rows.column("text")
        styles = len(set(rows.column("style"))) + 1 if "style" in rows.roles else 0
        pieces = (suited_tokens(texts) if options.tokens == "auto" else options.tokens) == "pieces"
        return make_writer(
            family,
            size,
            vocabulary_size=styles
            + (options.vocabulary or suited_size(texts, size) if pieces else len(set().union(*texts)) + 2),
            max_length=recipe.max_length or SHORT,
            dropout=0.0,
        )

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Say which styles of the rows the model does not know."""
        if known_styles(loaded):
            yield from on_strange(styles_of(rows), loaded)

    def _nats(self, loaded: Loaded, batch: Batch) -> tuple[Tensor, Tensor]:
        ids_BT = batch[IDS]
        logits_BTV = loaded.net(input_ids=ids_BT[:, :-1]).logits.float()
        mask_BT = batch[MASK][:, 1:]
        if opening := opening_of(loaded):  # nobody has to guess that a text begins
            mask_BT = mask_BT * (ids_BT[:, 1:] != opening[0])
        if codes := [*code_ids(loaded).values()]:  # … nor in which style
            mask_BT = mask_BT * ~torch.isin(ids_BT[:, 1:], torch.tensor(codes, device=ids_BT.device))
        nats_BT = functional.cross_entropy(logits_BTV.transpose(1, 2), ids_BT[:, 1:], reduction="none")
        return nats_BT * mask_BT, mask_BT

    def _ids(self, loaded: Loaded, text: str) -> np.ndarray:
        ids = np.array(encode_plain(loaded.tokenizer, [text])[0], dtype=np.int64)  # type: ignore[arg-type]
        loaded.refuse_unknown(int(ids.max(initial=0)))
        return ids

    def _cases(self, examples: Packed, loaded: Loaded, loss_N: np.ndarray) -> Table:
        blocks = examples.sequences[IDS]
        cells = [
            (
                int(place),
                loaded.tokenizer.decode(blocks[place], skip_special_tokens=True),
                round(float(loss_N[place]), 4),
            )  # type: ignore[attr-defined]
            for place in np.argsort(-loss_N, kind="stable")[:MOST_CASES]
        ]
        return Table(("row", "text", "loss"), cells)


TASK = Write()


def end_id(loaded: Loaded) -> int:
    """Return the id of the token that ends (and begins) a text."""
    tokenizer = loaded.tokenizer
    for name in ("eos_token_id", "bos_token_id", "pad_token_id"):
        if getattr(tokenizer, name, None) is not None:
            return int(getattr(tokenizer, name))
    return 0


def opening_of(loaded: Loaded) -> list[int]:
    """Return what the vocabulary puts in front of every text: <s> for Llama and its kin, nothing for most."""
    return list(frame_of(loaded.tokenizer).opening)  # type: ignore[arg-type]


def _front(loaded: Loaded, prompt: Prompt) -> list[int]:
    """Return what stands before a beginning: what opens every text, and the code of the style that is asked for."""
    front = [*opening_of(loaded), *code_for(loaded, str(prompt.get("style", "")))]
    # A code stands before the rest of a text, too, where a block goes on with it; behind an end a text begins.
    return [end_id(loaded), *front] if known_styles(loaded) and not prompt["text"] else front


def styles_of(rows: Rows) -> list[str]:
    """Return the style of each row; "" where it has none."""
    return [style_of(cell) for cell in rows.column("style")] if "style" in rows.roles else [""] * len(rows)


def _length(loaded: Loaded) -> int:
    return int(loaded.facts.get("max_length") or SHORT)  # type: ignore[call-overload]


def _packed(blocks: Sequence[np.ndarray], loaded: Loaded) -> Packed:
    packer = Packer(input_ids=loaded.padding)
    packer.add(range(len(blocks)), input_ids=blocks)
    return checked(packer.packed(unpaid=1), loaded)
