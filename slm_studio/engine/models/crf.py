"""A linear chain over the words of a sentence: which tags may follow each other, and how gladly.

A chain is three tables of log weights, learnt (`CRF`) or only the grammar of BIO (`bio_chain`). With the scores that a
network gives every word it says the best sequence (`viterbi`), how likely each sequence is (`log_partition`), each tag and
each span (`Lattice`). A network without a chain of its own gives log-softmax scores and takes the grammar alone.

Everything works on any pattern of padding, left, right or in between: words are drawn together first.
Sources: Lafferty et al. 2001; Lample et al. 2016, https://arxiv.org/abs/1603.01360
"""

# B rows, T words, L labels; emissions_BTL are unnormalised log scores

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

UNKNOWN = -100  # a gold tag that is not known, and the tag of what is no word
NEVER = -1e4  # a log weight that no sum of others outweighs; -inf would make gradients nan


@dataclass(frozen=True, slots=True)
class Chain:
    """Log weights: of `transitions_LL[from, to]`, of the first tag and of the last."""

    transitions_LL: Tensor
    start_L: Tensor
    end_L: Tensor

    def __add__(self, other: "Chain") -> "Chain":
        """Return the chain in which both have their say."""
        return Chain(self.transitions_LL + other.transitions_LL, self.start_L + other.start_L, self.end_L + other.end_L)


def bio_chain(labels: Sequence[str], like: Tensor | None = None) -> Chain:
    """Return 0 where BIO allows a tag after another, -inf where not: “I-x” follows “B-x” and “I-x” alone.

    `like` names the device and the precision.
    """
    count = len(labels)
    transitions_LL, start_L = torch.zeros(count, count), torch.zeros(count)
    for to, label in enumerate(labels):
        if not label.startswith("I-"):
            continue
        start_L[to] = -torch.inf
        before = {f"B-{label[2:]}", label}
        for from_, other in enumerate(labels):
            if other not in before:
                transitions_LL[from_, to] = -torch.inf
    found = Chain(transitions_LL, start_L, torch.zeros(count))
    return found if like is None else Chain(transitions_LL.to(like), start_L.to(like), found.end_L.to(like))


