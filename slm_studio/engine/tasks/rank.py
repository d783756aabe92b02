"""Rank: put the likeliest of several texts first. What a model says of each is weighed with its own score and its length.

The net is that of another task, as its models have it: it writes, chats, fills gaps or searches. From nothing, and where
that is wished, a net that writes learns first from the right texts; else a base stays as it is and only weights are learnt.
"""

# B examples of a batch, M candidates of a list

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from slm_studio.core.bases import folder_of
from slm_studio.core.candidate_columns import OWNS, SCORE_NAMES, WORDS
from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, answer_column, split_base
from slm_studio.core.results import Baseline, Ranked
from slm_studio.core.saved import STUDIO_FILE, open_saved
from slm_studio.core.snippets import ONLY_HERE
from slm_studio.core.tasks import task_info
from slm_studio.core.tasks.rank import NET, RankOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.lists import Listed, listed, lists_in, troubles_of
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import Splits
from slm_studio.engine.examples import IDS, MASK, Batch, Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import remarks
from slm_studio.engine.measuring.edits import counted
from slm_studio.engine.measuring.weighing import scores_of, shares_of, weights_of
from slm_studio.engine.models import adapters
from slm_studio.engine.models.adapter_files import base_of, is_adapter
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.demands import net_class
from slm_studio.engine.models.inspect import claim_of
from slm_studio.engine.models.lengths import length_of, settle_length, unread
from slm_studio.engine.models.opening import continue_whole
from slm_studio.engine.models.vocabulary import character_vocabulary, suited_size, suited_tokens, train_byte_pairs
from slm_studio.engine.models.writers import make_writer
from slm_studio.engine.ordering import judging
from slm_studio.engine.ordering.asking import ENDS, LENDER, candidate_lengths, cut_ones, encode_lists, lender_of, way_of
from slm_studio.engine.ordering.packing import (
    CANDIDATES,
    COUNT,
    SKIP_RIGHT,
    Counting,
    chosen,
    encoded_in,
    features_of,
    further_roles,
    own_names,
    pack_lists,
    side_by_side,
    with_lists,
)
from slm_studio.engine.ordering.scoring import asked_tokens, next_nats, score_lists
from slm_studio.engine.ordering.splitting import refuse_hopeless, split_lists
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, checked, few, text_lengths
from slm_studio.engine.tasks import task_of

WRITER, FINDER = "write", "search"  # whose nets are made from nothing; whose way is taken of encoders without a head
FITTED, GLANCED = 1000, 100  # lists by which weights are learnt: of a base as it is, of a net that goes on learning
LEAST = 100  # characters of right texts from which a net can learn anything at all
ENOUGH_FOR_PIECES = 100_000  # characters of right texts
SHORT = 128
LEARNS, HELD_OUT = (
    "learns",
    "weighed_held_out",
)  # facts: whether the net learns, too; whether weights are of lists that it did not learn


