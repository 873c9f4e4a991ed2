"""Every kind of fault that is tried, and what has to be said of it."""

from __future__ import annotations

from tests.faults.broken import NET, Fault, from_fold

UNPICKLED = (
    'error = type("Odd", (Exception,), {"__str__": lambda self: 1 / 0})(); error.lock = threading.Lock(); raise error'
)
# What the kernel does to a process that takes too much, done by another process that watches it: at 200 MB.
OOM_KILLER = (
    "subprocess.Popen([sys.executable, '-S', '-c', \"import os, sys, time\\n"
    "pid = int(sys.argv[1])\\n"
    "def pages(): return int(open(f'/proc/{pid}/statm').read().split()[1])\\n"
    "start = pages()\\n"
    "while os.getppid() == pid and pages() < start + 50_000: time.sleep(0.01)\\n"
    'os.kill(pid, 9)", str(os.getpid())])\n'
    "        kept = []\n"
    "        while True: kept.append(np.ones(250_000)); time.sleep(0.005)"
)
# So much more than it has, and no more, may a process take.
LIMITED = (
    "limits = resource.getrlimit(resource.RLIMIT_AS); used = int(open('/proc/self/statm').read().split()[0]) * 4096\n"
    "        resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, limits[1]))\n"
    "        kept = []\n"
    "        try:\n"
    "            while True: kept.append(np.ones(1_000_000))\n"
    "        finally: kept.clear(); resource.setrlimit(resource.RLIMIT_AS, limits)"
)
NOISE = (
    "print('noise ' * 500_000); os.write(1, b'x' * 2_000_000); os.write(2, b'y' * 2_000_000); "
    "print('z' * 999_999, file=sys.stderr); warnings.warn('much'); input"
)
PACKAGE = "needs the package {}, which cannot be imported"

CRASHES = {
    "raises": Fault(r"ValueError: of purpose \(fit in raises\.py\)", fit="raise ValueError('of\\n purpose')"),
    "raises_late": Fault(r"2 of 5 folds; fold 3: ValueError: then", fit=from_fold(2, "raise ValueError('then')")),
    "raises_odd": Fault(r"Odd \(fit in", fit=UNPICKLED),
    "build_raises": Fault(r"KeyError: 'no such'", build="raise KeyError('no such')"),
    "exits": Fault(r"SystemExit: 3", fit="sys.exit(3)"),
    "interrupts": Fault(r"KeyboardInterrupt \(fit in", fit="raise KeyboardInterrupt"),
    "ends_itself": Fault(r"its process ended with status 0", fit="os._exit(0)"),
    "ends_badly": Fault(r"its process ended with status 3", fit="os._exit(3)"),
    "aborts": Fault(r"signal 6 \(SIGABRT\)", fit="os.abort()"),
    "segfault": Fault(r"signal 11 \(SIGSEGV\)", fit="ctypes.string_at(0)"),
    "crashes_late": Fault(r"2 of 5 folds; fold 3: .*SIGSEGV", fit=from_fold(2, "ctypes.string_at(0)")),
    "closes_files": Fault(r"its process ended", fit="os.closerange(3, 4096)"),
}
MEMORY = {
    "killed": Fault(r"signal 9 \(SIGKILL\)", fit="os.kill(os.getpid(), signal.SIGKILL)"),
    "oom": Fault(r"signal 9 \(SIGKILL\).*memory", fit=OOM_KILLER),
    "leak": Fault(r"MemoryError", fit=LIMITED),
}
HANGS = {
    "hangs": Fault(r"stopped after|budget ran out", fit="time.sleep(10_000)"),
    "hangs_busily": Fault(r"stopped after|budget ran out", fit="re.match('(a+)+$', 'a' * 60 + 'b')"),
    "deaf": Fault(
        r"stopped after|budget ran out",
        fit="[signal.signal(n, signal.SIG_IGN) for n in (15, 2, 1)]; time.sleep(10_000)",
    ),
}
WAITS = {
    # A function of C that keeps the lock which every thread of the process would need.
    "hangs_in_c": Fault(r"stopped after|budget ran out", fit="ctypes.PyDLL(None).sleep(10_000)"),
    "import_hangs": Fault(
        r"stopped after|budget ran out", requires=("sleeping_package",),
        files={"sleeping_package/__init__.py": "import time; time.sleep(10_000)"},
    ),
}  # fmt: skip
ANSWERS = {
    "nan": Fault(r"not finite", predict="answer[:] = np.nan"),
    "nan_some_rows": Fault(r"not finite", predict="answer[::17] = np.nan"),
    "infinite": Fault(r"not finite", predict="answer[:, 0] = np.inf"),
    "too_few_rows": Fault(r"shape \(59, 2\) where \(60, 2\)", predict="answer = answer[1:]"),
    "too_many_columns": Fault(r"shape \(60, 4\) where", predict="answer = np.hstack([answer, answer])"),
    "one_column": Fault(r"shape \(60,\) where", predict="answer = answer[:, 1]"),
    "none": Fault(r"shape \(\) where", predict="answer = None"),
    "words": Fault(r"ValueError.*yes", predict="answer = np.full(answer.shape, 'yes')"),
    "negative": Fault(r"a probability of -0", predict="answer = answer - 0.5"),
    "not_to_one": Fault(r"sum to 3 rather than 1", predict="answer = answer * 3"),
}
PACKAGES = {
    "missing": Fault(r"needs the package no_such_package, which is not installed", requires=("no_such_package",)),
    "import_raises": Fault(
        PACKAGE.format("raising_package") + r".*libx\.so", requires=("raising_package",),
        files={"raising_package/__init__.py": "raise OSError('libx.so: cannot open shared object file')"},
    ),
    "import_exits": Fault(
        PACKAGE.format("exiting_package"), requires=("exiting_package",),
        files={"exiting_package/__init__.py": "import sys; sys.exit(1)"},
    ),
    "import_crashes": Fault(
        r"signal 6", requires=("crashing_package",), files={"crashing_package/__init__.py": "import os; os.abort()"},
    ),
}  # fmt: skip
MANNERS = {
    "slow": Fault(None, fit="time.sleep(0.5)"),
    "noisy": Fault(None, fit=NOISE),
    "changes_inputs": Fault(None, fit="X.setflags(write=True); X[:] = 0; y[:] = y[::-1]"),
    "seeds": Fault(None, fit="np.random.seed(7); random.seed(7)"),
    "threads": Fault(None, fit="os.environ.update(OMP_NUM_THREADS='64', MKL_NUM_THREADS='64')"),
    "strict": Fault(None, fit="warnings.simplefilter('error'); np.seterr(all='raise')"),
    "moves": Fault(None, fit="place = tempfile.mkdtemp(); os.chdir(place); shutil.rmtree(place)"),
    "tramples": Fault(None, fit=from_fold(4, "[open(file, 'w').close() for file in glob.glob('run/folds/*.joblib')]")),
    "leaves_threads": Fault(None, fit="threading.Thread(target=time.sleep, args=(10_000,)).start()"),
    "leaves_children": Fault(None, fit="subprocess.Popen(['sleep', '10000'])"),
    "leaves_orphans": Fault(
        r"its process ended with status 1", fit="subprocess.Popen(['sleep', '10000']); os._exit(1)"
    ),
}
NETS = {"nan_loss": Fault(r"loss became NaN or infinite", code=NET)}

GROUPS = {
    "crashes": CRASHES, "memory": MEMORY, "hangs": HANGS, "waits": WAITS, "answers": ANSWERS, "packages": PACKAGES,
    "manners": MANNERS,
}  # fmt: skip
