"""Sheets of equally large pictures in rows and columns, composed pixel for pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from bench.report.style import HOLE, INK, label

_GAP, _WIDE_GAP = 4, 18
_SHOWN_WIDTH, _LABELS_WIDTH = 900, 110
_LARGEST = 256


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows and columns.

    Attributes:
        columns: Titles.
        rows: Labels at the left.
        tiles: Per row and column a picture ``(S, S, 3)`` uint8, or the words that stand in a hole's place.
        size: S.
        least: Smaller pictures are enlarged by a whole factor to at least this many pixels.
        group: A wider gap follows after each so many columns; 0 for none.
    """

    columns: list[str]
    rows: list[str]
    tiles: list[list[np.ndarray | str]]
    size: int
    least: int = 128
    group: int = 0

    @cached_property
    def tile(self) -> int:
        """Pixels of a tile's side."""
        return min(self.size, _LARGEST) * max(1, -(-self.least // self.size))

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Left and top of a tile."""
        wide = column // self.group * (_WIDE_GAP - _GAP) if self.group else 0
        return self._left + column * (self.tile + _GAP) + wide, self._top + row * (self.tile + _GAP)

    def save(self, path: Path) -> None:
        """Write the sheet as a PNG."""
        width, height = (edge + self.tile for edge in self.place(len(self.rows) - 1, len(self.columns) - 1))
        image = Image.new("RGB", (width, height), "white")
        draw = ImageDraw.Draw(image)
        half = self.tile // 2
        for column, text in enumerate(self._titles):
            x = self.place(0, column)[0] + half
            draw.multiline_text((x, self._top - 6), text, INK, self._font, anchor="md", align="center")
        for row, text in enumerate(self._labels):
            y = self.place(row, 0)[1] + half
            draw.multiline_text((self._left - 8, y), text, INK, self._font, anchor="rm", align="right")
            for column, tile in enumerate(self.tiles[row]):
                x, y = self.place(row, column)
                if isinstance(tile, str):
                    draw.rectangle((x, y, x + self.tile - 1, y + self.tile - 1), HOLE)
                    draw.multiline_text((x + half, y + half), tile, "#555555", self._font, anchor="mm")
                else:
                    image.paste(self._enlarged(tile), (x, y))
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)

    def _enlarged(self, tile: np.ndarray) -> Image.Image:
        # Nearest: what is seen are the network's own pixels. Only pictures larger than a tile are filtered.
        method = Image.Resampling.NEAREST if self.tile >= self.size else Image.Resampling.LANCZOS
        return Image.fromarray(tile).resize((self.tile, self.tile), method)

    @cached_property
    def _font(self) -> ImageFont.FreeTypeFont:
        # A sheet wider than the page is shown smaller, so its letters are drawn larger.
        wide = len(self.columns) * (self.tile + _GAP) + _LABELS_WIDTH
        return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), round(15 * max(1.0, wide / _SHOWN_WIDTH)))

    @cached_property
    def _titles(self) -> list[str]:
        return [label(text, max(6, round(self.tile / (0.62 * self._font.size))), 3) for text in self.columns]

    @cached_property
    def _labels(self) -> list[str]:
        return ["\n".join(label(line, 12) for line in text.split("\n")) for text in self.rows]

    @cached_property
    def _left(self) -> int:
        return round(max(self._extent(text)[0] for text in self._labels)) + 14

    @cached_property
    def _top(self) -> int:
        return round(max(self._extent(text)[1] for text in self._titles)) + 12

    def _extent(self, text: str) -> tuple[float, float]:
        box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, self._font)
        return box[2], box[3]
