"""Drawn portraits: skin from light to dark, hair, clothes and muted backgrounds, all in few colors."""

from __future__ import annotations

import numpy as np

from registry.datasets.drawing import Frame, canvas, noise, paint, shaded
from registry.datasets.people import Person, meet


def draw_face(generator: np.random.Generator, size: int) -> np.ndarray:
    """Draw one portrait: Lab, float32 ``(3, size, size)``."""
    person = meet(generator)
    lab = canvas(size)
    _draw_background(generator, lab)
    centre = (generator.uniform(-0.1, 0.1), generator.uniform(-0.12, 0.04))
    scale, tilt = generator.uniform(0.6, 0.76), generator.normal(0, 0.07)
    head = Frame(size, centre, scale, tilt)
    features = Frame(size, (centre[0] + scale * person.turn, centre[1]), scale, tilt)
    strands = noise(generator, (5, 40), size) + 0.7 * noise(generator, (9, 9), size)
    curtain = _draw_hair_behind(generator, lab, head, person, strands)
    _draw_body(generator, lab, Frame(size, centre, scale), person)
    if person.style == "long":
        locks = curtain * head.cover(np.float32(0.66) - np.abs(head.u), softness=0.1)
        paint(lab, locks, shaded(person.hair, 4 * strands))
    _draw_head(generator, lab, head, features, person)
    _draw_eyes(lab, features, person)
    _draw_nose_and_mouth(lab, features, person)
    if person.style != "bald":
        _draw_hair_in_front(lab, head, person, strands)
    return lab


def _draw_background(generator: np.random.Generator, lab: np.ndarray) -> None:
    size = lab.shape[1]
    color = (generator.uniform(18, 86), generator.normal(4, 3), generator.normal(9, 5))
    frame = Frame(size)
    slope = generator.uniform(-12, 12, 2).astype(np.float32)
    depth = generator.uniform(1, 9)
    shade = slope[0] * frame.u + slope[1] * frame.v + depth * noise(generator, (4, 4), size)
    lab[:] = shaded(color, shade)
    # Something out of focus: a door, a curtain, a tree.
    other = (generator.uniform(20, 88), generator.normal(4, 4), generator.normal(9, 7))
    thing = frame.ellipse(
        (generator.choice((-1, 1)), generator.uniform(-1, 1)),
        (generator.uniform(0.3, 0.7), generator.uniform(0.5, 1.5)),
        softness=generator.uniform(0.05, 0.5),
    )
    paint(lab, 0.7 * thing, other)


def _draw_hair_behind(
    generator: np.random.Generator, lab: np.ndarray, head: Frame, person: Person, strands: np.ndarray
) -> np.ndarray:
    """Draw the hair round the head and, if long, down the neck; return its mask ``(H, W)``."""
    if person.style == "bald":
        return np.zeros_like(strands)
    volume = generator.uniform(0.06, 0.24)
    cap = head.ellipse((0, -0.25), (person.width + volume * 0.8, 0.88 + volume), softness=0.03)
    if person.style == "long":
        length = np.float32(generator.uniform(0.7, 2.2))
        sway = np.float32(generator.uniform(0, 0.16)) * np.clip(head.v, 0, 1.5)
        side = np.abs(head.u) - np.float32(person.width + volume * 0.8) - sway
        fall = np.maximum(side, np.maximum(-0.25 - head.v, head.v - length + 0.4 * head.u**2))
        cap = np.maximum(cap, head.cover(fall, softness=0.06))
    paint(lab, cap, shaded(person.hair, 5 * strands - 5 - 6 * np.clip(head.v, 0, 1)))
    return cap


