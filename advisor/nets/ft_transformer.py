"""FT-Transformer (Gorishniy et al. 2021): the authors' net behind the inputs that all nets here take."""

from __future__ import annotations

from collections.abc import Sequence

import rtdl_revisiting_models as rtdl
import torch
from torch import Tensor, nn

HEADS = 8


class FTTransformer(nn.Module):
    """A vector of `width` (a multiple of 8) for each column and attention among them: a table's row to (n, outputs)."""

    replayable = True

    def __init__(
        self,
        numbers: int,
        levels: Sequence[int],
        bias: Sequence[float],
        *,
        width: int,
        depth: int,
        attention_dropout: float,
        dropout: float,
    ) -> None:
        super().__init__()
        self.has_numbers, self.has_codes = numbers > 0, len(levels) > 0
        self.net = rtdl.FTTransformer(
            n_cont_features=numbers,
            cat_cardinalities=[count + 1 for count in levels],  # code 0 is missing or never seen
            d_out=len(bias),
            n_blocks=depth,
            d_block=width,
            attention_n_heads=HEADS,
            attention_dropout=attention_dropout,
            ffn_d_hidden=None,
            ffn_d_hidden_multiplier=4 / 3,
            ffn_dropout=dropout,
            residual_dropout=0.0,
        )
        with torch.no_grad():
            self.net.backbone.output.linear.bias.copy_(torch.tensor(bias))

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        outputs: Tensor = self.net(numbers if self.has_numbers else None, codes if self.has_codes else None)
        return outputs
