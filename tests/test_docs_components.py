"""The pages on components of one's own: what they show is saved and run as they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from made_up_packages import write_package
from PIL import Image

from registry import DATASETS

DOCS = Path(__file__).parent.parent / "docs"
TINY = ["--set", "sample_pictures=2", "--set", "epochs=1"]


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def _files(page: str) -> dict[str, str]:
    """The files that a page shows, by the name in their first line."""
    blocks = [*_blocks(page, "python"), *_blocks(page, "toml")]
    return {block.partition("\n")[0].removeprefix("# "): block for block in blocks}


def _commands(page: str) -> list[str]:
    lines = "".join(_blocks(page, "sh")).replace("\\\n", "").splitlines()
    return [line.removeprefix("python ") for line in lines if line.startswith("python -m bench ")]


COMMANDS = _commands("own-components.md")


@pytest.fixture
def folder(tmp_path):
    """Where the reader works: the files of the page, and photographs in three folders."""
    for name, content in _files("own-components.md").items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    flowers = DATASETS["synthetic-flowers"].factory(n_train=24, n_validation=8, n_test=8)
    for split, keys in flowers.keys().items():
        (tmp_path / "photos" / split).mkdir(parents=True)
        for number, key in enumerate(keys):
            Image.fromarray(flowers.read(key, 64)).save(tmp_path / "photos" / split / f"{number}.jpg")
    return tmp_path


def _bench(command: str, folder: Path, *more: str, site: Path | None = None) -> str:
    path = [str(site)] if site else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*path, *sys.path])}
    script = f'"{sys.executable}" {command} {" ".join(more)}'
    done = subprocess.run(script, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("own-loss", "charbonnier(epsilon=5)"),
        ("own-network", "dilated"),
        ("own-dataset", "split-folders(path=photos)"),
        ("own-metric", "| hue error ↓ | Mean angle between predicted and true hue"),
    ],
)
def test_each_example_stands_in_the_report(folder, name, shown):
    (command,) = [one for one in COMMANDS if one.endswith(f"--name {name}")]
    _bench(command, folder, *TINY)
    assert shown in (folder / "reports" / name / "report.md").read_text(encoding="utf-8")


def test_no_example_is_longer_than_a_screen():
    for name, content in _files("own-components.md").items():
        assert len([line for line in content.splitlines() if line.strip()]) <= 30, name


@pytest.mark.slow
def test_the_package_of_the_page_is_found_once_installed(folder, tmp_path):
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no TOML reader.")
    files = _files("own-components.md")
    project = tomllib.loads(files["pyproject.toml"])
    sources = {f"{module}.py": files[f"{module}.py"] for module in project["tool"]["setuptools"]["py-modules"]}
    about = project["project"]
    site = tmp_path / "site"
    write_package(site, about["name"], sources, about["entry-points"], about["version"])
    for path in tmp_path.glob("my_*.py"):
        path.unlink()  # only what is installed counts
    lists, run = COMMANDS[-2:]
    found = _bench(lists, folder, site=site)
    for shown in ("charbonnier(epsilon=1)", "dilated(depth=4, width=16)", "split-folders(path)", "hue_error\n"):
        assert shown in found
    _bench(run, folder, *TINY, site=site)
    report = (folder / "reports" / "own-package" / "report.md").read_text(encoding="utf-8")
    assert "dilated" in report
    assert "charbonnier" in report
    assert "hue_error" in (folder / "results" / "own-package" / "results.csv").read_text(encoding="utf-8")


def test_the_tutorial_sets_up_as_the_readme_does():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    install = _blocks("tutorial.md", "sh")[0].splitlines()[0]
    assert f"{install} && " in readme


@pytest.mark.slow
def test_the_tutorial_ends_with_the_loss_next_to_l1(tmp_path):
    for name, content in _files("tutorial.md").items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    listing, *rest = _commands("tutorial.md")
    assert "vivid-l1(strength=5)" in _bench(listing, tmp_path)
    for command in rest:
        _bench(command, tmp_path)
    report = (tmp_path / "reports" / "own" / "report.md").read_text(encoding="utf-8")
    for loss in ("l1", "vivid-l1", "vivid-l1(strength=20)"):
        assert loss in report
    assert (tmp_path / "reports" / "own" / "report.html").exists()
