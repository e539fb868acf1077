"""Packages as pip installs them, without pip: files and their metadata in a folder that is on Python's path."""

from collections.abc import Mapping
from pathlib import Path


def write_package(
    folder: Path, name: str, files: Mapping[str, str], points: Mapping[str, Mapping[str, str]], version: str = "1.0"
) -> None:
    """Write a package.

    Args:
        files: Sources by path.
        points: Entry points by group and name.
    """
    for path, source in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(source, encoding="utf-8")
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, values in points.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in values.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
