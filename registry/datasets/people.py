"""Who is drawn: skin, hair and features of a person, before any pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Lab = tuple[float, float, float]

# From light to dark, with the undertones between them; a person's skin lies between two neighbours.
_SKIN = np.array([(79, 11, 16), (71, 14, 20), (62, 16, 24), (51, 17, 25), (40, 15, 21), (30, 12, 15)], float)
_HAIR = {
    "black": (11, 2, 3),
    "dark brown": (21, 7, 10),
    "brown": (34, 10, 18),
    "auburn": (36, 18, 25),
    "blond": (64, 6, 30),
    "grey": (66, 0, 4),
}
_HAIR_OF_LIGHT_SKIN = (0.1, 0.25, 0.25, 0.1, 0.2, 0.1)
_HAIR_OF_DARK_SKIN = (0.62, 0.25, 0.05, 0.0, 0.0, 0.08)
_IRIS = ((18, 8, 10), (28, 8, 14), (45, -3, -14), (42, -7, 10))


@dataclass(frozen=True)
class Person:
    """What a face looks like; lengths in halves of the head's height, colors in Lab.

    Attributes:
        skin, hair, lips, iris: Colors.
        width: Half the head's width.
        jaw: How much the face narrows to the chin, 0..1.
        turn: Where the nose and the eyes' middle lie across; 0 looks straight on.
        light: Light from the left (-1) to the right (1).
        style: "long", "short" or "bald".
        fringe: How far the hair comes down the forehead, 0..1.
        parting: Where the forehead opens, across.
        smile: Curve of the mouth, 0..1; the teeth show above 0.55.
        beard: Strength, 0 for none.
        glasses: Whether worn.
    """

    skin: Lab
    hair: Lab
    lips: Lab
    iris: Lab
    width: float
    jaw: float
    turn: float
    light: float
    style: str
    fringe: float
    parting: float
    smile: float
    beard: float
    glasses: bool


def meet(generator: np.random.Generator) -> Person:
    """Draw a person at random."""
    tone = generator.uniform(0, len(_SKIN) - 1)
    lower = int(tone)
    skin = _SKIN[lower] + (tone - lower) * (_SKIN[lower + 1] - _SKIN[lower]) + generator.normal(0, 1.3, 3)
    odds = _HAIR_OF_LIGHT_SKIN if tone < 2.2 else _HAIR_OF_DARK_SKIN
    hair = np.array(_HAIR[generator.choice(list(_HAIR), p=odds)]) + generator.normal(0, 1, 3)
    style = str(generator.choice(("long", "short", "bald"), p=(0.5, 0.42, 0.08)))
    made_up = style == "long" and generator.random() < 0.5
    lips = skin + ((-14, 17, 2) if made_up else (-9, 8, 0))
    return Person(
        skin=tuple(skin),
        hair=tuple(hair),
        lips=tuple(lips),
        iris=_IRIS[generator.integers(len(_IRIS)) if tone < 2.2 else 0],
        width=generator.uniform(0.68, 0.8),
        jaw=generator.uniform(0.1, 0.42),
        turn=generator.normal(0, 0.06),
        light=generator.uniform(-1, 1),
        style=style,
        fringe=generator.uniform(0, 1) ** 2,
        parting=generator.uniform(-0.3, 0.3),
        smile=generator.uniform(0, 1),
        beard=generator.uniform(0.35, 0.9) * (style != "long" and generator.random() < 0.4),
        glasses=bool(generator.random() < 0.12),
    )
