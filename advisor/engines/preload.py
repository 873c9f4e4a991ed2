"""Loaded once by the process that workers are forked from, while the caller reads its data.

What only some learners need each worker loads when it meets the first of them; torch no comparison does without, and
two workers that load it at once wait seconds for it. What cannot be loaded here is told by whoever needs it.
"""

import signal
from contextlib import suppress
from importlib import import_module

MODULES = ("advisor.fitting.fold", "sklearn.ensemble", "sklearn.linear_model", "sklearn.neighbors", "torch")

# The process was started deaf to Ctrl-C, which reaches everyone on a terminal. While it loads that ends it without a
# word, and when it has loaded it leaves Ctrl-C to the caller.
signal.signal(signal.SIGINT, signal.SIG_DFL)
if hasattr(signal, "pthread_sigmask"):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
for module in MODULES:
    with suppress(Exception):
        import_module(module)