class Rank(Task):
    """The strategy."""

    key = "rank"

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """Tell by the right texts in what errors are counted, and refuse lists that are hopeless."""
        options = options_of(recipe)
        refuse_hopeless(dataset, recipe, learns=self.learns(recipe))
        options = replace(options, unit=options.target_of(answer_column(recipe, dataset)))
        recipe = replace(recipe, options=options)
        return recipe if self.learns(recipe) else replace(recipe, minutes=None, epochs=1)

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Hold out lists only; rows without candidates teach a net, where one learns."""
        is_scored_alone = not recipe.validation_share
        return split_lists(dataset, recipe, keeps_texts=self.learns(recipe) and not is_scored_alone)

    def on_unanswered(self, count: int, loaded: Loaded) -> Iterator[Remark]:
        """Say how many lists have no right text."""
        yield from remarks.on_no_right_text(count)

    def texts(self, rows: Rows) -> list[str]:
        """Return what could have been said: the right texts, of rows without them the candidates."""
        return [each.reference or "\n".join(each.texts) for each in lists_in(rows)]

    def learns(self, recipe: Recipe) -> bool:
        """Say whether the net itself learns: one made from nothing, or a base of which that is wished."""
        return recipe.is_blank or options_of(recipe).learns == NET

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return in what errors are counted, and what a question holds."""
        options, total = options_of(recipe), sum(map(len, rows.column("reference")))
        if self.learns(recipe) and total < LEAST:
            raise StudioError(
                "too-little-text",
                "There {characters:is|are} only {characters} {characters:character|characters} to learn from.",
                "Add text: a few pages are the least, a book is good.",
                characters=total,
            )
        return {
            "target": options.unit,
            "loosely": options.loosely,
            "asks": [role.name for role in self.info.asked if role.name in rows.roles],
            "max_length": recipe.max_length,
            LEARNS: self.learns(recipe),
            HELD_OUT: False,  # of a base that ranks the old weights are not these
            SCORE_NAMES: {role: rows.roles[role] for role in OWNS if role in rows.roles},
        }

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the right texts."""
        options, (family, size) = options_of(recipe), split_base(recipe.base)
        texts = [each.context + each.reference for each in lists_in(rows)] + ["\n"]
        tokenizer = (
            character_vocabulary(texts)
            if _are_characters(options, texts)
            else train_byte_pairs(texts, options.vocabulary or suited_size(texts, size))
        )
        net = make_writer(
            family, size, vocabulary_size=len(tokenizer), max_length=recipe.max_length or SHORT, dropout=recipe.dropout or 0.0,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        return Loaded(net, tokenizer, facts | {LENDER: WRITER, ENDS: True})

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Take a model as it is, or one that writes to go on learning."""
        lender, own = _lender_in(folder)
        way = way_of(task_info(lender))
        if way == "vectors" and "context" not in cast(list[str], facts["asks"]):
            raise StudioError(
                "needs-context",
                "“{model}” compares texts, and nothing is chosen with which candidates could be compared.",
                "Choose a column for “Context”, or a base that writes or fills gaps.",
                model=folder.name,
            )
        if self.learns(recipe) and way != "next":
            raise StudioError(
                "learns-not-here",
                "Only a model that writes can learn from right texts here, and “{model}” does not.",
                "Leave it as it is: “What learns” is then “The weights alone”.",
                model=folder.name,
            )
        loaded = task_of(lender).open(folder, own)
        if is_adapter(folder):
            loaded.net = adapters.merge(loaded.net).requires_grad_(True)
        elif self.learns(recipe):
            loaded.net = continue_whole(folder, lender, dropout=recipe.dropout or 0.0)
        ends = self.learns(recipe) or own.get("reads") in ("lines", "paragraphs") or bool(own.get(ENDS))
        facts = {**loaded.facts, **facts, LENDER: lender, ENDS: ends, "base_folder": str(folder)}
        facts[ONLY_HERE] = way != "next"
        return replace(loaded, facts=settle_length(facts, loaded.net, SHORT))

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return one example a row: its right text, and its candidates beside it."""
        learns = recipe is not None and self.learns(recipe)
        packed = yield from pack_lists(loaded, lists_in(rows), _counting(loaded), learns=learns)
        loaded.refuse_unknown(int(packed.sequences[CANDIDATES].values_S.max(initial=0)))
        return checked(packed, loaded)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean cross-entropy of each token of the right texts."""
        nats_BT = next_nats(loaded, batch[IDS], batch[MASK], batch[SKIP_RIGHT])
        return nats_BT.sum() / asked_tokens(batch[MASK], batch[SKIP_RIGHT]).sum().clamp(min=1)

    def width(self, loaded: Loaded) -> int:
        """Return how many numbers the net answers each token of a right text with."""
        return int(loaded.net.config.vocab_size) if _is_next(loaded) else 1

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of an even guess among all tokens."""
        return math.log(max(2, self.width(loaded))) if _is_next(loaded) else None

    def fits(self, recipe: Recipe) -> bool:
        """Say whether weights alone are learnt: then all there is to learn is learnt before the first step."""
        return not self.learns(recipe)

    def fit(self, loaded: Loaded, examples: Packed, recipe: Recipe) -> Work[None]:
        """Yield Progress; learn what counts for how much, from lists that the net itself has not learnt where that can be."""
        if loaded.facts.get(HELD_OUT):
            return
        found: list[Seen] = []
        parts_of = chosen(examples, GLANCED if self.learns(recipe) else FITTED)
        total = sum(map(len, parts_of))
        loaded.net.eval()
        for places in parts_of:
            found.append(self._seen(loaded, examples.take(places)))
            yield Progress("Weighing candidates", sum(len(each[COUNT]) for each in found), total)
        if found:
            loaded.facts |= judging.learnt({name: np.concatenate([each[name] for each in found]) for name in found[0]})

    def calibrate(self, seen: Seen, loaded: Loaded) -> dict[str, object]:
        """Return what counts for how much, learnt from lists that the net has not learnt from."""
        held = with_lists(seen)
        return judging.learnt(held) | {HELD_OUT: True} if len(held[COUNT]) and loaded.facts.get(LEARNS) else {}

    @torch.inference_mode()
    def _seen(self, loaded: Loaded, batch: Batch) -> Seen:
        batch = {name: tensor.to(loaded.device) for name, tensor in batch.items()}
        return side_by_side(batch, score_lists(loaded, encoded_in(batch)))

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return what is known of all candidates; of a net that writes also the summed nats and the tokens of right texts."""
        seen = self._seen(loaded, batch)
        if not _is_next(loaded):
            return seen
        nats_BT = next_nats(loaded, batch[IDS], batch[MASK], batch[SKIP_RIGHT])
        tokens_B = asked_tokens(batch[MASK], batch[SKIP_RIGHT]).sum(-1)
        return seen | {"nats": nats_BT.sum(-1).double().cpu().numpy(), "tokens": tokens_B.cpu().numpy()}

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Return the loss and how many errors the first candidates have, now, before and at best."""
        yield from ()
        unit, held = str(loaded.facts.get("target") or WORDS), with_lists(seen)
        if not whole:  # what was weighed before the net learnt says little of it now
            loaded.facts |= self.calibrate(seen, loaded)
        order = judging.order_of(held, weights_of(loaded.facts.get("weights")), judging.alone_of(loaded))
        loss, more = judging.text_loss(seen, whole=whole) if "nats" in seen else (judging.list_loss(order), ())
        metrics = (*judging.metrics_of(order, unit, whole=whole), *more)
        if not whole:
            return Judgement(loss=loss, metrics=metrics)
        if not len(order.true_N):
            raise judging.nothing_to_score()
        at_N = examples.rows_N[seen[COUNT] > 0]
        gain, low, high = judging.gain_of(order)
        facts = {"gain": gain, "gain_low": low, "gain_high": high} | judging.named_weights(loaded)
        return Judgement(
            loss=loss,
            metrics=metrics,
            evidence=judging.evidence_of(order),
            cases=judging.cases_of(order, lists_in(rows.take(at_N)), at_N, rows.indices[at_N]),
            facts=facts,
            counted=counted(unit, loosely=bool(loaded.facts.get("loosely"))),
        )

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Return the order as it came, and own scores alone."""
        yield from ()
        assert judged.evidence is not None
        alone = judging.alone_of(loaded)
        has_own = any((alone.own, *alone.further))
        return judging.baselines_of(judged.evidence, str(loaded.facts.get("target") or WORDS), has_own=has_own)

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield how many lists are shorter than they look, and of how many own scores are left out."""
        some = lists_in(few(rows))
        yield from remarks.on_cut(cut_ones(loaded, some), len(some), length_of(loaded))
        yield from remarks.on_lists(troubles_of(rows))
        yield from remarks.on_same_order() if scored and judging.are_by_own_scores(lists_in(rows), loaded) else ()

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Put a few held-out lists in order."""
        shown = [each for each in lists_in(rows) if each.texts]
        has_context = "context" in rows.roles
        cells = []
        for each, ranked in zip(shown, self._ranked(loaded, shown), strict=True):
            before = each.texts[judging.first_before(each, loaded)]
            cells.append((*((each.context,) if has_context else ()), each.reference, before, ranked[0].text))
        return Table((*(("context",) if has_context else ()), "reference", "before", "predicted"), cells)

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Ranked | Progress]]:
        """Yield the candidates of each prompt, the likeliest first."""
        top = cast(int | None, options.get("top"))
        for place, prompt in enumerate(prompts):
            for each in self._ranked(loaded, [listed(prompt)])[0][:top]:
                yield place, each

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return how many tokens of the longest candidate are not read."""
        return unread(candidate_lengths(loaded, listed(prompt)), loaded)

    def _ranked(self, loaded: Loaded, lists: Sequence[Listed]) -> list[list[Ranked]]:
        counting, weights = _counting(loaded), weights_of(loaded.facts.get("weights"))
        names, further = own_names(loaded), further_roles(loaded)
        found = []
        for each, model_M in zip(lists, score_lists(loaded, encode_lists(loaded, lists)), strict=True):
            sizes_M = np.array([len(counting.units(text)) for text in each.texts], np.float64)
            one = features_of(each, model_M, sizes_M, loaded)
            shares_M = shares_of(scores_of(one.features_NMF, one.there_NM, weights))[0]
            found.append(
                [
                    Ranked(
                        each.texts[at],
                        float(shares_M[at]),
                        at + 1,
                        each.own[at] if each.own else None,
                        float(model_M[at]),
                        {names[role]: each.further[role][at] for role in further if each.further.get(role)},
                    )
                    for at in np.argsort(-shares_M, kind="stable").tolist()
                ]
            )
        return found

    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return what the net says of every candidate."""
        lists = [listed(prompt) for prompt in prompts]
        return np.concatenate(score_lists(loaded, encode_lists(loaded, lists)))

    def save(self, loaded: Loaded, folder: Path) -> None:
        """Write the net as the task has it that lent it."""
        task_of(lender_of(loaded).key).save(loaded, folder)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        lender = str(facts.get(LENDER) or _lender_in(folder)[0])
        loaded = task_of(lender).open(folder, facts, device)
        return replace(loaded, facts={**loaded.facts, **facts, LENDER: lender})

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count an example a row: its right text, or where nothing is learnt from that its candidates."""
        base = None if recipe.is_blank else folder_of(recipe.base)
        net, some = self._hollow(recipe, rows), lists_in(few(rows))
        vocabulary = int(getattr(getattr(net, "config", None), "vocab_size", 0))
        learns = self.learns(recipe)
        lengths_N = text_lengths([each.reference if learns else " ".join(each.texts) for each in some], base)
        return Sketch(net=net, examples=len(rows), tokens_N=lengths_N, logits=vocabulary)

    def _hollow(self, recipe: Recipe, rows: Rows) -> nn.Module:
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config, lender = (
                network_config(base_of(folder, {}) if is_adapter(folder) else folder),
                _lender_in(folder)[0],
            )
            return built(lambda: net_class(lender).from_config(config))
        options, (family, size) = options_of(recipe), split_base(recipe.base)
        texts = [each.context + each.reference for each in lists_in(rows)]
        known = len(set().union(*texts)) + 3
        if not _are_characters(options, texts):
            known = options.vocabulary or suited_size(texts, size)
        return make_writer(family, size, vocabulary_size=known, max_length=recipe.max_length or SHORT)


TASK = Rank()


def options_of(recipe: Recipe) -> RankOptions:
    """Return the task's own knobs."""
    assert isinstance(recipe.options, RankOptions)
    return recipe.options


