"""Fill: find the words that are missing in a text."""

# B blocks of a batch, N of all, T tokens, K hidden ones, V vocabulary

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForMaskedLM, PreTrainedTokenizerBase

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.inside import MOST_READ, Inside
from slm_studio.core.prompt import Prompt, as_text
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Candidate, Span
from slm_studio.core.tasks.fill import SPANS, FillOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.passages import split_passages
from slm_studio.engine.data.rows import Rows, open_rows
from slm_studio.engine.data.splits import Splits
from slm_studio.engine.examples import IDS, MASK, Batch, Packed, Packer
from slm_studio.engine.inside.grids import pieces_around
from slm_studio.engine.inside.stages import look_inside
from slm_studio.engine.inside.writer import writer_stages
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import gaps as counted
from slm_studio.engine.models.answering.pointing import add_head, has_head, keeps_head, save_head
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.encoding import encode_framed, frame_of
from slm_studio.engine.models.fillers import logits_at, make_filler
from slm_studio.engine.models.filling import pointing
from slm_studio.engine.models.filling.asking import candidates, expected, first_gap, mask_id_of, one_hidden
from slm_studio.engine.models.filling.cases import CASES, cases_of
from slm_studio.engine.models.filling.hiding import Shares, disguised, hide
from slm_studio.engine.models.filling.pieces import PieceTable, piece_table
from slm_studio.engine.models.filling.units import WHOLE, in_frame, starts_of
from slm_studio.engine.models.lengths import length_of, settle_length
from slm_studio.engine.models.opening import continue_net, open_net, open_tokenizer
from slm_studio.engine.models.piece_texts import piece_texts
from slm_studio.engine.models.vocabulary import suited_size, told_apart, train_word_pieces
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, checked, few, text_lengths
from slm_studio.engine.writing.blocks import stream_of

LEAST = 100  # characters from which anything can be learnt at all
SHORT = 128  # tokens that a model reads at once where nothing says another number
TARGET = "target"  # the fact that says whether it points, too
STARTS, PLACE = "starts", "place"  # of a batch: where units begin, and which block each is
STEP, BATCHES = 1024, (8, 64)  # tokens of a step; the fewest and the most blocks
SCORED = 0  # the seed by which held-out tokens are hidden: the same at every look, for every model
TOP, IN_SAMPLE = 10, 3  # candidates of a gap
SAMPLE = 72  # characters of a held-out text that is shown with a gap
COMPARED = 64  # tokens of a prompt whose logits are compared


