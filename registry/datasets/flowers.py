"""Drawn flowers: nine kinds, each of its own shape and hue, hues spread evenly round the ab circle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from registry.datasets.drawing import Frame, canvas, noise, paint, shaded, within_gamut

HUE_JITTER = 20.0
"""Degrees to either side of a kind's hue. Nine kinds 40 degrees apart cover the circle evenly."""

YELLOW, BROWN, GREEN, CREAM = (78.0, 6.0, 62.0), (22.0, 9.0, 13.0), (58.0, -18.0, 42.0), (88.0, -2.0, 22.0)


@dataclass(frozen=True)
class Kind:
    """What tells a kind of flower: all but the hue can be seen in lightness.

    Attributes:
        hue: Middle of the petals' hue in degrees of the ab plane.
        petals: Number of petals of a ring.
        width: Half the width of a petal, in petal lengths.
        base, tip: How a petal narrows to either end: 0.3 blunt, 1 pointed.
        notch: How deep the tip is cut in, in petal lengths.
        rings: 2 adds a shorter ring of petals above the first.
        centre: Radius of the flower's centre in petal lengths.
        centre_color: Lab.
        veins: Lightness of the stripes along a petal, in Lab units.
        blotch: Lightness of the petals' inner third, in Lab units.
    """

    hue: float
    petals: int
    width: float
    base: float
    tip: float
    centre: float
    centre_color: tuple[float, float, float]
    notch: float = 0.0
    rings: int = 1
    veins: float = 0.0
    blotch: float = 0.0


KINDS = (
    Kind(0, 5, 0.40, 0.8, 0.35, 0.12, YELLOW, notch=0.22, blotch=-16),
    Kind(40, 4, 0.58, 0.8, 0.35, 0.26, BROWN),
    Kind(80, 13, 0.15, 0.5, 0.7, 0.40, BROWN),
    Kind(120, 6, 0.25, 0.7, 1.0, 0.09, GREEN, veins=9),
    Kind(160, 3, 0.42, 0.8, 0.9, 0.14, CREAM, blotch=18),
    Kind(200, 8, 0.25, 0.7, 0.6, 0.14, YELLOW, rings=2),
    Kind(240, 5, 0.46, 0.8, 0.35, 0.17, CREAM, blotch=20),
    Kind(280, 16, 0.09, 0.45, 0.35, 0.26, YELLOW),
    Kind(320, 6, 0.36, 0.8, 0.4, 0.10, GREEN, veins=14, blotch=-12),
)
DOMINANT = KINDS[1]
"""The kind that an imbalanced data set has too much of."""

TWO_COLORED = Kind(0, 5, 0.27, 0.6, 1.1, 0.22, CREAM, blotch=-22)
"""A shape that has the hue of either kind of `PAIR`, equally often: no network can know which."""
PAIR = (KINDS[2], KINDS[6])
PAIR_SHARE = 0.45
"""Share of each of the pair's pictures that have the common shape: 10% of all pictures."""


def draw_flower(generator: np.random.Generator, kind: Kind, size: int) -> np.ndarray:
    """Draw one flower before leaves: Lab, float32 ``(3, size, size)``.

    The petals' mean lightness is drawn from 45..75 whatever the kind, so that it tells nothing of the hue.
    """
    if generator.random() < PAIR_SHARE and kind in PAIR:
        kind = replace(TWO_COLORED, hue=kind.hue)
    kind = replace(kind, centre=kind.centre * generator.uniform(0.88, 1.12))
    lab = canvas(size)
    _draw_background(generator, lab)
    centre = tuple(generator.uniform(-0.14, 0.14, 2))
    reach, angle, squash = (
        generator.uniform(0.72, 0.96),
        generator.uniform(-0.8, 0.8),
        generator.uniform(0.78, 1),
    )
    shadow = Frame(size, (centre[0] + 0.06, centre[1] + 0.1), reach, angle, squash)
    lab *= 1 - 0.55 * shadow.ellipse((0, 0), (0.9, 0.9), softness=0.5)
    frame = Frame(size, centre, reach, angle, squash)
    _draw_petals(generator, lab, frame, kind)
    _draw_centre(generator, lab, frame, kind)
    return lab


