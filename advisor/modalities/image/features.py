"""Pictures as numbers that people have thought of: edges by direction (HOG), brightness by place, and colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor.modalities.image.decode import pixels_of

SIDE, CELLS, DIRECTIONS = 48, 6, 9
BRIGHT, TINTED, LEVELS = 8, 4, 8
CHUNK = 512
# How bright the eye finds red, green and blue.
GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Edges fainter than this share of the way from black to white are noise.
FAINT = 0.01


def names() -> list[str]:
    """Return the names of the features, shape (q,)."""
    places = [f"{row + 1}.{column + 1}" for row in range(CELLS) for column in range(CELLS)]
    edges = [f"edges at {place}, {180 * k // DIRECTIONS} degrees" for place in places for k in range(DIRECTIONS)]
    bright = [f"brightness at {row + 1}.{column + 1}" for row in range(BRIGHT) for column in range(BRIGHT)]
    tints = [f"{tint} at {row + 1}.{column + 1}"
             for tint in ("blue", "red") for row in range(TINTED) for column in range(TINTED)]  # fmt: skip
    channels = ("brightness", "blue", "red")
    shares = [f"{channel}, share of level {level + 1}" for channel in channels for level in range(LEVELS)]
    return [*edges, *bright, *tints, *shares, *(f"{channel}, {what}" for what in ("mean", "spread")
                                               for channel in channels)]  # fmt: skip


def described(pictures: Any) -> np.ndarray:
    """Return features of pictures (n arrays of height, width, 3), float32 (n, q); each depends on its picture alone."""
    parts = [_described(pixels_of(pictures[start : start + CHUNK], SIDE)) for start in range(0, len(pictures), CHUNK)]
    return np.concatenate(parts) if parts else np.empty((0, len(names())), dtype=np.float32)


def _described(pixels: np.ndarray) -> np.ndarray:
    """Return the features of squares (n, SIDE, SIDE, 3): brightness and two tints, 0 for grey, as television has it."""
    colours = pixels.astype(np.float32) / 255.0
    bright = colours @ GREY
    blue, red = 0.5 * (colours[..., 2] - bright), 0.5 * (colours[..., 0] - bright)
    return np.hstack([
        edges(bright), _coarse(bright, BRIGHT), _coarse(blue, TINTED), _coarse(red, TINTED),
        _shares(bright, 0.0, 1.0), _shares(blue, -0.25, 0.25), _shares(red, -0.25, 0.25),
        np.stack([channel.mean((1, 2)) for channel in (bright, blue, red)], 1),
        np.stack([channel.std((1, 2)) for channel in (bright, blue, red)], 1),
    ]).astype(np.float32)  # fmt: skip


def edges(bright: np.ndarray) -> np.ndarray:
    """Return how strong edges of each direction are in each cell of squares (n, side, side), (n, cells^2 directions).

    Histograms of oriented gradients (Dalal and Triggs 2005): each pixel counts for its two nearest directions and its
    four nearest cells. A cell is held against the strength of its neighbourhood, so that contrast does not matter.
    """
    rows, side, _ = bright.shape
    padded = np.pad(bright, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    strength = np.hypot(across, down)
    angle = np.mod(np.arctan2(down, across), np.pi) * (DIRECTIONS / np.pi)
    lower = np.floor(angle).astype(np.int64)
    nearer = strength * (angle - lower)
    centre = (np.arange(side) + 0.5) * CELLS / side - 0.5
    into = np.clip(1 - np.abs(centre - np.arange(CELLS)[:, None]), 0, None).astype(np.float32)
    cells = np.empty((rows, CELLS, CELLS, DIRECTIONS), dtype=np.float32)
    for k in range(DIRECTIONS):
        votes = np.where(lower % DIRECTIONS == k, strength - nearer, 0) + np.where(
            (lower + 1) % DIRECTIONS == k, nearer, 0
        )
        cells[..., k] = into @ votes @ into.T
    energy = np.pad((cells**2).sum(-1), ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = sum(energy[:, i : i + CELLS, j : j + CELLS] for i in range(3) for j in range(3)) / 9
    faint = FAINT * side / CELLS
    held = cells / np.sqrt(4 * around + faint**2)[..., None]
    return np.asarray(np.minimum(held, 1.0).reshape(rows, -1))


def _coarse(channel: np.ndarray, side: int) -> np.ndarray:
    """Return the means of `side` by `side` fields, shape (n, side^2)."""
    rows, whole = len(channel), channel.shape[1]
    means = channel.reshape(rows, side, whole // side, side, whole // side).mean((2, 4))
    return np.asarray(means.reshape(rows, -1))


def _shares(channel: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the share of pixels in each of LEVELS bins from `low` to `high`, shape (n, LEVELS)."""
    level = np.clip((channel - low) / (high - low) * LEVELS, 0, LEVELS - 1).astype(np.int64).reshape(len(channel), -1)
    return np.stack([(level == k).mean(1) for k in range(LEVELS)], 1)
