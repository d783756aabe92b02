"""A convolutional classifier: filters look at a few words at a time, and the strongest answer of each decides.

Kim 2014, https://arxiv.org/abs/1408.5882. Saved folders are Transformers folders of the type “slm-cnn”. Elsewhere they
open with

    from slm_studio.engine.models.convolution import CNNForSequenceClassification
    net = CNNForSequenceClassification.from_pretrained(folder)

or, after `slm_studio.engine.models.classifiers.register_families()`, with AutoModelForSequenceClassification.
"""

# B rows, T tokens, E width of an embedding, P places of a filter, F filters of one width, H all filters, L labels

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from slm_studio.engine.models.beginning import begin
from slm_studio.engine.models.decisions import Decision

WIDTHS = (3, 4, 5)  # words that a filter looks at


class ConvolutionConfig(PreTrainedConfig):
    """Hold the shape of a convolutional network."""

    model_type = "slm-cnn"

    def __init__(
        self,
        vocab_size: int = 8000,
        embedding_size: int = 128,
        filters: int = 100,
        filter_widths: Sequence[int] = WIDTHS,
        dropout: float = 0.5,
        pad_token_id: int = 0,
        single_output: bool = False,
        **kwargs: object,
    ) -> None:
        """Take the shape: so many filters of each width. `single_output`: one sigmoid for two labels."""
        super().__init__(**kwargs)
        if not filter_widths or min(filter_widths) < 1:
            raise ValueError(f"no such filters: {filter_widths}")
        self.pad_token_id = pad_token_id
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.filters = filters
        self.filter_widths = list(filter_widths)
        self.hidden_size = filters * len(self.filter_widths)
        self.dropout = dropout
        self.single_output = single_output


class CNNForSequenceClassification(PreTrainedModel):
    """Classify a text by the strongest answer of each filter, wherever in the text it stands."""

    config_class = ConvolutionConfig
    base_model_prefix = "reader"

    def __init__(self, config: ConvolutionConfig) -> None:
        """Make embeddings, filters and the head."""
        super().__init__(config)
        self.num_labels = config.num_labels
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        # Half a filter may hang over either end, so that texts shorter than a filter are read too.
        self.filters = nn.ModuleList(
            nn.Conv1d(config.embedding_size, config.filters, width, padding=width - 1) for width in config.filter_widths
        )
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = Decision(config.hidden_size, config.num_labels, single=config.single_output)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of embeddings."""
        return self.embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the table of embeddings."""
        self.embeddings = value

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: object,
    ) -> SequenceClassifierOutput:
        """Return logits_BL, and the mean cross-entropy where labels are given."""
        mask_BT = (input_ids != self.config.pad_token_id) if attention_mask is None else attention_mask.bool()
        embedded_BET = (self.embeddings(input_ids) * mask_BT[..., None]).transpose(1, 2)
        strongest_BH = torch.cat([self._strongest(one, embedded_BET, mask_BT) for one in self.filters], dim=-1)
        logits_BL = self.classifier(self.dropout(strongest_BH))
        loss = None if labels is None else functional.cross_entropy(logits_BL.float(), labels)
        return SequenceClassifierOutput(loss=loss, logits=logits_BL)

    def _strongest(self, filters: nn.Conv1d, embedded_BET: Tensor, mask_BT: Tensor) -> Tensor:
        """Return the maximum over the places at which a filter sees a token [B, F]."""
        answers_BFP = functional.relu(filters(embedded_BET))
        # ReLU answers are 0 at least, so a place that is out of the question may say 0.
        seen_BP = functional.pad(mask_BT, (0, answers_BFP.shape[2] - mask_BT.shape[1]))
        reach = filters.kernel_size[0] - 1  # a filter at a place sees that token and so many before it
        for shift in range(1, reach + 1):
            seen_BP = seen_BP | functional.pad(mask_BT, (shift, answers_BFP.shape[2] - mask_BT.shape[1] - shift))
        return (answers_BFP * seen_BP[:, None, :]).amax(-1)

    def _init_weights(self, module: nn.Module) -> None:
        begin(module)
