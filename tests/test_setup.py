"""The way in: which Python, which torch, what is installed again and what is not, and what the wheel carries."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CORE = [Requirement(line) for line in PROJECT["dependencies"]]
TEST = [Requirement(line) for line in PROJECT["optional-dependencies"]["test"]]
OPTIONAL = ("foundation", "images", "text")
EXTRAS = [Requirement(line) for extra in OPTIONAL for line in PROJECT["optional-dependencies"][extra]]
PINS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")
)


@pytest.fixture
def setup_env():
    """The set-up script as a module, fresh for each test."""
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "setup_env.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pip_calls(setup_env, monkeypatch):
    """Let pip only note what it is asked for; the environment is taken as made."""
    calls = []

    def pip(python, *arguments, quiet=False):
        calls.append(arguments)
        return True

    monkeypatch.setattr(setup_env, "pip", pip)
    monkeypatch.setattr(setup_env, "make_environment", lambda env: env.mkdir(exist_ok=True) or sys.executable)
    monkeypatch.setattr(setup_env, "prefer_cpu_torch", lambda python: None)
    return calls


@pytest.mark.parametrize("requirement", CORE + EXTRAS + TEST, ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned_within_its_range(requirement):
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])
    assert {clause.operator for clause in requirement.specifier} == {">=", "<"}


def test_pins_are_plain_versions():
    assert PINS["torch"] == "2.13.0"
    assert all(re.fullmatch(r"[0-9]+(\.[0-9a-z]+)+", version) for version in PINS.values())


def test_the_package_imports_only_what_it_declares():
    declared = {canonicalize_name(requirement.name) for requirement in CORE + EXTRAS}
    brought_along = {"advisor", "ray", "tabpfn"}  # ours, and what those bring who want it
    owners = packages_distributions()
    undeclared = {}
    for path in (ROOT / "advisor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for root in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - brought_along:
                if not declared & {canonicalize_name(owner) for owner in owners.get(root, [])}:
                    undeclared[root] = path.name
    assert undeclared == {}


def test_a_second_call_installs_nothing_and_extras_come_on_top(setup_env, pip_calls, tmp_path):
    env = tmp_path / "env"
    setup_env.install(env)
    setup_env.install(env)
    assert len(pip_calls) == 1 and pip_calls[0][-1] == str(ROOT)
    setup_env.install(env, "test")
    setup_env.install(env, "test")
    setup_env.install(env)
    assert len(pip_calls) == 2 and pip_calls[1][-1] == f"{ROOT}[test]"
    assert json.loads((env / "installed.json").read_text())["extras"] == ["test"]


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_installs_again(setup_env, pip_calls, monkeypatch, tmp_path, changed):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(setup_env, "ROOT", tmp_path)
    setup_env.install(tmp_path / "env")
    (tmp_path / changed).write_text((tmp_path / changed).read_text() + "\n")
    setup_env.install(tmp_path / "env")
    assert len(pip_calls) == 2


def test_a_failed_installation_is_told_and_tried_again(setup_env, pip_calls, monkeypatch, tmp_path, capsys):
    works = setup_env.pip
    monkeypatch.setattr(setup_env, "pip", lambda *arguments, **options: False)
    assert setup_env.main(["--env", str(tmp_path / "env")]) == 1
    assert "The installation failed" in capsys.readouterr().err
    monkeypatch.setattr(setup_env, "pip", works)
    assert setup_env.main(["--env", str(tmp_path / "env")]) == 0
    assert len(pip_calls) == 1


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ({"this": (3, 12), "python3.13": (3, 13)}, "this"),
        ({"this": (3, 9), "python3.11": (3, 11), "python3": (3, 9)}, "python3.11"),
        ({"this": (3, 10), "python3.14": (3, 14)}, "python3.14"),
    ],
)
def test_the_python_at_hand_is_kept_if_new_enough(setup_env, monkeypatch, versions, chosen):
    monkeypatch.setattr(setup_env.sys, "executable", "this")
    monkeypatch.setattr(setup_env, "version", versions.get)
    assert setup_env.find_python() == chosen


def test_an_old_python_is_answered_in_words(setup_env, monkeypatch):
    monkeypatch.setattr(setup_env, "version", {"python3": (3, 9)}.get)
    with pytest.raises(setup_env.SetupError, match=r"Python 3\.11 or newer is needed, and the newest found is 3\.9"):
        setup_env.find_python()


def test_a_command_that_does_not_run_has_no_version(setup_env, tmp_path):
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert setup_env.version(str(shim)) is None
    assert setup_env.version(str(tmp_path / "nothing")) is None
    assert setup_env.version(sys.executable) == sys.version_info[:2]


def test_a_folder_that_is_no_environment_is_left_alone(setup_env, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(setup_env.SetupError, match="is no virtual environment"):
        setup_env.make_environment(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


LOCAL, CPU_INDEX = "--no-index", "--index-url"


@pytest.mark.parametrize(
    ("platform", "gpu", "installed", "works", "asked", "warned"),
    [
        ("linux", False, False, {LOCAL, CPU_INDEX}, [LOCAL], False),
        ("linux", False, False, {CPU_INDEX}, [LOCAL, CPU_INDEX], False),
        ("linux", False, False, set(), [LOCAL, CPU_INDEX], True),
        ("linux", False, True, {LOCAL}, [], False),
        ("linux", True, False, {LOCAL}, [], False),
        ("darwin", False, False, {LOCAL}, [], False),
    ],
)
def test_which_torch(setup_env, monkeypatch, capsys, platform, gpu, installed, works, asked, warned):
    calls = []

    def pip(python, *arguments, quiet=False):
        calls.append(arguments)
        return arguments[0] in works

    monkeypatch.setattr(setup_env, "pip", pip)
    monkeypatch.setattr(setup_env.sys, "platform", platform)
    monkeypatch.setattr(setup_env, "has_nvidia_gpu", lambda: gpu)
    monkeypatch.setattr(setup_env, "has_torch", lambda python: installed)
    setup_env.prefer_cpu_torch("python")
    assert [call[0] for call in calls] == asked
    assert all("--no-deps" in call and "torch==2.13.0" in call[-1] for call in calls)
    assert ("several GB" in capsys.readouterr().err) == warned


def test_the_wheel_carries_cards_templates_and_styles_and_nothing_else(tmp_path):
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "advisor").rglob("*")
        if path.is_file() and path.suffix in {".py", ".j2", ".css", ".json"}
    }
    cards = {f"advisor/dataset_cards/{path.name}" for path in (ROOT / "datasets").glob("*.toml")}
    assert package | cards <= names
    assert {name.partition("/")[0] for name in names} == {"advisor", "neural_net_advisor-0.1.0.dist-info"}