class Fill(Task):
    """The strategy."""

    key = "fill"

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """A text file is a book; the rows of a table are texts of their own."""
        options = options_of(recipe)
        if options.masked + options.random > 1:
            raise StudioError(
                "shares-over-one",
                "{masked} of the hidden tokens as [MASK] and {random} as others are more than all of them.",
                "Choose shares that are 1 together, or less.",
                masked=options.masked,
                random=options.random,
            )
        recipe = replace(recipe, options=replace(options, reads=options.reads_of(dataset)))
        return recipe if recipe.batch else replace(recipe, batch=self._batch(recipe, dataset))

    def _batch(self, recipe: Recipe, dataset: Dataset) -> int:
        """Return how many blocks are about STEP tokens: a few of a book, more where each is a short text."""
        if options_of(recipe).reads == "book":
            return BATCHES[0]
        lengths_N = text_lengths(few(open_rows(dataset, recipe)).column("text"))
        block = float(np.minimum(lengths_N, recipe.max_length or SHORT).mean()) if len(lengths_N) else SHORT
        return int(np.clip(2 ** round(math.log2(STEP / max(1.0, block))), *BATCHES))

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Cut a book in order, so that held-out text is text never seen; shuffle texts of their own."""
        return split_passages(dataset, recipe, "text", options_of(recipe).reads)

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return how rows are read and what is hidden together."""
        total = sum(map(len, rows.column("text")))
        if total < LEAST:
            raise StudioError(
                "too-little-text",
                "There {characters:is|are} only {characters} {characters:character|characters} to learn from.",
                "Add text: a few pages are the least, a book is good.",
                characters=total,
            )
        options = options_of(recipe)
        own = {"reads": options.reads, "units": options.units, "hidden": options.hidden}
        if options.span_selection:
            texts = pointing.documents(rows.column("text"), is_book=options.reads == "book")
            pointing.refuse_unrelated(texts, recipe.max_length or SHORT)
            own[TARGET] = SPANS
        return own | {"max_length": recipe.max_length}

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the text."""
        options, texts = options_of(recipe), rows.column("text")
        family, size = split_base(recipe.base)
        pieces = options.vocabulary or suited_size(texts, size)
        tokenizer = told_apart(train_word_pieces(texts, pieces, options.lowercase))
        net = make_filler(
            family, size, vocabulary_size=len(tokenizer), max_length=recipe.max_length or SHORT,
            dropout=recipe.dropout or 0.0, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        if points(facts):
            add_head(net)
        return Loaded(net, tokenizer, facts)

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Go on with an encoder; where it has no head for gaps, it gets one."""
        tokenizer = open_tokenizer(folder)
        mask_id_of(tokenizer)  # type: ignore[arg-type]
        net, fresh = continue_net(folder, self.key, dropout=recipe.dropout or 0.0)
        if points(facts):
            fresh += add_head(net, folder)
        return Loaded(net, tokenizer, settle_length(facts | {"fresh": fresh}, net, SHORT))

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return blocks of at most max_length tokens in the vocabulary's frame, and where units begin.

        A book is cut as it reads on; texts of their own stay by themselves, as later tasks read them. Side by side in
        blocks they learn more slowly: 4.3 nats against 3.9 after as many tokens of 10,000 questions.
        """
        tokenizer = tokenizer_of(loaded)
        frame = frame_of(tokenizer)
        stream_S, ends_N = yield from stream_of(tokenizer, rows.column("text"), is_book=self.reads_on(loaded))
        starts_S = starts_of(stream_S, tokenizer, str(loaded.facts.get("units", WHOLE)))
        room = max(1, length_of(loaded) - len(frame.opening) - len(frame.closing))
        parts = [
            slice(start, min(end, start + room))
            for begin, end in pairwise([0, *ends_N.tolist()])
            for start in range(begin, end, room)
        ]
        has_pairs = has_head(loaded.net)
        texts = pointing.documents(rows.column("text"), is_book=self.reads_on(loaded))
        pairs = (yield from pointing.columns(loaded, texts, len(parts))) if has_pairs else {}
        packer = Packer(**{IDS: loaded.padding, STARTS: 1}, **(pointing.fillers(loaded) if has_pairs else {}))
        packer.add(
            range(len(parts)),
            **{
                IDS: [np.concatenate([frame.opening, stream_S[part], frame.closing]) for part in parts],
                STARTS: [in_frame(starts_S[part], len(frame.opening), len(frame.closing)) for part in parts],
                PLACE: range(len(parts)),
            },
            **pairs,
        )
        packed = packer.packed()
        return checked(pointing.worth(packed) if has_pairs else packed, loaded)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean cross-entropy of the hidden tokens, and that of pointing where it points, too.

        What is hidden comes from torch's generator, which the loop seeds.
        """
        options, table = options_of(recipe), piece_table(tokenizer_of(loaded))
        seed = int(torch.randint(2**62, (), generator=torch.default_generator))
        ids_BT, hidden_BT = hidden_in(batch, table, seed, options.hidden)
        shares = Shares(hidden=options.hidden, masked=options.masked, random=options.random)
        places_B = batch[PLACE].cpu().numpy()
        shown_BT = disguised(ids_BT, hidden_BT, places_B, seed, shares, mask_id_of(tokenizer_of(loaded)), table)
        logits_KV = _logits(loaded, shown_BT, batch[MASK], hidden_BT)
        truth_K = torch.from_numpy(ids_BT[hidden_BT]).to(logits_KV.device)
        masked = functional.cross_entropy(logits_KV, truth_K) if len(truth_K) else logits_KV.sum()
        return masked + pointing.loss(loaded, batch) if has_head(loaded.net) else masked

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return of each block what the net says of its hidden tokens [B][K]: all stand as [MASK], the same ones at every look."""
        ids_BT, hidden_BT = hidden_in(batch, piece_table(tokenizer_of(loaded)), SCORED, hidden_share(loaded))
        shown_BT = np.where(hidden_BT, mask_id_of(tokenizer_of(loaded)), ids_BT)
        chances_KV = _logits(loaded, shown_BT, batch[MASK], hidden_BT).log_softmax(-1)
        truth_K1 = torch.from_numpy(ids_BT[hidden_BT]).to(chances_KV.device)[:, None]
        own_K1 = chances_KV.gather(1, truth_K1)
        best_K, guesses_K = chances_KV.max(-1) if len(truth_K1) else (own_K1[:, 0], truth_K1[:, 0])
        found = {
            "nats": -own_K1[:, 0],
            "ranks": (chances_KV > own_K1).sum(-1),
            "guesses": guesses_K,
            "sure": best_K.exp(),
        }
        ends_B = hidden_BT.sum(axis=1).cumsum()
        hidden = {name: _in_rows(values_K.cpu().numpy(), ends_B) for name, values_K in found.items()}
        return hidden | (pointing.observe(loaded, batch) if has_head(loaded.net) else {})

    def reads_on(self, loaded: Loaded) -> bool:
        """A book reads on."""
        return loaded.facts.get("reads") == "book"

    def width(self, loaded: Loaded) -> int:
        """Return how many numbers the net answers each token with: hidden ones alone are asked for."""
        return max(1, int(loaded.net.config.vocab_size * hidden_share(loaded)))

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of an even guess among all tokens."""
        return math.log(max(2, int(loaded.net.config.vocab_size)))

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Return loss, perplexity and how many hidden tokens were found; the surest mistakes stand first.

        The loss is that of hidden tokens alone, so that terms which are learnt by heart do not decide which state is best.
        """
        yield from ()
        found = _found(seen)
        metrics = found.metrics(whole=whole) + (pointing.judge(seen[pointing.RIGHT]) if pointing.RIGHT in seen else ())
        if not whole:
            return Judgement(loss=metrics[0].value, metrics=metrics[1:])
        table = piece_table(tokenizer_of(loaded))
        return Judgement(
            loss=metrics[0].value,
            metrics=metrics,
            evidence=np.stack([found.hidden_N, found.right_N, found.near_N, found.nats_N]),
            cases=Table(
                CASES,
                cases_of(*_blocks(examples, table, hidden_share(loaded)), examples.sequences[STARTS], seen, table),
            ),
            facts={"hidden": float(found.hidden_N.sum())},
        )

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return what counting tokens and their neighbours finds."""
        assert judged.evidence is not None
        learnt = yield from self.examples(train, loaded, None)
        asked = yield from self.examples(scored, loaded, None)
        table = piece_table(tokenizer_of(loaded))
        spared_V = np.ones(max(len(table.texts), int(loaded.net.config.vocab_size)), dtype=bool)
        spared_V[table.plain] = False
        blocks = [learnt.sequences[IDS][place] for place in range(len(learnt))]
        hidden = counted.hidden_in(*_blocks(asked, table, hidden_share(loaded)))
        return (yield from counted.counting(blocks, hidden, counted.Found(*judged.evidence), spared_V))

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Fill a few gaps in held-out texts."""
        asked = [(prompt, "") for prompt in options_of(recipe).prompts.split("|") if prompt.strip()]
        texts = [text.strip()[:SAMPLE] for text in rows.column("text")]
        asked = asked or [found for text in texts if (found := one_hidden(loaded, text))]
        said: list[list[str]] = [[] for _ in asked]
        for place, each in candidates(loaded, [text for text, _ in asked], IN_SAMPLE):
            said[place].append(f"{each.text} {100 * each.score:.0f} %")
        rows_ = [(text, word, " · ".join(found)) for (text, word), found in zip(asked, said, strict=True)]
        return Table(("text", "true", "predicted"), rows_)

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Candidate | Span]]:
        """Yield what may stand in each gap, the likeliest first, and what the option “also” names.

        With the option “each”: how expected each word is.
        """
        if options.get("each"):
            for place, prompt in enumerate(prompts):
                yield from ((place, span) for span in expected(loaded, as_text(prompt["text"])))
            return
        top = int(cast(int, options.get("top") or TOP))
        also = options.get("also")
        words = [str(word) for word in also] if isinstance(also, list | tuple) else []
        yield from candidates(loaded, [as_text(prompt["text"]) for prompt in prompts], top, words)

    def inside(self, loaded: Loaded, prompt: Prompt, step: str) -> Inside:
        """Return the way from a text to what may stand in its first gap."""
        text, tokenizer = as_text(prompt["text"]), tokenizer_of(loaded)
        asked = first_gap(loaded, text, min(MOST_READ, length_of(loaded)))
        ids_BT = torch.tensor([asked.ids], device=loaded.device)
        at, read = asked.places[0], len(asked.ids)
        pieces = pieces_around(piece_texts(tokenizer, asked.ids), at)
        stages = writer_stages(loaded.net, tokenizer, pieces, fills=True)
        cut = len(first_gap(loaded, text, sys.maxsize).ids) - read
        return look_inside(
            loaded.net, stages, lambda: loaded.net(input_ids=ids_BT).logits[:, at], step, read=read, cut=cut
        )

    @torch.inference_mode()
    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the logits of every token of the prompts that it sees at once."""
        found, most = [], min(COMPARED, length_of(loaded))
        for prompt in prompts:
            ids = torch.tensor(encode_framed(tokenizer_of(loaded), [as_text(prompt["text"])], most))
            found.append(loaded.net(input_ids=ids).logits.float().flatten().numpy())
        return np.concatenate(found)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net = open_net(folder, self.key)
        if points(facts) and keeps_head(folder):
            add_head(net, folder)
        return Loaded(net.to(device).eval(), open_tokenizer(folder), settle_length(facts, net, SHORT))

    def save(self, loaded: Loaded, folder: Path) -> None:
        """Write net and tokenizer, and beside them what points."""
        super().save(loaded, folder)
        if has_head(loaded.net):
            save_head(loaded.net, folder)

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count full blocks."""
        net, length = self._hollow(recipe, rows), recipe.max_length or SHORT
        vocabulary = int(getattr(getattr(net, "config", None), "vocab_size", 0))
        some = few(rows)
        tokens = text_lengths(some.column("text")).sum() * len(rows) / max(1, len(some))
        return Sketch(
            net=net, examples=max(1, int(tokens / length)), tokens_N=np.array([length]),
            logits=int(vocabulary * options_of(recipe).hidden), times=1 + options_of(recipe).span_selection,
        )  # fmt: skip

    def _hollow(self, recipe: Recipe, rows: Rows) -> nn.Module:
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            return built(lambda: AutoModelForMaskedLM.from_config(config))
        family, size = split_base(recipe.base)
        texts = rows.column("text")
        return make_filler(
            family,
            size,
            vocabulary_size=options_of(recipe).vocabulary or suited_size(texts, size),
            max_length=recipe.max_length or SHORT,
            dropout=0.0,
        )


TASK = Fill()


def options_of(recipe: Recipe) -> FillOptions:
    """Return the knobs of a recipe that only filling has."""
    options = recipe.options or FillOptions()
    assert isinstance(options, FillOptions)
    return options


def tokenizer_of(loaded: Loaded) -> PreTrainedTokenizerBase:
    """Return the vocabulary, which is always one of Transformers' own."""
    return cast(PreTrainedTokenizerBase, loaded.tokenizer)


