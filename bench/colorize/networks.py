"""The trained networks of a run, and the colours that they see in a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from bench.colorize.cells import title, weights_path
from bench.environment import resolve_precision
from bench.network import Predictor, size_multiple
from bench.records import Record
from registry import ARCHITECTURES
from registry.architectures.loading import to_be_loaded
from registry.blame import blaming
from registry.color import Colors
from registry.datasets.whole_picture import WholePicture
from registry.errors import UserError
from registry.spec import parse_component

_KEPT_BYTES = 2 * 2**30
"""Networks beyond this are read anew for every photograph: a large run's are more than the memory holds."""

_LONGEST = 8
"""The longer side of what a network sees is at most this many times what the shorter should be."""


class Networks:
    """The networks of cells, as their last epoch left them.

    Args:
        run_folder: The run's folder.
        records: Those that will be asked for; all are tried at once.
        device: "cpu" or "cuda".

    Raises:
        UserError: A cell's weights are damaged or do not fit, or its architecture is not known.
    """

    def __init__(self, run_folder: Path, records: Sequence[Record], device: str) -> None:
        self.run_folder = run_folder
        self.device = device
        self._kept: dict[str, Predictor] = {}
        self._bytes = 0
        for record in records:
            self.of(record)

    def of(self, record: Record) -> Predictor:
        """The network of a cell."""
        if record.cell_id in self._kept:
            return self._kept[record.cell_id]
        predictor = self._open(record)
        size = 4 * predictor.parameters
        if self._bytes + size <= _KEPT_BYTES:
            self._kept[record.cell_id] = predictor
            self._bytes += size
        return predictor

    def color(self, record: Record, picture: WholePicture, shorter: int) -> np.ndarray:
        """The ab that a cell's network gives to a picture; see `predict`."""
        with blaming(parse_component(ARCHITECTURES, record.architecture), "cannot colour a photograph"):
            return predict(self.of(record), picture, shorter)

    def _open(self, record: Record) -> Predictor:
        component = parse_component(ARCHITECTURES, record.architecture)
        with to_be_loaded(), blaming(component, "cannot be built"):
            network = component.create()
            size_multiple(component.text, network)
        path = weights_path(self.run_folder, record)
        try:
            network.load_state_dict(load_file(path))
        except PermissionError as error:
            raise UserError(
                f"The weights {path} of {title(record)!r} cannot be read ({error.strerror or error}): let this user "
                "read them."
            ) from error
        except (SafetensorError, RuntimeError, OSError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(
                f"The weights {path} of {title(record)!r} are damaged or of another version of its architecture "
                f"({reason}); run its grid with --rerun all to train it again."
            ) from error
        network.eval()
        return Predictor(network, self.device, resolve_precision(record.settings["precision"], self.device))


def trained_size(record: Record) -> int:
    """Pixels of the shorter side at which a cell's network knows pictures."""
    return record.settings["image_size"]


def seen_size(width: int, height: int, shorter: int) -> tuple[int, int]:
    """Width and height at which a network sees a picture: its shape kept, its shorter side as asked.

    Of a strip longer than `_LONGEST` to 1 the longer side decides, so that memory is limited.
    """
    scale = min(shorter / min(width, height), _LONGEST * shorter / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


@torch.inference_mode()
def predict(predictor: Predictor, picture: WholePicture, shorter: int) -> np.ndarray:
    """The ab that a network gives to a picture, ``(2, h, w)`` float32 in Lab units, of the size that it sees.

    Shrunk as training pictures are, and mirrored at its edges up to a size that the network can halve: a border of
    one grey would be taken for a part of the photograph.
    """
    small = picture.resized(*seen_size(*picture.size, shorter))
    rgb8 = np.asarray(small)
    height, width = rgb8.shape[:2]
    margins = [_margins(side, predictor.network.size_multiple) for side in (height, width)]
    framed = np.pad(rgb8, [*margins, (0, 0)], mode="symmetric")
    ab = predictor(Colors.from_rgb8(torch.tensor(framed)[None].to(predictor.device)))[0].cpu().numpy()
    (top, _), (left, _) = margins
    return np.ascontiguousarray(ab[:, top : top + height, left : left + width])


def _margins(side: int, multiple: int) -> tuple[int, int]:
    """Pixels to add before and after a side so that it becomes a multiple."""
    missing = -side % multiple
    return missing // 2, missing - missing // 2
