"""MiniRocket as estimators: fixed convolutions of series, and a ridge with calibrated probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

# Penalties that are tried, by parts of the mean variance that the rows have in a direction.
PENALTIES = np.logspace(-6, 3, 19)


class _Rocket(BaseEstimator):
    """Series (n, channels + 1, steps) with their mask, as `features` shares of steps (nets.minirocket), and a ridge.

    A plain matrix is one channel of series of one length. Columns are standardised, and the ridge's penalty is the one
    of PENALTIES with the least loss on rows left out. Leaving out one row at a time costs no further fit (Golub, Heath
    and Wahba 1979): rows and columns are turned so that the penalty works on each direction by itself.
    """

    def __init__(self, features: int = 9_996, random_state: Any = 0, n_jobs: int = 1) -> None:
        self.features = features
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _checked(self, X: Any, y: Any, **rules: Any) -> tuple[np.ndarray, Any]:
        """Draw kernels from the series, and return what they make of them, (n, features), and the target."""
        from advisor.nets import minirocket
        from advisor.nets.device import cpu_threads

        X, y = validate_data(self, X, y, dtype=np.float32, allow_nd=True, ensure_min_samples=2, **rules)
        series = _with_mask(X)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        with cpu_threads(self.n_jobs):
            self.kernels_ = minirocket.fitted(series, self.features, seed)
            return minirocket.shares_above(series, self.kernels_), y

    def _turned(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return standardised rows (n, p), directions of theirs (n, r) and the sums of squares along them (r,)."""
        self.centre_ = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        spread = X.std(axis=0, dtype=np.float64).astype(np.float32)
        self.scale_ = np.where(spread > 1e-6, spread, np.inf).astype(np.float32)
        rows: np.ndarray = ((X - self.centre_) / self.scale_).astype(np.float32)
        wide = len(rows) <= rows.shape[1]
        squares, turned = np.linalg.eigh((rows @ rows.T if wide else rows.T @ rows).astype(np.float64))
        kept = squares > 1e-7 * max(float(squares[-1]), 1e-12)
        squares, turned = squares[kept], turned[:, kept]
        return rows, turned if wide else rows @ turned / np.sqrt(squares), squares

    def _left_out(self, turned: np.ndarray, squares: np.ndarray, wanted: np.ndarray, penalty: float) -> np.ndarray:
        """Return what is said of each row by a fit without it, (n, K), of targets (n, K)."""
        shrunk = squares / (squares + penalty)
        said = turned @ (shrunk[:, None] * (turned.T @ wanted))
        own = (turned**2) @ shrunk + 1.0 / len(turned)
        left: np.ndarray = wanted - (wanted - said) / np.maximum(1.0 - own, 1e-6)[:, None]
        return left

    def _weights(
        self, rows: np.ndarray, turned: np.ndarray, squares: np.ndarray, wanted: np.ndarray, penalty: float
    ) -> np.ndarray:
        """Return the weights of the columns (p, K)."""
        inner = turned @ ((turned.T @ wanted) / (squares + penalty)[:, None])
        weights: np.ndarray = (rows.T @ inner.astype(np.float32)).astype(np.float64)
        return weights

    def _said(self, X: Any) -> np.ndarray:
        from advisor.nets import minirocket
        from advisor.nets.device import cpu_threads

        check_is_fitted(self, "weights_")
        X = validate_data(self, X, dtype=np.float32, allow_nd=True, reset=False)
        with cpu_threads(self.n_jobs):
            shares = minirocket.shares_above(_with_mask(X), self.kernels_)
        # In double precision a row alone is told what it is told among others.
        said: np.ndarray = ((shares.astype(np.float64) - self.centre_) / self.scale_) @ self.weights_ + self.level_
        return said


class MiniRocketClassifier(ClassifierMixin, _Rocket):
    """The ridge for classes: it learns 0 and 1 for each, and a temperature makes probabilities of what it says.

    Penalty and temperature are those with the least log loss of rows left out, each row counted as half a row of no
    class, so that no probability is 0 for want of rows.
    """

    def fit(self, X: Any, y: Any) -> MiniRocketClassifier:
        """Learn from series X (n, channels + 1, steps) and labels y (n,).

        Raises ValueError for NaN, and where there is one class.
        """
        X, y = self._checked(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only, {self.classes_[0]!r}; a classifier needs two or more.")
        hot = np.eye(len(self.classes_))[codes]
        self.level_ = hot.mean(axis=0)
        rows, turned, squares = self._turned(X)
        usual = float(squares.mean()) if len(squares) else 1.0
        softened = hot + (hot.mean(axis=0) - hot) / (len(hot) + 2.0)
        best = np.inf
        for penalty in PENALTIES * usual:
            said = self._left_out(turned, squares, hot - self.level_, penalty) + self.level_

            def loss(power: float, said: np.ndarray = said) -> float:
                return -float((softened * log_softmax(np.exp(power) * said, axis=1)).sum(axis=1).mean())

            found = minimize_scalar(loss, bounds=(-3.0, 6.0), method="bounded")
            if found.fun < best:
                best, self.penalty_, self.sharpness_ = found.fun, float(penalty), float(np.exp(found.x))
        self.weights_ = self._weights(rows, turned, squares, hot - self.level_, self.penalty_)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities (n, K) in the order of `classes_`."""
        said = self._said(X)
        probabilities: np.ndarray = softmax(self.sharpness_ * said, axis=1)
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest label of each row, shape (n,)."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: np.ndarray = self.classes_[codes]
        return labels


class MiniRocketRegressor(RegressorMixin, _Rocket):
    """The ridge for values; its penalty is the one with the least squared error of rows left out."""

    def fit(self, X: Any, y: Any) -> MiniRocketRegressor:
        """Learn from series X (n, channels + 1, steps) and values y (n,). Raises ValueError for NaN."""
        X, y = self._checked(X, y, y_numeric=True)
        wanted = np.asarray(y, dtype=np.float64)[:, None]
        self.level_ = wanted.mean(axis=0)
        rows, turned, squares = self._turned(X)
        usual = float(squares.mean()) if len(squares) else 1.0
        centred = wanted - self.level_
        losses = [
            float(((self._left_out(turned, squares, centred, penalty) - centred) ** 2).mean())
            for penalty in PENALTIES * usual
        ]
        self.penalty_ = float(PENALTIES[int(np.argmin(losses))] * usual)
        self.weights_ = self._weights(rows, turned, squares, centred, self.penalty_)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return values (n,) in the target's unit."""
        said: np.ndarray = self._said(X)[:, 0]
        return said


def _with_mask(X: np.ndarray) -> np.ndarray:
    return np.stack([X, np.ones_like(X)], axis=1) if X.ndim == 2 else X
