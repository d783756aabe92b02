"""The net of word vectors: two tables, one for words and one for their company; GloVe has a bias for each of both.

Saved folders are Transformers folders of the type “slm-words” with a word_vocabulary.json beside the weights. Elsewhere:

    from safetensors.numpy import load_file
    vectors = load_file("model.safetensors")["vectors.weight"]      # row n is the word names[n] of word_vocabulary.json
"""

# V words, D numbers of a vector, N words asked

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers import initialization as init

FITTED = "glove"  # the objective that fits counts; its vectors are the sums of both tables
RULES = {"skipgram": "descent", "cbow": "descent", FITTED: "adagrad"}  # how rows move, as in the papers


class WordVectorsConfig(PreTrainedConfig):
    """Hold the shape: `vocab_size` vectors of `hidden_size` numbers, and how they learnt."""

    model_type = "slm-words"

    def __init__(
        self,
        vocab_size: int = 10_000,
        hidden_size: int = 100,
        objective: str = "skipgram",
        has_contexts: bool = True,
        **kwargs: object,
    ) -> None:
        """Take the shape; vectors from elsewhere have no table of company."""
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.objective = objective
        self.has_contexts = has_contexts


class SLMForWordVectors(PreTrainedModel):
    """Vectors of words."""

    config_class = WordVectorsConfig

    def __init__(self, config: WordVectorsConfig) -> None:
        """Make the tables. A step touches few rows: sparse gradients leave the others alone."""
        super().__init__(config)
        self.vectors = self._table(config.hidden_size)
        if config.has_contexts:
            self.contexts = self._table(config.hidden_size)
            if config.objective == FITTED:
                self.vector_biases, self.context_biases = self._table(1), self._table(1)
        self.post_init()

    def forward(self, input_ids: Tensor, **_: object) -> Tensor:
        """Return the vectors of some words."""
        found: Tensor = self.vectors(input_ids)
        return found

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of words."""
        return self.vectors

    @torch.no_grad()
    def whole(self) -> Tensor:
        """Return the vectors [V, D] by which words are compared."""
        if self.config.objective == FITTED and self.config.has_contexts:
            return self.vectors.weight + self.contexts.weight
        return self.vectors.weight.detach()

    def company(self) -> Tensor:
        """Return the table [V, D] that stands for words as somebody's company; of vectors from elsewhere they themselves."""
        return self.contexts.weight if self.config.has_contexts else self.vectors.weight

    def _table(self, width: int) -> nn.Embedding:
        table = nn.Embedding(self.config.vocab_size, width, sparse=True)
        table.rule = RULES.get(self.config.objective, RULES["skipgram"])  # type: ignore[assignment]
        return table

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if not isinstance(module, nn.Embedding):
            return
        width = self.config.hidden_size
        if self.config.objective == FITTED:
            init.uniform_(module.weight, -0.5 / width, 0.5 / width)
        elif module is self.vectors:
            init.uniform_(module.weight, -1 / width, 1 / width)
        elif not getattr(module.weight, "_is_hf_initialized", False):
            init.zeros_(module.weight)


def register_vectors() -> None:
    """Let Transformers' Auto classes open word vectors; calling it again changes nothing."""
    AutoConfig.register(WordVectorsConfig.model_type, WordVectorsConfig, exist_ok=True)
    AutoModel.register(WordVectorsConfig, SLMForWordVectors, exist_ok=True)
