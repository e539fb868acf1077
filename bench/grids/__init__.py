"""The grids that come with the project, and their names without what reads and checks whole ones."""

from __future__ import annotations

from pathlib import Path

from bench.yaml_files import read_yaml

GRIDS = Path(__file__).parent


def grid_names() -> dict[str, str]:
    """The grids that come with the project, with their descriptions."""
    files = sorted(GRIDS.glob("*.yaml"))
    return {file.stem: read_yaml(file.read_text(encoding="utf-8"))["description"] for file in files}
