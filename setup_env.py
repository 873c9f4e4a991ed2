"""Make a virtual environment and install this package into it; do nothing where that has been done already.

Law: the standard library only, and syntax that any Python 3 can read, because this is what finds a Python that fits.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
COMMANDS = ("python3.13", "python3.12", "python3.11", "python3.14", "python3", "python")
# PyTorch publishes its CPU builds for Linux here and nowhere else; the default build there is for NVIDIA GPUs.
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class SetupError(Exception):
    """The environment cannot be made; the text says why, and what to do."""


def main(arguments=None):
    """Read the command line and install; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extra", help="optional dependencies to add, for example: test")
    parser.add_argument("--env", type=Path, default=ROOT / ".venv", help="folder of the environment (default: .venv)")
    parser.add_argument("--package", type=Path, help="a wheel to install instead of this checkout")
    options = parser.parse_args(arguments)
    try:
        install(options.env.absolute(), options.extra, options.package)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def install(env, extra=None, package=None):
    """Bring the environment up to date with pyproject.toml and constraints.txt, with `extra` if one is named.

    A stamp in the environment remembers for which state of these files, and with which extras, it was last done.
    """
    stamp = env / "installed.json"
    state = fingerprint(package)
    done = json.loads(stamp.read_text()) if stamp.exists() else {}
    extras = done["extras"] if done.get("state") == state else []
    wanted = [extra] if extra else []
    if done.get("state") == state and set(wanted) <= set(extras):
        return
    python = make_environment(env)
    if stamp.exists():
        stamp.unlink()
    print(f"Installing into {env}; the first time takes some minutes.", file=sys.stderr, flush=True)
    prefer_cpu_torch(python)
    target = f"{package or ROOT}[{extra}]" if extra else str(package or ROOT)
    if not pip(python, "-c", str(ROOT / "constraints.txt"), *([target] if package else ["-e", target])):
        raise SetupError("The installation failed; the lines above say why. The same command tries again.")
    stamp.write_text(json.dumps({"state": state, "extras": sorted(set(extras + wanted))}))


def fingerprint(package=None):
    """Return a hash of all that decides what is installed; where the checkout lies is part of it."""
    digest = hashlib.sha256(str(package or ROOT).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_environment(env):
    """Return the Python of the environment; make it first where there is none, or one that is broken or too old."""
    python = env / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists() and (version(str(python)) or (0,)) >= OLDEST:
        return str(python)
    if env.exists() and any(env.iterdir()) and not (env / "pyvenv.cfg").exists():
        raise SetupError(f"{env} exists and is no virtual environment; move it away.")
    made = subprocess.run([find_python(), "-m", "venv", "--clear", str(env)], stdout=subprocess.PIPE)
    if made.returncode:
        raise SetupError("Python could not make {}: {}".format(env, made.stdout.decode(errors="replace").strip()))
    return str(python)


def find_python():
    """Return the command of a Python that is new enough: the one running this if it is, else the first one that is."""
    found = {}
    for command in (sys.executable, *COMMANDS):
        found[command] = version(command)
        if found[command] and found[command] >= OLDEST:
            return command
    newest = max(filter(None, found.values()), default=None)
    seen = "the newest found is {}.{}".format(*newest) if newest else "none was found"
    raise SetupError(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, and {seen}. Install one and run the same command again; "
        "PYTHON=/path/to/python names one that is not on the PATH."
    )


def version(command):
    """Return (major, minor) of a Python command, or None where it does not run."""
    try:
        told = subprocess.check_output(
            [command, "-c", "import sys; print(*sys.version_info[:2])"], stderr=subprocess.DEVNULL
        )
        return tuple(int(part) for part in told.split())
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def prefer_cpu_torch(python):
    """On Linux without an NVIDIA GPU, install a CPU build of torch: a local file, else PyTorch's own, else warn.

    The default build for Linux brings gigabytes that only such a GPU can use.
    """
    if sys.platform != "linux" or has_nvidia_gpu() or has_torch(python):
        return
    pin = next(line for line in (ROOT / "constraints.txt").read_text().split() if line.startswith("torch=="))
    if pip(python, "--no-index", "--no-deps", pin, quiet=True):
        return
    brief = ("--timeout", "20", "--retries", "1")
    if pip(python, "--index-url", TORCH_CPU_INDEX, "--no-deps", *brief, pin + "+cpu", quiet=True):
        return
    print(
        "No CPU build of torch could be had, so the default one follows: several GB, most of it for a GPU.",
        file=sys.stderr,
        flush=True,
    )


def has_nvidia_gpu():
    """Tell whether the NVIDIA driver is loaded, or its tool lists a GPU."""
    if os.path.exists("/proc/driver/nvidia/version"):
        return True
    tool = shutil.which("nvidia-smi")
    return tool is not None and b"GPU" in subprocess.run([tool, "-L"], stdout=subprocess.PIPE).stdout


def has_torch(python):
    """Tell whether the environment has a torch already."""
    ask = "import importlib.metadata as packages; packages.version('torch')"
    return subprocess.run([python, "-c", ask], **SILENT).returncode == 0


def pip(python, *arguments, quiet=False):
    """Run `pip install` showing errors only, or nothing where `quiet`; tell whether it succeeded."""
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    return subprocess.run(command + list(arguments), **(SILENT if quiet else {})).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