def _draw_background(generator: np.random.Generator, lab: np.ndarray) -> None:
    """Leaves in front of blurred green, now and then of earth or haze."""
    size = lab.shape[1]
    lightness = generator.uniform(16, 52)
    hue, chroma = generator.uniform(105, 142), generator.uniform(16, 34)
    ground = generator.choice(("green", "earth", "haze"), p=(0.7, 0.15, 0.15))
    ground_hue, ground_chroma = {"green": (hue, chroma), "earth": (65, 16), "haze": (250, 10)}[ground]
    shade = 7 * noise(generator, (5, 5), size) + 3 * noise(generator, (14, 14), size)
    lab[:] = within_gamut(np.clip(lightness + shade, 4, 92), ground_hue, ground_chroma)
    for _ in range(4):
        side = generator.uniform(0, 2 * np.pi)
        centre = (np.cos(side), np.sin(side))
        leaf = Frame(size, centre, generator.uniform(0.5, 0.9), side + generator.uniform(-0.9, 0.9))
        width = generator.uniform(0.22, 0.4)
        edge = np.abs(leaf.v) - np.float32(width) * (1 - leaf.u**2)
        rib = leaf.cover(np.abs(leaf.v) - np.float32(0.015), softness=0.02)
        veins = np.cos((leaf.u + 1.2 * np.abs(leaf.v)) * np.float32(26))
        side_light = generator.uniform(-5, 5) * np.sign(leaf.v)
        light = lightness + generator.uniform(-6, 18) + 8 * rib + 1.5 * veins + side_light - 6 * leaf.u
        paint(
            lab,
            leaf.cover(edge, softness=0.02),
            within_gamut(np.clip(light, 4, 92), hue + generator.uniform(-12, 12), chroma + 4),
        )


def _draw_petals(generator: np.random.Generator, lab: np.ndarray, frame: Frame, kind: Kind) -> None:
    lightness, chroma = generator.uniform(45, 75), generator.uniform(42, 60)
    hue = kind.hue + generator.uniform(-HUE_JITTER, HUE_JITTER)
    shade = 2.5 * noise(generator, (9, 9), frame.u.shape[0])
    shade += generator.uniform(-9, 9) * frame.u + generator.uniform(-9, 9) * frame.v
    cover = np.zeros_like(shade)
    for ring in range(kind.rings):
        length = 1 - 0.36 * ring
        shadow = frame.ellipse((0, 0), (length, length), softness=0.3) if ring else 0
        shade = shade - 10 * shadow
        cover, shade = _ring(generator, frame, kind, length, cover, shade)
    shade -= 12 * frame.ellipse((0, 0), (kind.centre * 1.2, kind.centre * 1.2), softness=0.12)
    # The marks would give each kind its own mean lightness: without, the drawn one holds where petals show.
    shown = cover * (1 - frame.ellipse((0, 0), (kind.centre, kind.centre)))
    shade -= (shade * shown).sum() / shown.sum()
    paint(lab, cover, within_gamut(np.clip(lightness + shade, 6, 96), hue, chroma))


def _ring(
    generator: np.random.Generator,
    frame: Frame,
    kind: Kind,
    length: float,
    cover: np.ndarray,
    shade: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Lay a ring of petals, each over its neighbour, on those before; return cover and shade ``(H, W)``."""
    step = np.float32(2 * np.pi / kind.petals)
    radius = np.sqrt(frame.u**2 + frame.v**2)
    turn = np.arctan2(frame.v, frame.u) / step + np.float32(generator.uniform(0, kind.petals))
    below = np.floor(turn)
    lengths = generator.uniform(0.9, 1.0, kind.petals).astype(np.float32) * np.float32(length)
    lights = generator.normal(0, 2.5, kind.petals).astype(np.float32)
    peak = kind.base / (kind.base + kind.tip)
    widest = peak**kind.base * (1 - peak) ** kind.tip
    # A pixel between two petals' middle lines can only belong to these two.
    for petal in (below, below + 1):
        number = petal.astype(np.int32) % kind.petals
        reach = lengths[number]
        offset = (turn - petal) * step
        along, across = radius * np.cos(offset) / reach, np.abs(radius * np.sin(offset)) / reach
        if kind.notch:
            along = along * (1 + np.float32(kind.notch) * np.clip(1 - across * np.float32(4.5), 0, 1))
        t = np.clip(along, 0.005, 0.995)
        width = np.float32(kind.width / widest) * t**kind.base * (1 - t) ** kind.tip
        slope = width * (kind.base / t - kind.tip / (1 - t))
        distance = np.maximum((across - width) / np.sqrt(1 + slope * slope), np.abs(along - 0.5) - 0.5)
        mask = frame.cover(distance)
        place = np.clip(across / (width + np.float32(0.02)), 0, 1.5)
        light = lights[number] + 12 * (t - np.float32(0.5)) - 9 * place**2
        light += np.float32(kind.blotch) * np.clip(2.2 - 4 * t, 0, 1)
        if kind.veins:
            light += np.float32(kind.veins) * np.cos(place * np.float32(3 * np.pi))
        # Petals throw a little shade on the one below.
        shade = shade - 14 * np.clip(1 - distance * 8, 0, 1) * cover
        shade += mask * (light - shade)
        cover = cover + mask * (1 - cover)
    return cover, shade


def _draw_centre(generator: np.random.Generator, lab: np.ndarray, frame: Frame, kind: Kind) -> None:
    radius = kind.centre
    grain = 7 * noise(generator, (30, 30), lab.shape[1])
    dome = 14 * frame.glow((-radius / 3, -radius / 3), (radius, radius)) - 8
    paint(lab, frame.ellipse((0, 0), (radius, radius)), shaded(kind.centre_color, grain + dome))
