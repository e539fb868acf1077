"""Colour the photographs that a call names."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.colorize.cells import SHEETS, best_line, choose_cells, folder_name, plugin_notes
from bench.colorize.networks import Networks, trained_size
from bench.colorize.painting import paint, to_grey
from bench.colorize.photographs import Photograph, find_photographs
from bench.colorize.sheet import draw_sheet, tile_size
from bench.executors.place import resolve_device
from bench.progress import Display
from bench.records import Record
from bench.report.stored import StoredRun
from bench.storage import exists, make_writable, replacing
from registry.datasets.base import UnreadablePictureError
from registry.datasets.whole_picture import WholePicture
from registry.errors import UserError

_COMPRESSION = 3
"""Of zlib's 9: photographs come out a few percent larger than at its default and in half of the time."""

_GREY_SPREAD = 2
"""Between red, green and blue of 0..255, that rounding leaves in a grey picture."""


@dataclass(frozen=True)
class Outcome:
    """What was done.

    Attributes:
        colored: Photographs.
        unreadable: Photographs that could not be read; each was named.
        cells: That coloured them.
        folder: Where everything is; the sheets are in `SHEETS` of it.
    """

    colored: int
    unreadable: int
    cells: int
    folder: Path

    @property
    def line(self) -> str:
        """What was done in one line."""
        photographs = f"{self.colored:,} photograph{'s' if self.colored != 1 else ''}"
        cells = f"{self.cells} cell{'s' if self.cells != 1 else ''}"
        left_out = f", {self.unreadable:,} could not be read" if self.unreadable else ""
        where = f"; side by side: {self.folder / SHEETS}" if self.colored else ""
        return f"{photographs} coloured by {cells}{left_out}{where}"


def colorize(
    paths: Sequence[Path],
    run_folder: Path,
    *,
    cells: Sequence[str],
    best: str | None,
    output: Path | None,
    size: int | None,
    device: str,
    overwrite: bool,
    display: Display,
) -> Outcome:
    """Write a coloured file for each photograph and cell, and a sheet for each photograph.

    Args:
        paths: Photographs, and folders of them.
        run_folder: Where the trained cells are.
        cells: Ids or beginnings of ids of the cells to colour with.
        best: Or a metric, to take the best cells by it.
        output: Folder to write to; ``colorized/<run>`` if not given.
        size: Pixels of the shorter side at which networks see photographs; as they were trained if not given.
        device: "auto", "cpu" or "cuda".
        overwrite: Whether files that exist are replaced.
        display: Shows what is done, and names photographs that cannot be read.

    Raises:
        UserError: A path, cell or metric is wrong, weights are missing, files exist already or cannot be written.
    """
    run = StoredRun(run_folder)
    chosen = choose_cells(run, cells, best)
    target = output or Path("colorized") / run.name
    photographs = find_photographs(paths, target)
    _check_files(target, photographs, chosen, overwrite=overwrite)
    for note in plugin_notes(chosen):
        display.say(note)
    networks = Networks(run_folder, chosen, resolve_device(device))
    make_writable(target, "--output")
    if best:
        for record in chosen:
            display.say(best_line(record, best))
    job = _Job(run.name, networks, chosen, target, size)
    bar, colored = display.task("colouring"), 0
    for place, photograph in enumerate(photographs):
        done, total = place * len(chosen), len(photographs) * len(chosen)
        bar(done, total)
        try:
            for number in job.steps(photograph):
                bar(done + number, total)
            colored += 1
        except UnreadablePictureError as error:
            display.say(f"not coloured: {photograph.path}: {error}")
    return Outcome(colored, len(photographs) - colored, len(chosen), target)


@dataclass(frozen=True)
class _Job:
    """What is done to every photograph."""

    run_name: str
    networks: Networks
    records: Sequence[Record]
    target: Path
    size: int | None

    def steps(self, photograph: Photograph) -> Iterator[int]:
        """Colour a photograph with every cell, and put the results side by side; gives how many cells are done.

        Raises:
            UnreadablePictureError: It cannot be read; nothing was written.
        """
        picture = WholePicture(photograph.path)
        tile = tile_size(*picture.size)
        original = picture.resized(*tile)
        framing = {"original": original}
        if not _is_grey(original):
            framing["grey"] = to_grey(original)
        tiles = []
        for record in self.records:
            ab = self.networks.color(record, picture, self.size or trained_size(record))
            painted = paint(picture, ab)
            _save(painted, self.target / folder_name(record) / photograph.output)
            tiles.append((record, _on_white(painted.resize(tile, Image.Resampling.LANCZOS))))
            yield len(tiles)
        width, height = picture.size
        heading = f"{_readable(photograph.path.name)}  ·  {width:,} × {height:,}"
        _save(draw_sheet(heading, self.run_name, framing, tiles), self.target / SHEETS / photograph.output)


def _check_files(
    target: Path, photographs: Sequence[Photograph], records: Sequence[Record], *, overwrite: bool
) -> None:
    """Refuse to write over a photograph of the call, whatever is asked, and unasked over any file."""
    folders = [*(folder_name(record) for record in records), SHEETS]
    files = [target / folder / photograph.output for photograph in photographs for folder in folders]
    originals = {os.path.realpath(photograph.path) for photograph in photographs}
    if lost := next((file for file in files if os.path.realpath(file) in originals), None):
        raise UserError(f"{lost} is a photograph of this call and would be written over: give another --output.")
    existing = [file for file in files if exists(file)]
    if existing and not overwrite:
        raise UserError(
            f"{len(existing):,} of the {len(files):,} files to write exist already, the first is {existing[0]}: give "
            "--overwrite to replace them, or another folder with --output."
        )


def _save(picture: Image.Image, path: Path) -> None:
    with _saving(path), replacing(path) as temporary:
        picture.save(temporary, format="PNG", compress_level=_COMPRESSION)


@contextlib.contextmanager
def _saving(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UnreadablePictureError("its name is too long to write a coloured file under it") from error
        raise UserError(
            f"Cannot write {path}: {error.strerror or error}; make room there or make its folder writable, then give "
            "the same command with --overwrite."
        ) from error


def _is_grey(picture: Image.Image) -> bool:
    """Whether an RGB picture is as the networks see it already."""
    return int(np.ptp(np.asarray(picture), axis=2).max()) <= _GREY_SPREAD


def _readable(name: str) -> str:
    """A file's name without bytes that are no letters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    return Image.composite(picture.convert("RGB"), Image.new("RGB", picture.size, "white"), picture.getchannel("A"))
