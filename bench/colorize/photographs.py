"""Which photographs a call names, and what their files are called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.colorize.cells import is_folder_name
from registry.datasets.folder import EXTENSIONS, walk_files
from registry.errors import UserError


@dataclass(frozen=True)
class Photograph:
    """A file to colour.

    Attributes:
        path: As the call leads to it.
        output: Its place in a folder of coloured ones, relative to that.
    """

    path: Path
    output: Path


def find_photographs(paths: Sequence[Path], output: Path) -> list[Photograph]:
    """The files that a call names and the pictures in and below its folders, each once.

    A coloured file is named after its photograph, with its place below a folder of the call. Where two would share a
    name, as of ``a/1.jpg`` and ``b/1.jpg`` or of ``1.jpg`` and ``1.png``, all are called by their whole names, with
    their places below the folder that they have in common.

    Args:
        paths: Files and folders.
        output: Where coloured ones are written: what lies there is looked at only if the call names it.

    Raises:
        UserError: A path leads nowhere, or a folder cannot be listed or has no pictures.
    """
    found = {}
    for path in paths:
        for file, name in _photographs_of(path, output):
            found.setdefault(_place(file), Photograph(file, name.with_suffix(".png")))
    taken = Counter(str(one.output).casefold() for one in found.values())
    if len(taken) == len(found):
        return list(found.values())
    common = Path(os.path.commonpath([whole.parent for whole in found]))
    return [Photograph(one.path, Path(f"{whole.relative_to(common)}.png")) for whole, one in found.items()]


def _photographs_of(path: Path, output: Path) -> Iterator[tuple[Path, Path]]:
    """Each file and its name below the path."""
    try:
        exists = path.exists()
    except OSError as error:
        raise UserError(f"The path {str(path)!r} leads nowhere: {error.strerror}.") from None
    if not exists:
        raise UserError(f"There is no photograph or folder {str(path)!r}.")
    if path.is_file():
        yield path, Path(path.name)
        return
    if not path.is_dir():
        raise UserError(f"{str(path)!r} is neither a file nor a folder.")
    try:
        # A broken link is named as what cannot be read; to read from a pipe would wait for ever.
        files = [file for file in walk_files(path) if file.is_file() or not file.exists()]
    except OSError as error:
        raise UserError(f"The folder {str(error.filename)!r} cannot be listed: {error.strerror}.") from None
    files = sorted(file for file in files if file.suffix.lower() in EXTENSIONS and not _is_colored(file, path, output))
    if not files:
        allowed = ", ".join(extension.lstrip(".") for extension in EXTENSIONS)
        raise UserError(f"The folder {str(path)!r} has no photographs in it: files may end in {allowed}.")
    for file in files:
        yield file, file.relative_to(path)


def _is_colored(file: Path, path: Path, output: Path) -> bool:
    """Whether a file of a folder is one that an earlier call wrote: to colour it again is never what is meant.

    Where photographs lie in the very folder that is written to, only those in the folders of results are.
    """
    place, written = _place(file), _place(output)
    if written not in place.parents:
        return False
    return written != _place(path) or is_folder_name(place.relative_to(written).parts[0])


def _place(path: Path) -> Path:
    """Where a path leads, without raising where links lead in a circle."""
    return Path(os.path.realpath(path))