def _draw_body(generator: np.random.Generator, lab: np.ndarray, body: Frame, person: Person) -> None:
    """Draw neck, shoulders and clothes."""
    cloth = (generator.uniform(10, 90), generator.normal(3, 6), generator.normal(4, 9))
    neck_width, collar = np.float32(person.width * 0.62), np.float32(generator.uniform(1.25, 1.75))
    u = np.abs(body.u)
    neck = body.cover(np.maximum(u - neck_width - 0.5 * np.clip(body.v - 1.15, 0, 1) ** 2, 0.2 - body.v))
    shoulders = body.cover(1.12 + 0.5 * u**2 / (0.7 + u) - body.v, softness=0.02)
    # The chin throws its shadow on the neck.
    under_chin = 17 * body.glow((0, 0.95), (0.8, 0.3))
    shade = -5 - under_chin + 7 * person.light * body.u - 8 * (u / neck_width) ** 2 * (body.v < 1.2)
    skin = shaded(person.skin, np.clip(shade, -30, 8))
    paint(lab, neck, skin)
    # Round or pointed, it meets the shoulders beside the neck.
    neckline = collar - u * generator.choice((0.45, 1.1)) if generator.random() < 0.5 else collar - 0.9 * u**2
    folds = 3.5 * noise(generator, (6, 9), lab.shape[1]) + 8 * person.light * body.u - 5 * u
    paint(skin, 0.5 * body.cover(neckline - body.v - 0.05, softness=0.1), (12, 4, 4))
    paint(skin, body.cover(neckline - body.v), shaded(cloth, folds))
    paint(lab, shoulders, skin)


def _draw_head(generator: np.random.Generator, lab: np.ndarray, head: Frame, features: Frame, person: Person) -> None:
    """Draw ears, face and beard, with light and shade."""
    u, v, light = head.u, head.v, np.float32(person.light)
    ears = head.ellipse((person.width + 0.01, 0.08), (0.09, 0.19), mirrored=True)
    paint(lab, ears, shaded(person.skin, -9 + 7 * light * u))
    half_width = np.float32(person.width) * (1 - np.float32(person.jaw) * np.clip(v, 0, 1.2) ** 2)
    radius = np.sqrt((u / half_width) ** 2 + v**2)
    face = head.cover((radius - 1) * np.float32(0.72))
    shade = 10 * light * u - 10 * np.clip(radius, 0, 1.1) ** 4 + 1.2 * noise(generator, (12, 12), len(u))
    shade += 7 * features.glow((0, -0.5), (0.4, 0.25)) + 4 * features.glow((0.36, 0.28), (0.2, 0.2), mirrored=True)
    # Sockets, the sides of the nose and the dent under the lip lie in the shade.
    shade -= 13 * features.glow((0.3, -0.12), (0.22, 0.13), mirrored=True)
    shade -= 5 * features.glow((0.16, 0.3), (0.1, 0.16), mirrored=True) + 6 * features.glow((0, 0.74), (0.2, 0.06))
    paint(lab, face, shaded(person.skin, shade))
    cheeks = features.glow((0.4, 0.3), (0.18, 0.16), mirrored=True)
    lab[1] += 4 * cheeks * face
    if person.beard:
        jaw = features.cover(0.42 - v + 0.25 * np.abs(np.abs(features.u) - 0.3), softness=0.35)
        lips = features.ellipse((0, 0.56), (0.24, 0.07), softness=0.05)
        paint(lab, np.float32(person.beard) * face * jaw * (1 - lips), shaded(person.hair, 0.4 * shade))


