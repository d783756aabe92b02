"""A bag that gives a text one vector: the sum of its features' vectors, each weighed by how rare it is.

It begins with latent.py's vectors, by which the cosine of two texts is about that of their shared words. Learning then
turns features that mean the same towards one another.

    from slm_studio.engine.models.embedding.net import BagForTextVectors
    from slm_studio.engine.models.features import BagTokenizer
    net, tokenizer = BagForTextVectors.from_pretrained(folder), BagTokenizer.from_pretrained(folder)
    vectors = net(**tokenizer(["Where is my card?"], return_tensors="pt")).pooler_output
"""

# B texts, T features of the longest, V known features, D width

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutputWithPooling

from slm_studio.engine.models.bag import PADDING, BagConfig, sums_of_rows


class BagForTextVectors(PreTrainedModel):
    """Give each text the weighed sum of its features' vectors."""

    config_class = BagConfig
    base_model_prefix = "table"

    def __init__(self, config: BagConfig) -> None:
        """Make the table."""
        super().__init__(config)
        self.register_buffer("weights", torch.ones(config.vocab_size))
        # A step touches some thousand of the rows: sparse gradients leave the others alone.
        self.table = nn.EmbeddingBag(config.vocab_size, config.hidden_size, mode="sum", sparse=True)
        self.post_init()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, **kwargs: object
    ) -> BaseModelOutputWithPooling:
        """Return vectors_BD of feature ids [B, T] as pooler_output; 0 is padding. Of an unknown text it is all 0."""
        kept_BT = input_ids != PADDING
        if self.training and self.config.dropout:
            kept_BT = kept_BT & (torch.rand(kept_BT.shape, device=kept_BT.device) >= self.config.dropout)
        values_N = self.weights[input_ids][kept_BT]
        vectors_BD = sums_of_rows(self.table.weight, input_ids[kept_BT], kept_BT.sum(1), values_N)
        return BaseModelOutputWithPooling(last_hidden_state=vectors_BD[:, None], pooler_output=vectors_BD)

    @torch.no_grad()
    def begin(self, weights_V: np.ndarray, vectors_VD: np.ndarray) -> None:
        """Take what each feature counts, and its vector."""
        self.weights.copy_(torch.from_numpy(weights_V))
        self.table.weight.copy_(torch.from_numpy(vectors_VD))
        self.table.weight[PADDING] = 0

    def get_input_embeddings(self) -> nn.Module:
        """Return the table."""
        return self.table

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.EmbeddingBag):
            init.normal_(module.weight, std=self.config.hidden_size**-0.5)
            if not getattr(module.weight, "_is_hf_initialized", False):
                init.zeros_(module.weight[PADDING])


def register_text_vectors() -> None:
    """Let Transformers' Auto classes open the bag; calling it again changes nothing."""
    AutoConfig.register(BagConfig.model_type, BagConfig, exist_ok=True)
    AutoModel.register(BagConfig, BagForTextVectors, exist_ok=True)
