"""Made-up tables to learn from: what real tables might be like, drawn at random; numpy only.

The kinds are those of the literature: random nets whose nodes are columns and target (structural causal models;
Hollmann et al. 2023), sums of random trees (den Breejen et al. 2024), sparse sums of curves, and smooth random
functions. Columns are then bent, rounded, cut into categories, and left out here and there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

MOST_CLASSES = 10


@dataclass(frozen=True)
class MadeTable:
    """Numbers (n, p) with NaN for missing, and a target (n,): codes 0..classes-1, or values where `classes` is 0."""

    numbers: np.ndarray
    target: np.ndarray
    classes: int


def made_table(rng: Generator, rows: int, columns: int, classes: int, difficulty: float = 1.0) -> MadeTable:
    """Draw a table; `difficulty` (0..1) is the chance of anything beyond clean, straight lines.

    Every class that a table has occurs; where the draw gives fewer classes than asked for, `classes` says so.
    """
    while True:
        inputs, signal = _world(rng, rows, columns, max(classes, 1), difficulty)
        target = _classes(rng, signal, classes) if classes else _values(rng, signal[:, 0], difficulty)
        found = len(np.unique(target))
        if found > 1:
            break
    if classes:
        target = np.unique(target, return_inverse=True)[1]
    if rng.random() < difficulty:
        inputs = _worn(rng, inputs)
    return MadeTable(inputs.astype(np.float32), target, found if classes else 0)


def _world(rng: Generator, rows: int, columns: int, outputs: int, difficulty: float) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (rows, columns) and signals (rows, outputs) of deviation about 1, noise included."""
    if rng.random() >= difficulty:
        inputs = rng.normal(size=(rows, columns))
        signal = inputs @ rng.normal(size=(columns, outputs))
    else:
        kind = rng.choice(["net", "trees", "curves", "smooth"], p=[0.35, 0.35, 0.15, 0.15])
        if kind == "net":
            return _net(rng, rows, columns, outputs)
        inputs = _inputs(rng, rows, columns)
        signal = {"trees": _trees, "curves": _curves, "smooth": _smooth}[kind](rng, _standard(inputs), outputs)
    noise = np.exp(rng.uniform(np.log(0.02), np.log(1.0 if difficulty else 0.3)))
    return inputs, _standard(signal) + noise * rng.normal(size=signal.shape)


def _standard(values: np.ndarray) -> np.ndarray:
    return np.asarray((values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9))


def _inputs(rng: Generator, rows: int, columns: int) -> np.ndarray:
    """Columns that hang together as they like: factors, clusters, or nothing at all."""
    values = rng.normal(size=(rows, columns))
    if rng.random() < 0.6:
        factors = rng.normal(size=(rows, rng.integers(1, columns + 1)))
        share = rng.beta(1, 1, size=columns)
        values = (
            share * (factors @ rng.normal(size=(factors.shape[1], columns))) / np.sqrt(factors.shape[1])
            + (1 - share) * values
        )
    if rng.random() < 0.3:
        groups = rng.integers(2, 8)
        values += (rng.normal(size=(groups, columns)) * rng.uniform(0.5, 3))[rng.integers(groups, size=rows)]
    if rng.random() < 0.3:
        values = rng.uniform(-1.7, 1.7, size=values.shape)
    return values


def _relevance(rng: Generator, columns: int) -> np.ndarray:
    """How much each column matters: from all alike to very few."""
    weights = rng.gamma(np.exp(rng.uniform(np.log(0.1), np.log(5))), size=columns) + 1e-6
    return np.asarray(weights / weights.sum())


_ACTIVATIONS = (
    np.tanh, lambda x: np.maximum(x, 0), np.sin, np.abs, np.square, lambda x: (x > 0).astype(float), lambda x: x,
    lambda x: np.exp(-np.square(x)), lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.round(x),
)  # fmt: skip


