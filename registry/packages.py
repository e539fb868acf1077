"""Components of installed packages, found by their entry points: ``charbonnier = "my_losses.smooth:charbonnier"``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from registry.errors import UserError, message_of

_GROUPS = "bench."
"""What the names of the project's groups of entry points begin with."""


@dataclass(frozen=True)
class Package:
    """An installed package that offers components.

    Attributes:
        name: The distribution's name, as in ``pip install my-losses``.
        version: The distribution's.
        digest: A hash of the Python files of every import package that its entry points lie in.
    """

    name: str
    version: str
    digest: str

    @property
    def fingerprint(self) -> str:
        """Version and hash: records keep them, so that results of a changed package are not mixed."""
        return f"{self.version} {self.digest}"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def offers(group: str) -> dict[str, list[metadata.EntryPoint]]:
    """The entry points of a group by name, in the order of names; several have one name where packages collide.

    Raises:
        UserError: Those of some package are not written as entry points are.
    """
    found: dict[str, list[metadata.EntryPoint]] = {}
    for point in sorted(_entry_points(group), key=lambda point: (point.name, point.value)):
        found.setdefault(point.name, []).append(point)
    return found


def _entry_points(group: str) -> metadata.EntryPoints:
    try:
        return _all_entry_points(tuple(sys.path)).select(group=group)
    except Exception as error:
        for package in metadata.distributions():
            try:
                _ = package.entry_points
            except Exception:
                raise UserError(
                    f"The entry points of the installed package {package.name} cannot be read ({message_of(error)}): "
                    "install it again, or uninstall it."
                ) from error
        raise


@lru_cache(maxsize=1)
def _all_entry_points(_path: tuple[str, ...]) -> Any:
    """Of all groups, kept for a search path: a look for each group would read the files of every package again."""
    return metadata.entry_points()


def describe(points: Sequence[metadata.EntryPoint]) -> str:
    """The packages of entry points in words: ``the package my-losses 1.0``."""
    names = [f"{point.dist.name} {point.dist.version}" for point in points]
    return f"the packages {' and '.join(names)}" if len(names) > 1 else f"the package {names[0]}"


def load_factory(point: metadata.EntryPoint) -> Callable[..., Any]:
    """Import what an entry point names.

    Raises:
        UserError: It is no factory.
        Exception: Whatever the package's code raises.
    """
    factory = point.load() if ":" in point.value else None
    if not callable(factory):
        raise UserError(f"{point.value!r} is no factory; write module:factory")
    return factory


def installed(name: str) -> Package:
    """The package of this name as it is installed here.

    Raises:
        importlib.metadata.PackageNotFoundError: It is not.
    """
    distribution = metadata.distribution(name)
    modules = {point.module for point in distribution.entry_points if point.group.startswith(_GROUPS)}
    digest = hashlib.sha256()
    for root in sorted({root for module in modules for root in _roots(module)}):
        for file in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            digest.update(f"{file.relative_to(root.parent).as_posix()}\0".encode() + file.read_bytes())
    return Package(distribution.name, distribution.version, digest.hexdigest()[:16])


def check_installed(package: Package) -> None:
    """Make sure that this process knows a package as the process that planned the run does.

    Raises:
        UserError: It is not installed here, or another version or changed code of it.
    """
    try:
        found = installed(package.name)
    except metadata.PackageNotFoundError:
        raise UserError(
            f"The package {package}, of which this cell needs components, is not installed here: install it."
        ) from None
    if found != package:
        state = found if found.version != package.version else f"{found} with other code"
        raise UserError(
            f"This cell needs the package {package} as the run has it, and here is {state}: install the same."
        )


def _roots(module: str) -> Iterator[Path]:
    """The folder of the outermost import package that a module lies in, or its file; nothing of it is run.

    Namespace packages, which many distributions may share, are passed through.
    """
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = find_spec(".".join(parts[:depth]))
        if spec is None:
            return
        if spec.has_location:
            yield Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
            return