def _draw_eyes(lab: np.ndarray, features: Frame, person: Person) -> None:
    """Draw brows, eyes and glasses."""
    brow = tuple(0.75 * np.array(person.hair) + 0.15 * np.array(person.skin) * (1, 0.5, 0.5))
    brows = features.ellipse((0.34, -0.33), (0.19, 0.04), softness=0.03, bend=0.9, mirrored=True)
    paint(lab, 0.85 * brows, brow)
    opening = features.ellipse((0.32, -0.1), (0.15, 0.066), bend=0.6, mirrored=True)
    white = (min(person.skin[0] + 22, 90), 2, 4)
    paint(lab, opening, white)
    paint(lab, opening * features.ellipse((0.32, -0.11), (0.068, 0.068), mirrored=True), person.iris)
    paint(lab, opening * features.ellipse((0.32, -0.11), (0.032, 0.032), mirrored=True), (5, 0, 0))
    paint(lab, 0.85 * features.ellipse((0.32, -0.165), (0.17, 0.022), bend=1.6, mirrored=True), (10, 4, 4))
    glint = np.float32(0.025 * np.sign(person.light))
    for eye in (-0.32, 0.32):
        paint(lab, 0.8 * features.ellipse((eye + glint, -0.135), (0.016, 0.016)), (95, 0, 0))
    if person.glasses:
        ring = np.abs(np.sqrt(((np.abs(features.u) - 0.33) / 1.15) ** 2 + (features.v + 0.08) ** 2) - 0.2)
        bridge = np.maximum(np.abs(features.v + 0.12), np.abs(features.u) - 0.11)
        paint(lab, 0.9 * features.cover(np.minimum(ring, bridge) - 0.018), (14, 3, 4))


def _draw_nose_and_mouth(lab: np.ndarray, features: Frame, person: Person) -> None:
    light, smile = np.float32(person.light), person.smile
    ridge = features.ellipse((0.03 * light, 0.1), (0.06, 0.3), softness=0.08)
    lab[0] += 6 * ridge + 6 * features.glow((0.03 * light, 0.27), (0.06, 0.06))
    # Away from the light the nose throws a shadow.
    lab[0] -= 9 * features.ellipse((-0.11 * light, 0.2), (0.05, 0.2), softness=0.12)
    lab[0] -= 9 * features.ellipse((0, 0.37), (0.16, 0.035), softness=0.07, bend=-0.8)
    paint(lab, 0.6 * features.ellipse((0.075, 0.345), (0.04, 0.02), mirrored=True), (16, 10, 10))
    bend, width = -0.9 * smile, 0.24 + 0.08 * smile
    opened = smile > 0.55
    middle = 0.55 + 0.05 * smile
    gap = 0.05 * opened
    upper = features.ellipse((0, middle - 0.025 - gap / 2), (width * 0.96, 0.055), bend=bend)
    lower = features.ellipse((0, middle + 0.035 + gap / 2), (width * 0.85, 0.07), bend=bend)
    paint(lab, 0.9 * upper, (person.lips[0] - 4, *person.lips[1:]))
    paint(lab, 0.9 * lower, shaded(person.lips, 8 * features.glow((0, middle + 0.05 + gap), (0.1, 0.03))))
    if opened:
        paint(lab, features.ellipse((0, middle), (width * 0.9, 0.05), bend=bend), (18, 14, 10))
        paint(lab, features.ellipse((0, middle - 0.006), (width * 0.78, 0.036), bend=bend), (86, 0, 6))
    else:
        paint(lab, 0.6 * features.ellipse((0, middle), (width * 0.88, 0.012), bend=bend), (18, 12, 8))


def _draw_hair_in_front(lab: np.ndarray, head: Frame, person: Person, strands: np.ndarray) -> None:
    """Draw the hair over forehead and temples."""
    skull = head.ellipse((0, -0.28), (person.width + 0.05, 0.84), softness=0.03)
    top = -0.68 + 0.34 * person.fringe
    reach = 0.95 if person.style == "long" else 0.75
    opening = head.ellipse(
        (person.parting * (1 - person.fringe), top + reach), (person.width * 0.93, reach), softness=0.05
    )
    temples = head.cover(head.v - (0.5 if person.style == "long" else 0.02), softness=0.12)
    gloss = 9 * head.glow((0.3 * person.light, -0.85), (0.45, 0.16))
    hair = shaded(person.hair, 5 * strands + gloss)
    paint(lab, skull * (1 - opening) * temples, hair)
