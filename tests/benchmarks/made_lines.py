"""Made-up lines of the record, whose figures are simple enough to be known beforehand."""

OPTIONS = ("classical", "neural", "classical_blend", "blend")


def reading(gain, p_worth, sides=("classical", "neural"), spread=0.1, min_gain=0.02):
    without, with_nets = sides
    return {
        "gain": {"estimate": gain, "low": gain - spread, "high": gain + spread, "level": 0.9}, "p_worth": p_worth,
        "min_gain": min_gain, "detectable_gain": 0.1, "without": {"which": without, "learner": "linear"},
        "with": {"which": with_nets, "learner": "realmlp"},
    }  # fmt: skip


def line(answer="worth_it", how="alone", true=(0.2, 0.1), rows=500, handed=0.18, table="d", seed=2, se=0.01):
    """A draw whose net gains truly 0.2 as theta alone, 0.1 in company; CatBoost as shipped errs 0.2."""
    both = {"error": 0.18, "latency_p50_ms": 1.0, "latency_p99_ms": 2.0, "model_mb": 1.0}
    folds = {"error": 0.17, "latency_p50_ms": 4.0, "latency_p99_ms": 8.0, "model_mb": 5.0}
    return {
        "key": f"{rows}-{table}-{seed}", "dataset": table, "rows": rows, "seed": seed, "task": "binary",
        "metric": "roc_auc", "answer": answer, "how": how, "min_gain": 0.02, "code": "abc", "load": 1.0,
        "learners": ["catboost", "realmlp"], "rows_used": rows, "rows_judged": 800,
        "readings": {
            "alone": reading(0.15, 0.99), "in_company": reading(0.3, 0.6, ("classical_blend", "blend"), spread=0.05)
        },
        "effects": {"classical/neural": [true[0], se], "classical_blend/blend": [true[1], se]},
        "true": {"alone": [true[0], se], "in_company": [true[1], se]},
        "errors": {"handed": handed, "catboost": 0.2, "dummy": 0.5},
        "options": {
            which: {"members": {"linear": 1.0}, "cut_short": [], "refits": dict(both), "folds": dict(folds),
                    "nets_folds": dict(folds), "handed": dict(both)}
            for which in OPTIONS
        },
        "recommended": {"which": "blend", "fitted_on": "folds", "problems": []},
        "cost": {"ours": 10.0, "nested": 200.0}, "first_seconds": 20.0,
        "budget_seconds": {500: 120.0, 2_000: 300.0, 10_000: 600.0}[rows], "spent_seconds": 58.0,
        "answered_seconds": None, "status": "ok",
    }  # fmt: skip


def published(table, verdict, p_worth, answer="too_close_to_call", how=None):
    """A whole table with what was published of it."""
    own = line(answer, how, table=table)
    left_out = ("true", "effects", "errors", "options", "cost", "seed")
    kept = {name: value for name, value in own.items() if name not in left_out}
    readings = {"alone": reading(0.1, p_worth), "in_company": None}
    return {**kept, "key": table, "readings": readings, "budget_seconds": 300.0, "source": "TabArena",
            "published": verdict, "published_gain": 0.05 if verdict == "nn" else -0.05}  # fmt: skip


def peer(name, error, seconds=120.0, draw="500-d-2", over=0.0):
    """What a peer made of a draw; the constant errs 0.5."""
    return {"key": f"{draw}-{name}-{seconds:g}", "draw": draw, "dataset": draw.split("-")[1], "peer": name,
            "budget_seconds": seconds, "error": error, "dummy": 0.5, "overrun_seconds": over,
            "code": "abc"}  # fmt: skip