class CRF(nn.Module):
    """A learnt chain."""

    def __init__(self, labels: int) -> None:
        """Begin without preferences."""
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(labels, labels))
        self.start = nn.Parameter(torch.zeros(labels))
        self.end = nn.Parameter(torch.zeros(labels))

    def chain(self) -> Chain:
        """Return the weights as they are now."""
        return Chain(self.transitions, self.start, self.end)

    def forward(self, emissions_BTL: Tensor, gold_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """Return the mean negative log-likelihood in nats a word.

        A word, not a sentence: so it compares with the cross-entropy of networks without a chain, long sentences and
        short ones pull alike, and one limit for the gradient's norm suits all.
        """
        return negative_log_likelihood(emissions_BTL, gold_BT, mask_BT, self.chain()).sum() / mask_BT.sum().clamp(min=1)


def negative_log_likelihood(emissions_BTL: Tensor, gold_BT: Tensor, mask_BT: Tensor, chain: Chain) -> Tensor:
    """Return how surprising the gold sequence of each row is, in nats [B]; where a gold tag is UNKNOWN, any may stand."""
    emissions_BTL, mask_BT, order_BT = _together(emissions_BTL.to(chain.start_L.dtype), mask_BT)
    gold_BT = gold_BT.gather(1, order_BT)
    whole_B = _forward(emissions_BTL, mask_BT, chain)
    if bool(((gold_BT == UNKNOWN) & mask_BT).any()):
        ruled_out_BTL = (torch.arange(emissions_BTL.shape[2], device=gold_BT.device) != gold_BT[..., None]) & (
            gold_BT != UNKNOWN
        )[..., None]
        return whole_B - _forward(emissions_BTL.masked_fill(ruled_out_BTL, NEVER), mask_BT, chain)
    return whole_B - _path_score(emissions_BTL, gold_BT, mask_BT, chain)


def log_partition(emissions_BTL: Tensor, mask_BT: Tensor, chain: Chain) -> Tensor:
    """Return the log of the summed weights of all sequences [B]; 0 for a row without words."""
    emissions_BTL, mask_BT, _ = _together(emissions_BTL, mask_BT)
    return _forward(emissions_BTL, mask_BT, chain)


@torch.no_grad()
def viterbi(emissions_BTL: Tensor, mask_BT: Tensor, chain: Chain) -> Tensor:
    """Return the best sequence of each row as label numbers [B, T]; UNKNOWN where no word stands.

    Among equals the lower number wins. Softly impossible is not impossible: give a chain with -inf to rule tags out.
    """
    emissions_BTL, together_BT, order_BT = _together(emissions_BTL.to(chain.start_L.dtype), mask_BT)
    best_BL, steps = chain.start_L + emissions_BTL[:, 0], []
    for word in range(1, emissions_BTL.shape[1]):
        reached_BL, from_BL = (best_BL[:, :, None] + chain.transitions_LL).max(1)
        is_word_B1 = together_BT[:, word, None]
        best_BL = torch.where(is_word_B1, reached_BL + emissions_BTL[:, word], best_BL)
        # Behind the last word every tag comes from itself, so that the way back begins at the last word.
        steps.append(torch.where(is_word_B1, from_BL, torch.arange(from_BL.shape[1], device=from_BL.device)))
    tag_B1 = (best_BL + chain.end_L).argmax(1, keepdim=True)
    tags = [tag_B1]
    for from_BL in reversed(steps):
        tags.append(from_BL.gather(1, tags[-1]))
    tags_BT = torch.cat(tags[::-1], dim=1).masked_fill(~together_BT, UNKNOWN)
    return torch.full_like(mask_BT, UNKNOWN, dtype=torch.long).scatter(1, order_BT, tags_BT)


class Lattice:
    """All sequences of some rows at once: how likely each tag and each span is. Words count from 0 within their row."""

    @torch.no_grad()
    def __init__(self, emissions_BTL: Tensor, mask_BT: Tensor, chain: Chain) -> None:
        """Walk forward and backward, in double precision: probabilities are differences of long sums."""
        emissions_BTL, mask_BT, _ = _together(emissions_BTL.cpu().double(), mask_BT.cpu())
        chain = Chain(*(each.cpu().double() for each in (chain.transitions_LL, chain.start_L, chain.end_L)))
        ahead_BTL = torch.stack(list(_alphas(emissions_BTL, mask_BT, chain)), dim=1)
        behind_BTL = torch.stack(_betas(emissions_BTL, mask_BT, chain), dim=1)
        total_B = torch.logsumexp(ahead_BTL[:, -1] + chain.end_L, dim=1)
        self.lengths_B = mask_BT.sum(1).numpy()
        self._emissions_BTL, self._ahead_BTL = emissions_BTL.numpy(), ahead_BTL.numpy()
        self._behind_BTL, self._total_B = behind_BTL.numpy(), total_B.numpy()
        self._transitions_LL, self._end_L = chain.transitions_LL.numpy(), chain.end_L.numpy()

    def tags(self, row: int) -> np.ndarray:
        """Return the probability of each tag at each word of a row [words, L]."""
        words = int(self.lengths_B[row])
        logs_TL = self._ahead_BTL[row, :words] + self._behind_BTL[row, :words] - self._total_B[row]
        return np.exp(np.minimum(logs_TL, 0.0))

    def span(self, row: int, start: int, end: int, begins: int, goes_on: int | None) -> float:
        """Return the probability that words start…end (end excluded) are tagged `begins`, `goes_on` …, and no further.

        `goes_on` is None where the label list has no such tag.
        """
        emissions_TL, transitions_LL = self._emissions_BTL[row], self._transitions_LL
        log, last = self._ahead_BTL[row, start, begins], begins
        for word in range(start + 1, end):
            if goes_on is None:
                return 0.0
            log += transitions_LL[last, goes_on] + emissions_TL[word, goes_on]
            last = goes_on
        if end == self.lengths_B[row]:
            log += self._end_L[last]
        else:
            after_L = transitions_LL[last] + emissions_TL[end] + self._behind_BTL[row, end]
            log += np.logaddexp.reduce(after_L if goes_on is None else np.delete(after_L, goes_on))
        return float(np.exp(min(log - self._total_B[row], 0.0)))


def _together(emissions_BTL: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Draw the words of each row together at its beginning; return scores, mask, and the place each word came from."""
    mask_BT = mask_BT.bool()
    words = max(1, int(mask_BT.sum(1).max()))
    order_BT = torch.argsort(~mask_BT, dim=1, stable=True)
    order_BN = order_BT[:, :words]
    drawn_BNL = emissions_BTL.gather(1, order_BN[..., None].expand(-1, -1, emissions_BTL.shape[2]))
    return drawn_BNL, mask_BT.gather(1, order_BN), order_BN


def _alphas(emissions_BTL: Tensor, mask_BT: Tensor, chain: Chain) -> Iterator[Tensor]:
    """Yield after each word the log of the summed weights of all ways to each of its tags [B, L]."""
    ahead_BL = chain.start_L + emissions_BTL[:, 0]
    yield ahead_BL
    for word in range(1, emissions_BTL.shape[1]):
        reached_BL = torch.logsumexp(ahead_BL[:, :, None] + chain.transitions_LL, dim=1) + emissions_BTL[:, word]
        ahead_BL = torch.where(mask_BT[:, word, None], reached_BL, ahead_BL)
        yield ahead_BL


def _betas(emissions_BTL: Tensor, mask_BT: Tensor, chain: Chain) -> list[Tensor]:
    """Return for each word the log of the summed weights of all ways on from each of its tags [B, L]."""
    behind_BL = chain.end_L.expand(emissions_BTL.shape[0], -1)
    found = [behind_BL]
    for word in range(emissions_BTL.shape[1] - 1, 0, -1):
        onward_BL = emissions_BTL[:, word] + behind_BL
        reached_BL = torch.logsumexp(chain.transitions_LL + onward_BL[:, None, :], dim=2)
        behind_BL = torch.where(mask_BT[:, word, None], reached_BL, behind_BL)
        found.append(behind_BL)
    return found[::-1]


def _forward(emissions_BTL: Tensor, mask_BT: Tensor, chain: Chain) -> Tensor:
    """Return the log of the summed weights of all sequences [B] whose words stand together."""
    *_, last_BL = _alphas(emissions_BTL, mask_BT, chain)
    return torch.where(mask_BT[:, 0], torch.logsumexp(last_BL + chain.end_L, dim=1), 0.0)


def _path_score(emissions_BTL: Tensor, gold_BT: Tensor, mask_BT: Tensor, chain: Chain) -> Tensor:
    """Return the log weight of one sequence a row [B]."""
    tags_BT = gold_BT.masked_fill(~mask_BT, 0)
    scores_BT = emissions_BTL.gather(2, tags_BT[..., None]).squeeze(2) * mask_BT
    steps_BT = chain.transitions_LL[tags_BT[:, :-1], tags_BT[:, 1:]] * mask_BT[:, 1:]
    last_B1 = (mask_BT.sum(1, keepdim=True) - 1).clamp(min=0)
    ends_B = (chain.start_L[tags_BT[:, 0]] + chain.end_L[tags_BT.gather(1, last_B1)].squeeze(1)) * mask_BT[:, 0]
    return scores_BT.sum(1) + steps_BT.sum(1) + ends_B
