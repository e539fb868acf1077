"""The grids that come with the project, and their names without what reads and checks whole ones."""

from __future__ import annotations

from pathlib import Path

from bench.yaml_files import read_yaml

GRIDS = Path(__file__).parent


def grid_names() -> dict[str, str]:
    """The grids that come with the project, with their descriptions."""
    contents = {path.stem: read_yaml(path.read_text(encoding="utf-8")) for path in sorted(GRIDS.glob("*.yaml"))}
    return {name: content["description"] for name, content in contents.items()}
