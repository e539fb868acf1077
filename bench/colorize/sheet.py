"""All colourings of one photograph side by side, labelled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from bench.colorize.cells import ID_LETTERS
from bench.records import Record
from bench.report.style import INK, label

_TILE_AREA = 320**2
_WIDEST_TILE, _HIGHEST_TILE = 640, 480
_MARGIN, _GAP = 24, 12
_FAINT = "#6a6a6a"
_LABEL_LETTERS = 32


def tile_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of a photograph on a sheet: its shape kept, all shapes about equally large."""
    scale = math.sqrt(_TILE_AREA / (width * height))
    scale = min(scale, _WIDEST_TILE / width, _HIGHEST_TILE / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


@dataclass(frozen=True)
class _Row:
    """Titles over tiles, and a label at the left of them; a tile of None is a hole."""

    label: str
    titles: list[str]
    tiles: list[Image.Image | None]


def draw_sheet(
    heading: str, run_name: str, framing: Mapping[str, Image.Image], cells: Sequence[tuple[Record, Image.Image]]
) -> Image.Image:
    """A matrix of colourings: what the cells differ in is on its axes, what they share under the heading.

    Args:
        heading: The photograph's name and size.
        run_name: The cells' run.
        framing: By title, what the colourings are to be compared with: the original and what the networks see.
        cells: Each with its tile, in the order of the grid; all tiles, those of ``framing`` included, of one size.
    """
    axis, places = _axes([record for record, _ in cells])
    columns = list(dict.fromkeys(column for column, _ in places))
    labels = list(dict.fromkeys(row for _, row in places))
    tiles = {place: tile for place, (_, tile) in zip(places, cells, strict=True)}
    rows = [_Row(row, columns, [tiles.get((column, row)) for column in columns]) for row in labels]
    if len(rows) == 1:
        rows = [_Row(labels[0], [*framing, *columns], [*framing.values(), *rows[0].tiles])]
    else:
        rows = [_Row("", list(framing), list(framing.values())), *rows]
    shared = [
        f"{kind} {value}" if kind == "seed" else value
        for kind, value in _parts(cells[0][0]).items()
        if kind != axis and len({_parts(record)[kind] for record, _ in cells}) == 1
    ]
    return _compose([heading, " · ".join([f"run {run_name}", *shared])], rows)


def _parts(record: Record) -> dict[str, str]:
    return {
        "loss": record.loss or "",
        "architecture": record.architecture,
        "dataset": record.dataset,
        "seed": str(record.seed),
    }


def _axes(records: Sequence[Record]) -> tuple[str, list[tuple[str, str]]]:
    """What columns are of, and the column and row of each cell; all in one row where most of a matrix were holes."""
    varying = [kind for kind in _parts(records[0]) if len({_parts(record)[kind] for record in records}) > 1]
    axis = varying[0] if varying else "loss"
    places: list[tuple[str, str]] = []
    for record in records:
        parts = _parts(record)
        column = f"seed {parts[axis]}" if axis == "seed" else parts[axis]
        lines = [f"seed {parts[kind]}" if kind == "seed" else parts[kind] for kind in varying if kind != axis]
        place = (column, "\n".join(lines))
        # Cells of a run that differ in something else, such as a setting.
        places.append((column, "\n".join([*lines, record.cell_id[:ID_LETTERS]])) if place in places else place)
    columns, rows = (len(set(several)) for several in zip(*places, strict=True))
    if min(columns, rows) > 1 and 2 * len(places) <= columns * rows:
        return axis, [("\n".join(place), "") for place in places]
    return axis, places


def _compose(headings: list[str], rows: list[_Row]) -> Image.Image:
    width, height = next(tile.size for row in rows for tile in row.tiles if tile)
    title_font, font, small = _font(22, bold=True), _font(17), _font(15)
    labels = [_wrapped(row.label, _LABEL_LETTERS) for row in rows]
    # A narrow photograph's columns are as wide as their titles need.
    column = max(width, 150)
    titles = [[_wrapped(title, round(column / (0.6 * font.size))) for title in row.titles] for row in rows]
    left = _MARGIN + (max(_extent(text, font)[0] for text in labels) + 16 if any(labels) else 0)
    heading = _extent(headings[0], title_font)[1] + 8 + _extent(headings[1], small)[1] + 20
    # Titles are written once above rows that share them.
    heights = [
        max(_extent(text, font)[1] for text in several) + 8 if place == 0 or several != titles[place - 1] else 0
        for place, several in enumerate(titles)
    ]
    row_heights = [max(height, _extent(text, font)[1]) for text in labels]
    most = max(len(row.tiles) for row in rows)
    text_width = max(_extent(headings[0], title_font)[0], _extent(headings[1], small)[0]) + _MARGIN
    size = (
        max(left + most * (column + _GAP) - _GAP, text_width) + _MARGIN,
        _MARGIN + heading + sum(heights) + sum(row_heights) + (len(rows) - 1) * _GAP + _MARGIN,
    )
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN), headings[0], INK, title_font)
    draw.text((_MARGIN, _MARGIN + _extent(headings[0], title_font)[1] + 8), headings[1], _FAINT, small)
    y = _MARGIN + heading
    for row, text, several, above, row_height in zip(rows, labels, titles, heights, row_heights, strict=True):
        y += above
        draw.multiline_text((left - 16, y + row_height // 2), text, INK, font, anchor="rm", align="right")
        for place, tile in enumerate(row.tiles):
            middle = left + place * (column + _GAP) + column // 2
            if above:
                draw.multiline_text((middle, y - 8), several[place], INK, font, anchor="md", align="center")
            if tile:
                sheet.paste(tile, (middle - width // 2, y + (row_height - height) // 2))
        y += row_height + _GAP
    return sheet


def _wrapped(text: str, letters: int) -> str:
    return "\n".join(label(line, letters, 2) for line in text.split("\n")) if text else ""


def _extent(text: str, font: ImageFont.FreeTypeFont) -> tuple[int, int]:
    box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font)
    return math.ceil(box[2]), math.ceil(box[3])


def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    family = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return ImageFont.truetype(font_manager.findfont(family), size)
