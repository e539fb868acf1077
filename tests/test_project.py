"""Promises of the project's own files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _commands(path):
    return re.findall(r"```sh\n(.*?)```", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL)


def test_ci_runs_exactly_the_test_command_of_the_readme():
    (command,) = [one.strip() for one in _commands("README.md") if "pytest" in one]
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_first_command_of_the_readme_is_the_main_job():
    assert _commands("README.md")[0].strip().endswith("python -m bench run --grid full")


@pytest.mark.parametrize("package", ["registry", "bench"])
def test_imports_run_one_way(package):
    forbidden = {
        "registry": r"^\s*(?:from|import) bench\b",
        "bench": r"^\s*(?:from|import) bench\.(?:cli|commands)\b",
    }[package]
    for path in (ROOT / package).rglob("*.py"):
        if path.name in ("__main__.py", "cli.py") or path.parent.name == "commands":
            continue
        assert not re.search(forbidden, path.read_text(encoding="utf-8"), re.MULTILINE), path


def test_every_package_is_listed_for_installation():
    listed = set(re.findall(r'^  "((?:bench|registry)[\w.]*)",$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for name in ("bench", "registry")
        for path in (ROOT / name).rglob("__init__.py")
    }
    assert listed == found