def hidden_share(loaded: Loaded) -> float:
    """Return the share of held-out text that is hidden."""
    return float(cast(float, loaded.facts.get("hidden") or Shares().hidden))


def hidden_in(batch: Batch, table: PieceTable, seed: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokens of a batch [B, T], and which of them are hidden."""
    ids_BT, starts_BT, mask_BT, places_B = (batch[name].cpu().numpy() for name in (IDS, STARTS, MASK, PLACE))
    return ids_BT, hide(ids_BT, starts_BT.astype(bool), mask_BT.astype(bool), places_B, seed, share, table)


def points(facts: Mapping[str, object]) -> bool:
    """Say whether a net points at terms, too."""
    return facts.get(TARGET) == SPANS


def _logits(loaded: Loaded, shown_BT: np.ndarray, mask_BT: Tensor, hidden_BT: np.ndarray) -> Tensor:
    device = loaded.device
    shown, hidden = torch.from_numpy(shown_BT).to(device), torch.from_numpy(hidden_BT).to(device)
    return logits_at(loaded.net, shown, mask_BT.to(device), hidden).float()


def _in_rows(values_K: np.ndarray, ends_B: np.ndarray) -> np.ndarray:
    """Return the values of each row as an array of its own."""
    found = np.empty(len(ends_B), dtype=object)
    for row, part in enumerate(np.split(values_K, ends_B[:-1])):
        found[row] = part  # a list of equally long ones would become a table
    return found


def _found(seen: Seen) -> counted.Found:
    lengths_N = np.array([len(each) for each in seen["nats"]])
    rows_K = np.repeat(np.arange(len(lengths_N)), lengths_N)
    nats_K, ranks_K = (np.concatenate([*seen[name]]) for name in ("nats", "ranks"))
    return counted.found_by_block(rows_K, len(lengths_N), nats_K, ranks_K)


def _blocks(examples: Packed, table: PieceTable, share: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the tokens of each block, and which of them are hidden when it is scored."""
    blocks, hidden = [], []
    for place in range(len(examples)):
        ids_BT, hidden_BT = hidden_in(examples.take([place]), table, SCORED, share)
        blocks.append(ids_BT[0])
        hidden.append(hidden_BT[0])
    return blocks, hidden
