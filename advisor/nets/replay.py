"""A step of training that is captured once on an NVIDIA GPU and replayed for every batch (a CUDA graph).

A net on a table is so small that a GPU waits for Python between any two of its kernels. Replayed, a step is a single
launch: the batch, the learning rate and the place for the loss are found on the GPU, by a counter that lies there too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

# The CPU runs ahead of the GPU by so many steps at most, so that a deadline is seen in time.
MOST_STEPS_AHEAD = 32

Step = Callable[[Sequence[Tensor], Tensor, Tensor], Tensor]


@cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    """Return the one stream that all steps are captured on: cuBLAS keeps tens of MB for each that it has seen."""
    return torch.cuda.Stream(device)


class Replay:
    """`step(batch, rate, share)` for the batches of an epoch, from whole rows (each (n, ...)) that stay where they are.

    `batch` holds the parts' rows of a batch, `rate` and `share` are scalars on the GPU, and the step returns the loss.
    Whatever else it reads has the value that it had when it was captured. All batches have n // `batches` rows: of rows
    in random order the few that are left over are others in each epoch. The step must have run before, which makes the
    GPU's libraries ready.
    """

    def __init__(self, parts: Sequence[Tensor], batches: int, step: Step) -> None:
        place = parts[0].device
        self.order = torch.zeros(batches, len(parts[0]) // batches, dtype=torch.int64, device=place)
        self.dials = torch.zeros(batches, 2, device=place)
        self.losses = torch.zeros(batches, device=place)
        self.turn = torch.zeros(1, dtype=torch.int64, device=place)
        self.graph = torch.cuda.CUDAGraph()
        side, here = _stream(place), torch.cuda.current_stream(place)
        side.wait_stream(here)
        # Not by torch.cuda.graph(), which collects all of Python's garbage first: a tenth of a second each time.
        with torch.cuda.stream(side):
            self.graph.capture_begin(capture_error_mode="thread_local")
            rows = self.order.index_select(0, self.turn)[0]
            rate, share = self.dials.index_select(0, self.turn)[0].unbind()
            loss = step([part.index_select(0, rows) for part in parts], rate, share)
            self.losses.index_copy_(0, self.turn, loss.detach().float().view(1))
            self.turn.add_(1)
            self.graph.capture_end()
        here.wait_stream(side)

    def epoch(
        self, order: Tensor, dials: Sequence[tuple[float, float]], over: Callable[[], bool]
    ) -> tuple[Tensor, bool]:
        """Replay a step for each (rate, share) of `dials`, over rows in `order`; stop when it is `over`.

        Return the losses of the steps that ran, and whether it was over after the last of them.
        """
        self.order.copy_(order[: self.order.numel()].view_as(self.order))
        self.dials.copy_(torch.tensor(dials))
        self.turn.zero_()
        done, cut = 0, False
        while done < len(dials) and not cut:
            for _ in range(min(MOST_STEPS_AHEAD, len(dials) - done)):
                self.graph.replay()
                done += 1
            torch.cuda.synchronize(self.losses.device)
            cut = over()
        return self.losses[:done], cut