def _net(rng: Generator, rows: int, columns: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """A random net from hidden causes; columns and target are nodes of it, so that some columns are effects."""
    width = int(columns * rng.uniform(1, 2)) + outputs + 2
    layers = rng.integers(1, 5)
    noise = np.exp(rng.uniform(np.log(0.01), np.log(0.5)))
    hidden = _inputs(rng, rows, int(rng.integers(1, columns + 2)))
    nodes = [_standard(hidden)]
    for _ in range(layers):
        fan = nodes[-1].shape[1]
        weights = rng.normal(size=(fan, width)) * (rng.random((fan, width)) < rng.uniform(0.2, 1.0))
        pulled = _standard(nodes[-1] @ weights + 0.01 * rng.normal(size=(rows, width))) + rng.normal(size=width)
        choices = rng.integers(len(_ACTIVATIONS), size=rng.integers(1, 4))
        active = np.empty_like(pulled)
        for unit, choice in enumerate(rng.choice(choices, size=width)):
            active[:, unit] = _ACTIVATIONS[choice](pulled[:, unit])
        nodes.append(_standard(active) + noise * rng.normal(size=pulled.shape))
    last = nodes[-1]
    chosen = rng.permutation(last.shape[1])[:outputs]
    signal = last[:, chosen]
    rest = np.hstack([*nodes[:-1], np.delete(last, chosen, axis=1)] if rng.random() < 0.5 else nodes[:-1])
    if rest.shape[1] < columns:
        rest = np.hstack([rest, rng.normal(size=(rows, columns - rest.shape[1]))])
    return rest[:, rng.permutation(rest.shape[1])[:columns]], signal


def _trees(rng: Generator, inputs: np.ndarray, outputs: int) -> np.ndarray:
    """A sum of random trees that cut single columns at values of rows; important columns are cut more often."""
    rows, columns = inputs.shape
    relevance = _relevance(rng, columns)
    depth = int(rng.integers(2, 7))
    total = np.zeros((rows, outputs))
    for _ in range(int(np.exp(rng.uniform(0, np.log(30))))):
        feature = rng.choice(columns, size=2**depth - 1, p=relevance)
        cut = inputs[rng.integers(rows, size=2**depth - 1), feature]
        node = np.zeros(rows, dtype=np.int64)
        for _ in range(depth):
            node = 2 * node + 1 + (inputs[np.arange(rows), feature[node]] > cut[node])
        total += rng.normal(size=(2**depth, outputs))[node - (2**depth - 1)]
    return total


def _curves(rng: Generator, inputs: np.ndarray, outputs: int) -> np.ndarray:
    """A weighted sum of one curve a column, with a product of two columns now and then."""
    columns = inputs.shape[1]
    weights = rng.normal(size=(columns, outputs)) * np.sqrt(columns * _relevance(rng, columns))[:, None]
    bent = np.empty_like(inputs)
    for column in range(columns):
        curve = _ACTIVATIONS[rng.integers(len(_ACTIVATIONS))]
        bent[:, column] = curve(inputs[:, column] * rng.uniform(0.5, 2) + rng.normal())
    signal = _standard(bent) @ weights
    for _ in range(rng.integers(0, 4)):
        first, second = rng.integers(columns, size=2)
        signal += (inputs[:, first] * inputs[:, second])[:, None] * rng.normal(size=outputs)
    return np.asarray(signal)


def _smooth(rng: Generator, inputs: np.ndarray, outputs: int) -> np.ndarray:
    """A smooth random function (Rahimi and Recht 2007) that varies at its own pace along each column."""
    columns = inputs.shape[1]
    pace = np.sqrt(columns * _relevance(rng, columns)) * rng.uniform(0.2, 2) / np.sqrt(columns) * 1.5
    waves = rng.normal(size=(columns, 64)) * pace[:, None]
    return np.asarray(np.cos(inputs @ waves + rng.uniform(0, 2 * np.pi, size=64)) @ rng.normal(size=(64, outputs)))


def _values(rng: Generator, signal: np.ndarray, difficulty: float) -> np.ndarray:
    """Values of mean 0 and deviation 1; some are bent, so that a few rows carry much."""
    values = _standard(signal)
    if rng.random() < 0.3 * difficulty:
        values = np.exp(values * rng.uniform(0.2, 1.0))
    elif rng.random() < 0.1 * difficulty:
        values = np.round(values * rng.uniform(1, 4))
    return _standard(values)


def _classes(rng: Generator, signal: np.ndarray, classes: int) -> np.ndarray:
    """Codes of `classes` classes: steps of one signal in any order, or whichever of several signals is largest."""
    if rng.random() < (0.6 if classes == 2 else 0.35):
        shares = rng.dirichlet(np.full(classes, np.exp(rng.uniform(np.log(0.8), np.log(20)))))
        edges = np.quantile(signal[:, 0], np.cumsum(shares)[:-1].clip(0.01, 0.99))
        codes = np.searchsorted(edges, signal[:, 0])
    else:
        codes = (_standard(signal) + rng.normal(size=classes) * rng.uniform(0, 1.0)).argmax(axis=1)
    return np.asarray(rng.permutation(classes)[codes])


def _worn(rng: Generator, inputs: np.ndarray) -> np.ndarray:
    """Bend, round, cut and lose values, as those who collect tables do."""
    inputs = _standard(inputs)
    rows, columns = inputs.shape
    rounded, lossy = rng.random() * rng.random(), 0.25 * (rng.random() < 0.25)
    for column in range(columns):
        values = inputs[:, column]
        if rng.random() < rounded:
            levels = int(rng.integers(2, 12))
            edges = np.quantile(values, np.sort(rng.random(levels - 1)))
            values = np.searchsorted(edges, values).astype(float)
            if rng.random() < 0.5:
                values = rng.permutation(levels)[values.astype(int)].astype(float)
        elif rng.random() < 0.3:
            values = np.exp(values * rng.uniform(0.3, 1.5))
        elif rng.random() < 0.15:
            values = np.sign(values) * np.abs(values) ** rng.uniform(0.3, 3)
        if rng.random() < lossy:
            values = np.where(rng.random(rows) < rng.random() * 0.4, np.nan, values)
        inputs[:, column] = values
    return inputs
