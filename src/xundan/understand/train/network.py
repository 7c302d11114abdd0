"""The network: one encoder, two heads. The features are the mean of the message's own tokens, which have read the turns
before it in the second segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from transformers import BertModel

from xundan.domain.records import INTENTS
from xundan.understand.encode import Tokens

Reals = NDArray[np.float64]
BATCH = 64


class Network(nn.Module):
    """An encoder with the heads `intent` (softmax over 16) and `buy` (sigmoid), on standardised features."""

    def __init__(self, encoder: BertModel, padding: int, dropout: float = 0.1) -> None:
        super().__init__()
        size = encoder.config.hidden_size
        self.encoder = encoder
        self.padding = padding
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))
        self.dropout = nn.Dropout(dropout)
        self.intent = nn.Linear(size, len(INTENTS))
        self.buy = nn.Linear(size, 1)

    def forward(self, batch: Sequence[Tokens]) -> tuple[Tensor, Tensor]:
        """Logits of the intents [n, 16] and of buy [n]."""
        features = self.dropout(self.features(batch))
        return self.intent(features), self.buy(features).squeeze(-1)

    def features(self, batch: Sequence[Tokens]) -> Tensor:
        """Standardised features [n, hidden]."""
        ids, mask, segments = self._tensors(batch)
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=segments).last_hidden_state
        own = (mask * (1 - segments)).unsqueeze(-1).to(hidden.dtype)
        return ((hidden * own).sum(1) / own.sum(1) - self.mean) / self.spread

    def _tensors(self, batch: Sequence[Tokens]) -> tuple[Tensor, Tensor, Tensor]:
        width = max(len(tokens.ids) for tokens in batch)
        ids = [tokens.ids + [self.padding] * (width - len(tokens.ids)) for tokens in batch]
        mask = [[1] * len(tokens.ids) + [0] * (width - len(tokens.ids)) for tokens in batch]
        segments = [tokens.segments + [0] * (width - len(tokens.ids)) for tokens in batch]
        device = self.intent.weight.device
        first, second, third = (torch.tensor(rows, device=device) for rows in (ids, mask, segments))
        return first, second, third

    @torch.no_grad()
    def answer(self, rows: Sequence[Tokens]) -> tuple[Reals, Reals]:
        """Logits of all rows, in order: intents [n, 16], buy [n]."""
        self.eval()
        intent, buy = np.zeros((len(rows), len(INTENTS))), np.zeros(len(rows))
        for place in by_length(rows, BATCH):
            first, second = self([rows[i] for i in place])
            intent[place], buy[place] = first.cpu().numpy(), second.cpu().numpy()
        return intent, buy

    @torch.no_grad()
    def start_heads(self, rows: Sequence[Tokens], intents: NDArray[np.int64], buy: NDArray[np.int64]) -> None:
        """Start the heads from linear models fitted on the untouched encoder's features.

        With random heads a pretrained encoder is bent out of shape before they have learnt anything.
        """
        self.eval()
        features = np.zeros((len(rows), len(self.mean)))
        for place in by_length(rows, BATCH):
            features[place] = self.features([rows[i] for i in place]).cpu().numpy()
        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
        self.mean.copy_(torch.tensor(mean))
        self.spread.copy_(torch.tensor(spread))
        features = (features - mean) / spread
        _start(self.intent, features, intents, "balanced")
        _start(self.buy, features, buy, None)


def _start(head: nn.Linear, features: Reals, labels: NDArray[np.int64], weight: str | None) -> None:
    if len(np.unique(labels)) < 2:
        return  # nothing to tell apart: the head stays as it is
    fitted = LogisticRegression(C=0.01, max_iter=200, class_weight=weight).fit(features, labels)
    rows = slice(None) if head.out_features == 1 else fitted.classes_
    if head.out_features > 1 and len(fitted.classes_) == 2:
        return
    head.weight[rows] = torch.tensor(fitted.coef_, dtype=head.weight.dtype, device=head.weight.device)
    head.bias[rows] = torch.tensor(fitted.intercept_, dtype=head.bias.dtype, device=head.bias.device)


def by_length(rows: Sequence[Tokens], size: int) -> Iterator[list[int]]:
    """Numbers of rows of like length, up to `size` at a time: little is padded."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    for start in range(0, len(order), size):
        yield order[start : start + size]