def _is_next(loaded: Loaded) -> bool:
    return way_of(lender_of(loaded)) == "next"


def _counting(loaded: Loaded) -> Counting:
    return Counting(str(loaded.facts.get("target") or WORDS), bool(loaded.facts.get("loosely")))


def _are_characters(options: RankOptions, texts: Sequence[str]) -> bool:
    """Say whether a fresh vocabulary is one of characters.

    Words tell words apart that sound alike: on 6,000 English sentences pieces left 4.6 % of the words wrong and characters
    4.9 %, in fewer steps. Of little text pieces are learnt by heart.
    """
    if options.tokens != "auto":
        return options.tokens == "characters"
    may_be_pieces = options.unit == WORDS and sum(map(len, texts)) >= ENOUGH_FOR_PIECES
    return suited_tokens(texts) == "characters" and not may_be_pieces


def _lender_in(folder: Path) -> tuple[str, dict[str, object]]:
    """Return the task whose net a folder holds, and what is known of it; encoders without a head search."""
    saved = open_saved(folder) if (folder / STUDIO_FILE).is_file() else None
    known = saved.facts if saved is not None else {}
    if saved is not None and saved.task in TASK.info.continues:
        return saved.task, known
    return str(known.get(LENDER) or claim_of(folder) or FINDER), known
