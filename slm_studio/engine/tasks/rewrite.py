"""Rewrite: turn a text into another. An encoder reads the source, a decoder writes the target, piece by piece."""

# B examples of a batch, S tokens of a source, T of a target, V vocabulary, A answers

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForSeq2SeqLM, PreTrainedTokenizerBase

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.events import Note, Progress
from slm_studio.core.generation import RewritingOptions, refuse_drawn_beams
from slm_studio.core.pair_columns import CORRECTION, SUMMARY, TRANSLATION, pair_roles
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Metric
from slm_studio.core.tasks.rewrite import RewriteOptions
from slm_studio.core.work import Work, outcome
from slm_studio.engine.data.pairs import asked_and_true, pairs_to_learn, sides_in, troubles_in, whole
from slm_studio.engine.data.rows import Rows, open_rows
from slm_studio.engine.examples import IDS, MASK, WEIGHTS, Batch, Packed, Packer, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import remarks, rewriting
from slm_studio.engine.measuring.rewritten import cases_of
from slm_studio.engine.measuring.scoring import bootstrap
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.encoding import frame_of, id_of
from slm_studio.engine.models.known_pairs import KnownPairs, open_known
from slm_studio.engine.models.lengths import length_of, settle_length
from slm_studio.engine.models.opening import continue_whole, open_net, open_tokenizer
from slm_studio.engine.models.rewriters import make_rewriter
from slm_studio.engine.models.sources import refuse_direction, source_ids, target_ids
from slm_studio.engine.models.vocabulary import suited_size, train_shared_pieces
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, checked, few, parts, text_lengths
from slm_studio.engine.watched import watched
from slm_studio.engine.writing.context import too_long
from slm_studio.engine.writing.decoding import decoding_of
from slm_studio.engine.writing.directions import are_swapped, languages_in, of_base, of_other_side, on_lost_direction
from slm_studio.engine.writing.remembering import forget, remember
from slm_studio.engine.writing.rewriting import (
    Answered,
    Asked,
    answer_all,
    answer_one,
    asked_of,
    may_be_together,
    write_texts,
)

LABELS, BACK = "labels", "back"  # columns of examples: the target's tokens, and whether it is the source's text
IGNORED = -100  # fills the tail of a short target
TAGS = ("<there>", "<back>")  # of a vocabulary of our own
LONGEST = 1 << 20
LONG = 256  # tokens where nothing says another number
WEIGHED = 500  # held-out pairs by which it is told how much known answers count
LOOKED_AT = 500  # pairs by which it is told what targets are
MOST_SCORED = 2000  # answers that are written to be scored
SHOWN = 3  # samples
COMPARED = 24  # tokens of a prompt whose logits are compared
RUN = 3  # pieces that a summary does not write twice
TOGETHER = 64  # rows of a file whose answers are written side by side


