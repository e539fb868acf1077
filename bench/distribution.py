"""How often colours occur in pictures: histograms of ab and of chroma, stored for the report's figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from registry.ab_bins import ab_counts
from registry.color import Colors

AB_LIMIT = 120
"""The ab histogram reaches from minus to plus this, in Lab units; colours beyond count at its edge."""

AB_BIN = 2
CHROMA_LIMIT = 150
"""The chroma histogram has bins of one Lab unit from 0 to this."""


class ColorDistribution:
    """Counts of ab and of chroma over all pixels of all pictures seen, and of the metrics' ab bins by picture."""

    def __init__(self) -> None:
        side = 2 * AB_LIMIT // AB_BIN
        self.ab = np.zeros((side, side), dtype=np.int64)
        self.chroma = np.zeros(CHROMA_LIMIT, dtype=np.int64)
        self.bins: list[np.ndarray] = []

    def update(self, pictures: Colors) -> None:
        """Count a batch."""
        side = len(self.ab)
        a, b = ((pictures.ab + AB_LIMIT) / AB_BIN).long().clamp(0, side - 1).unbind(1)
        counts = torch.bincount((a * side + b).flatten(), minlength=side**2)
        self.ab += counts.view(side, side).cpu().numpy()
        steps = pictures.chroma.long().clamp(0, CHROMA_LIMIT - 1).flatten()
        self.chroma += torch.bincount(steps, minlength=CHROMA_LIMIT).cpu().numpy()
        self.bins.append(pictures.once(ab_counts).to(torch.int32).cpu().numpy())

    def save(self, path: Path) -> None:
        """Write ``ab`` (rows a, columns b), ``chroma`` and ``bins`` ``(pictures, Q)`` to a compressed .npz file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, ab=self.ab, chroma=self.chroma, bins=np.concatenate(self.bins))
