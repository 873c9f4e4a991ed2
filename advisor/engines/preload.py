"""Loaded once by the process that workers are forked from, while the caller reads its data.

What only some learners need each worker loads when it meets the first of them; torch no comparison does without, and
two workers that load it at once wait seconds for it. What cannot be loaded here is told by whoever needs it.
"""

import atexit
import os
import signal
import threading
from contextlib import suppress
from importlib import import_module

from advisor.engines.local import silence

LOOK_EVERY_SECONDS = 0.1
MODULES = ("advisor.fitting.fold", "sklearn.ensemble", "sklearn.linear_model", "sklearn.neighbors", "torch")

# The process was started deaf to Ctrl-C, which reaches everyone on a terminal. While it loads that ends it without a
# word, and when it has loaded it leaves Ctrl-C to the caller.
signal.signal(signal.SIGINT, signal.SIG_DFL)
if hasattr(signal, "pthread_sigmask"):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
silence()


def _end_with_caller() -> None:
    """End at once when the caller does, who may have no time left."""
    while not loaded.wait(LOOK_EVERY_SECONDS):
        if os.getppid() != caller:
            os._exit(1)


loaded, caller = threading.Event(), os.getppid()
watch = threading.Thread(target=_end_with_caller, name="advisor-caller", daemon=True)
watch.start()
for module in MODULES:
    with suppress(Exception):
        import_module(module)
loaded.set()
watch.join()  # nobody is forked from two threads
# Later the server ends when its caller does; what it has loaded is not taken apart first, which takes a second.
atexit.register(os._exit, 0)