class Rewrite(Task):
    """The strategy."""

    key = "rewrite"

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """Tell by the names of the columns, or else by the rows, whether targets are translations, summaries or corrections."""
        options = options_of(recipe)
        if options.kind != "auto":
            return recipe
        named = pair_roles(dataset.columns)
        chosen = (recipe.roles.get("text"), recipe.roles.get("rewritten"))
        kind = named[2] if named and named[:2] == chosen else ""
        if not kind:
            rows = open_rows(dataset, recipe)[:LOOKED_AT]
            kind = rewriting.kind_of(*sides_of(rows))
        return replace(recipe, options=replace(options, kind=kind))

    def on_unanswered(self, count: int, loaded: Loaded) -> Iterator[Remark]:
        """Say how many pairs have no target."""
        yield from remarks.on_no_target(count)

    def texts(self, rows: Rows) -> list[str]:
        """Return the sources."""
        return [whole(cell) for cell in rows.column("text")]

    def taught(self, rows: Rows) -> list[str]:
        """Return the targets, and the sources, which are targets the other way round."""
        return [text for side in sides_of(rows) for text in side]

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return what is learnt, in which directions, and how long a text may be."""
        options = options_of(recipe)
        held = pairs_to_learn(*sides_of(rows))
        return {
            "max_length": recipe.max_length,
            "target": options.kind if options.kind != "auto" else "",
            "both_ways": options.both_ways,
            "sides": [recipe.roles["text"], recipe.roles["rewritten"]],
            "languages": languages_in(held),
            "leads": [options.prefix, options.prefix],
        }

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from both sides."""
        options, (family, size) = options_of(recipe), split_base(recipe.base)
        sources, targets = sides_of(rows)
        leads = TAGS if options.both_ways else ("", "")
        tokenizer = train_shared_pieces(
            [*sources, *targets],
            options.vocabulary or pieces_for(sources + targets, size),
            [each for each in leads if each],
        )
        net = make_rewriter(
            family, size, vocabulary_size=len(tokenizer), dropout=recipe.dropout or 0.0,
            pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id, copies=repeats(options),
            unrepeated=RUN if options.kind == SUMMARY else 0,
        )  # fmt: skip
        return Loaded(net, tokenizer, facts | {"leads": list(leads)})

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Go on with a model that reads and writes."""
        net = continue_whole(folder, self.key, dropout=recipe.dropout or 0.0)
        tokenizer, facts = cast(PreTrainedTokenizerBase, open_tokenizer(folder)), facts | of_base(folder)
        opening = frame_of(tokenizer).opening
        if net.generation_config is not None:
            net.generation_config.forced_bos_token_id = (
                opening[0] if opening else None
            )  # targets are framed like sources
        if facts["both_ways"]:
            one, other = cast(list[str], facts["sides"])
            own = all(id_of(tokenizer, tag) is not None for tag in TAGS)
            facts["leads"] = list(TAGS) if own else [f"{one} > {other}: ", f"{other} > {one}: "]
        return Loaded(net, tokenizer, settle_length(facts, net, LONG), open_known(folder))

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count an example a pair, of both directions two."""
        sources, targets = sides_of(few(rows))
        base = None if recipe.is_blank else folder_of(recipe.base)
        net = self._hollow(recipe, sources + targets)
        return Sketch(
            net=net,
            examples=len(rows) * (2 if options_of(recipe).both_ways else 1),
            tokens_N=text_lengths(sources, base) + text_lengths(targets, base),
            logits=int(getattr(getattr(net, "config", None), "vocab_size", 0)),
        )

    def _hollow(self, recipe: Recipe, texts: Sequence[str]) -> nn.Module:
        if recipe.is_blank:
            family, size = split_base(recipe.base)
            pieces = options_of(recipe).vocabulary or pieces_for(texts, size)
            return make_rewriter(family, size, vocabulary_size=pieces, dropout=0.0, copies=repeats(options_of(recipe)))
        folder = folder_of(recipe.base)
        if folder is None:
            return nn.Module()  # a hub model that is not here yet: nothing can be counted
        config = network_config(folder)
        return built(lambda: AutoModelForSeq2SeqLM.from_config(config))

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return an example of each pair, or one there and one back."""
        limit, both = length_of(loaded), bool(loaded.facts.get("both_ways"))
        packer = Packer(**{IDS: loaded.padding, LABELS: IGNORED})
        for places in parts(len(rows)):
            sources, targets = sides_of(rows[places])
            for back in (False, True) if both else (False,):
                one, other = (targets, sources) if back else (sources, targets)
                held = [at for at in range(len(one)) if one[at].strip() and other[at].strip()]
                packer.add(
                    [places.start + at for at in held],
                    **{
                        IDS: source_ids(loaded, [one[at] for at in held], limit, back=back),
                        LABELS: target_ids(loaded, [other[at] for at in held], limit),
                        BACK: np.full(len(held), back, np.int64),
                    },
                )
            yield Progress("Turning text into tokens", places.stop, len(rows))
        packed = checked(packer.packed(), loaded)
        loaded.refuse_unknown(int(packed.sequences[LABELS].values_S.max(initial=0)))
        return replace(packed, work_N=packed.work_N + packed.sequences[LABELS].lengths)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean cross-entropy of each piece of the targets, smoothed as torch.nn.CrossEntropyLoss does it."""
        logits_BTV, labels_BT = self._logits(loaded, batch), batch[LABELS]
        smoothing = options_of(recipe).label_smoothing
        if WEIGHTS not in batch:
            return functional.cross_entropy(
                logits_BTV.flatten(0, 1), labels_BT.flatten(), ignore_index=IGNORED, label_smoothing=smoothing
            )
        nats_BT = functional.cross_entropy(
            logits_BTV.transpose(1, 2), labels_BT, ignore_index=IGNORED, label_smoothing=smoothing, reduction="none"
        )
        return weighed_mean(nats_BT.sum(-1), batch, (labels_BT != IGNORED).sum(-1))

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return the summed nats [B] and the pieces [B] of each target, nothing smoothed."""
        nats_BT = functional.cross_entropy(
            self._logits(loaded, batch).transpose(1, 2), batch[LABELS], ignore_index=IGNORED, reduction="none"
        )
        return {
            "nats": nats_BT.sum(-1).double().cpu().numpy(),
            "tokens": (batch[LABELS] != IGNORED).sum(-1).cpu().numpy(),
        }

    def _logits(self, loaded: Loaded, batch: Batch) -> Tensor:
        before_BT = loaded.net.prepare_decoder_input_ids_from_labels(labels=batch[LABELS])
        out = loaded.net(input_ids=batch[IDS], attention_mask=batch[MASK], decoder_input_ids=before_BT, use_cache=False)
        logits_BTV: Tensor = out.logits.float()
        return logits_BTV

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of an even guess among all pieces."""
        return math.log(max(2, self.width(loaded)))

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Yield Progress; return the loss and, of the whole, how like the right texts the written ones are."""
        nats_N, tokens_N = seen["nats"], seen["tokens"].astype(np.float64)
        loss = float(nats_N.sum() / max(1.0, tokens_N.sum()))
        perplexity = Metric(key="perplexity", value=math.exp(min(loss, 700)))
        if not whole:
            return Judgement(loss=loss, metrics=(perplexity,))
        chosen_A = scored_places(len(examples))
        back_A = examples.numbers[BACK][chosen_A].astype(bool)
        sources, true = asked_and_true(sides_of(rows), examples.rows_N[chosen_A], back_A)
        ids = [examples.sequences[IDS][place] for place in chosen_A]
        answers = yield from write_texts(loaded, list(map(Asked, ids, sources, back_A.tolist())))
        low, high = bootstrap(lambda at: float(nats_N[at].sum() / max(1.0, tokens_N[at].sum())), len(nats_N))
        measure = partial(rewriting.metrics_of, answers, true, back_A)
        metrics = yield from watched("Comparing answers", measure)
        kind = loaded.facts.get("target")
        return Judgement(
            loss=loss,
            metrics=(*metrics, Metric(key="loss", value=loss, low=low, high=high), perplexity),
            evidence=np.stack(
                [examples.rows_N[chosen_A], back_A, rewriting.score_each(self.info_of(loaded).compared, answers, true)]
            ),
            cases=Table(
                *cases_of(rows, examples.rows_N[chosen_A], back_A, sources, true, answers, judged=kind == CORRECTION)
            ),
            facts={"answers": float(len(answers)), "tokens": float(tokens_N.sum())},
            counted=rewriting.signature(true),
        )

    def weigh(self, loaded: Loaded, train: Rows, held_out: Rows, recipe: Recipe) -> Work[None]:
        """Yield Progress; keep the pairs of a translation beside its net, unless held-out ones fare better without."""
        if loaded.facts.get("target") != TRANSLATION:
            loaded.kept = None
            return
        if not options_of(recipe).known_pairs:
            yield forget(loaded)
            return
        held = sides_of(few(held_out, WEIGHED))
        yield from remember(loaded, sides_of(train), held, self.info_of(loaded).compared)

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return the target of the nearest source, the source as it is, and of a summary its first sentence."""
        assert judged.evidence is not None
        rows_A, back_A, mine_A = judged.evidence
        back_A = back_A.astype(bool)
        sources, true = asked_and_true(sides_of(scored), rows_A.astype(np.int64), back_A)
        found = []
        for method, make in rewriting.methods_of(
            str(loaded.facts.get("target") or ""), sides_of(train), back_A
        ).items():
            work = partial(
                rewriting.compared, method, make, sources, true, mine_A, back_A, self.info_of(loaded).compared
            )
            found.append((yield from watched("Training simple methods for comparison", work)))
        return tuple(found)

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield which pairs teach nothing, how many were cut, and of scored ones how scores were counted."""
        yield from () if scored else on_lost_direction(loaded)
        yield from remarks.on_pairs(troubles_in(rows.column("text"), rows.column("rewritten")))
        limit = length_of(loaded)
        longest_N = np.maximum(examples.sequences[IDS].lengths, examples.sequences[LABELS].lengths)
        yield from remarks.on_cut(int((longest_N >= limit).sum()), len(examples), limit)
        if scored:
            yield from remarks.on_some(min(len(examples), MOST_SCORED), len(examples))

    def strangers(self, loaded: Loaded, rows: Rows, split: str) -> Iterator[Note]:
        """Say where source and target look swapped."""
        if are_swapped(loaded, *sides_of(rows)):
            yield Note("sides-swapped", remarks.SWAPPED, {"rows": len(rows)})

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Rewrite a few held-out texts."""
        sources, targets = sides_of(rows)
        shown = [(one, other) for one, other in zip(sources, targets, strict=True) if one.strip()][:SHOWN]
        asked = asked_of(loaded, [one for one, _ in shown], back=False)
        if loaded.facts.get("both_ways"):
            asked += asked_of(loaded, [other for _, other in shown], back=True)
            shown += [(other, one) for one, other in shown]
        answers = outcome(write_texts(loaded, asked))
        rows_shown = [(one, other, answer) for (one, other), answer in zip(shown, answers, strict=True)]
        return Table(("text", "rewritten", "predicted"), rows_shown)

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Answered]]:
        """Yield each answer, token by token, and the pair that it is known from; of several beams the others, too.

        Options: the fields of RewritingOptions.
        """
        decoding = cast(RewritingOptions, decoding_of(options, RewritingOptions))
        refuse_direction(loaded, back=decoding.back)
        refuse_drawn_beams(decoding)
        texts = [whole(str(prompt["text"])) for prompt in prompts]
        asked = asked_of(loaded, texts, back=decoding.back)
        loaded.refuse_unknown(max((max(each.ids, default=0) for each in asked), default=0))
        if len(asked) > 1 and may_be_together(decoding):
            yield from answer_all(loaded, asked, decoding)
            return
        for place, each in enumerate(asked):
            for item in answer_one(loaded, each, decoding):
                yield place, item

    def together(self, options: Mapping[str, object]) -> int:
        """Return how many answers are written side by side: several, unless something is drawn or weighed."""
        return TOGETHER if may_be_together(cast(RewritingOptions, decoding_of(options, RewritingOptions))) else 1

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return how many tokens of a source are read, and how many at its end are not.

        Raises StudioError where options["whole"] says that none may be left out.
        """
        text, back, limit = whole(str(prompt["text"])), bool(options.get("back")), length_of(loaded)
        count = len(source_ids(loaded, [text], LONGEST, back=back)[0])
        if count > limit and options.get("whole") is True:
            raise too_long(count, limit)
        return {"used": min(count, limit), "limit": limit, "end_unread": max(0, count - limit)}

    def of_other_side(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> str:
        """Return the language of a text that stands on the side that is written, as the pairs had it."""
        return of_other_side(loaded, str(prompt.get("text", "")), back=bool(options.get("back")))

    @torch.inference_mode()
    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the logits of what would be written, were it the source itself."""
        found = []
        for prompt in prompts:
            ids = torch.tensor(source_ids(loaded, [str(prompt["text"])], COMPARED, back=False), device=loaded.device)
            batch = {IDS: ids, MASK: torch.ones_like(ids), LABELS: ids}
            found.append(self._logits(loaded, batch).flatten().cpu().numpy())
        return np.concatenate(found)

    def save(self, loaded: Loaded, folder: Path) -> None:
        """Write net, tokenizer and known pairs."""
        super().save(loaded, folder)
        if isinstance(loaded.kept, KnownPairs):
            loaded.kept.save(folder)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net = open_net(folder, self.key)
        return Loaded(
            net.to(device).eval(), open_tokenizer(folder), settle_length(facts, net, LONG), open_known(folder)
        )


TASK = Rewrite()


def options_of(recipe: Recipe) -> RewriteOptions:
    """Return the recipe's own knobs."""
    assert isinstance(recipe.options, RewriteOptions)
    return recipe.options


def repeats(options: RewriteOptions) -> bool:
    """Say whether most of a target stands in its source."""
    return options.kind in (SUMMARY, CORRECTION)


def sides_of(rows: Rows) -> tuple[list[str], list[str]]:
    """Return the sources and the targets of rows."""
    return sides_in(rows.column("text"), rows.column("rewritten"))


def pieces_for(texts: Sequence[str], size: str) -> int:
    """Return how many pieces suit pairs and a size of network: the two smallest share a table, which is most of them."""
    return suited_size(texts, "nano" if size == "micro" else size)


def scored_places(examples: int) -> np.ndarray:
    """Return the places of the examples whose answers are written: all, or some from all over."""
    return np.unique(np.linspace(0, examples - 1, min(examples, MOST_SCORED)).astype(np.int64))
