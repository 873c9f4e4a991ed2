"""Case -> Verdict: a bootstrapped choice, two readings, the answer, what to use, and what it costs."""
