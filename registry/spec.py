"""The text form of a component: ``huber(delta=10)``, ``l1 + 0.1*vgg``, ``folder(path=my photos)``.

Grammar (values are read by the types of the component's signature, never evaluated)::

    sum       = term { "+" term }
    term      = [ weight "*" ] component          # weight: a number, or "auto"
    component = name [ "(" [ argument { "," argument } ] ")" ]
    argument  = [ parameter "=" ] value
    value     = quoted text | "[" value { "," value } "]" | text with balanced brackets
"""

from __future__ import annotations

import inspect
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from registry.errors import UserError, guarding_exit
from registry.registry import NAME, Entry, Registry, choices

AUTO: Final = "auto"
"""The weight of a term that is to pull as hard as the terms with numbers do together."""

_COMPONENT = re.compile(rf"({NAME.pattern})\s*(?:\((.*)\))?", re.DOTALL)
_TERM = re.compile(r"([-+.\w]*)\s*\*\s*(.+)", re.DOTALL)
_CLOSING = {"(": ")", "[": "]"}


class Nested(str):
    """The canonical spec of a component that is another's first parameter; written without name and quotes."""

    __slots__ = ()


@dataclass(frozen=True)
class Component:
    """A registered component with all of its parameters, typed, defaults filled in."""

    entry: Entry
    parameters: dict[str, Any]

    @property
    def name(self) -> str:
        """The component's name in its registry."""
        return self.entry.name

    @property
    def text(self) -> str:
        """Canonical spec: the parameters that differ from their defaults, in the signature's order."""
        defaults = self.entry.parameters
        given = [
            # What a component modifies comes first and needs no name: rebalanced(l1).
            write_value(value) if isinstance(value, Nested) else f"{name}={write_value(value)}"
            for name, value in self._telling.items()
            if value != defaults[name].default
        ]
        return f"{self.name}({', '.join(given)})" if given else self.name

    @property
    def identity(self) -> dict[str, Any]:
        """What makes it this component: name and every parameter but incidental ones, ready for JSON."""
        return {"name": self.name, "parameters": self._telling}

    def create(self) -> Any:
        """Call the factory."""
        with guarding_exit():
            return self.entry.factory(**self.parameters)

    @property
    def _telling(self) -> dict[str, Any]:
        return {name: value for name, value in self.parameters.items() if name not in self.entry.incidental}

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class WeightedSum:
    """Components with weights, in the order written.

    Attributes:
        terms: A weight and a component each; the weight `AUTO` is found in training.
    """

    terms: tuple[tuple[float | Literal["auto"], Component], ...]

    @property
    def text(self) -> str:
        """Canonical spec; a weight of 1 is left out."""
        return " + ".join(c.text if w == 1 else f"{write_value(w)}*{c.text}" for w, c in self.terms)

    @property
    def identity(self) -> list[dict[str, Any]]:
        """Weights and identities of the terms, ready for JSON."""
        return [{"weight": weight, **component.identity} for weight, component in self.terms]

    def __str__(self) -> str:
        return self.text


def parse_component(registry: Registry, text: str) -> Component:
    """Read one component.

    Raises:
        UserError: The text cannot be read, the name or a parameter is unknown, or a value has the wrong type.
    """
    match = _COMPONENT.fullmatch(text.strip())
    if match is None:
        if text.count("(") > text.count(")"):
            split(text, ",")  # says which bracket is not closed, and why that may be
        raise UserError(
            f"Cannot read the {registry.kind} {text.strip()!r}: write name or name(parameter=value, ...), "
            f"with a name among {', '.join(sorted(registry))}."
        )
    name, inside = match.groups()
    entry = registry[name]
    arguments = split(inside, ",", within=text) if inside and inside.strip() else []
    return Component(entry, _typed(registry.kind, entry, _named(registry.kind, entry, arguments)))


def parse_sum(registry: Registry, text: str) -> WeightedSum:
    """Read a weighted sum of components, such as ``l1 + 0.1*vgg`` or ``l1 + auto*vgg``.

    Raises:
        UserError: As for `parse_component`, a weight is neither a finite number above 0 nor auto, or all are auto.
    """
    terms = tuple(_term(registry, part, text) for part in split(text, "+", within=text))
    if all(weight == AUTO for weight, _ in terms):
        raise UserError(f"{text!r} has only automatic weights: give one term a number to balance by, as l1 + auto*vgg.")
    return WeightedSum(terms)


def split(text: str, separator: str, *, within: str | None = None) -> list[str]:
    """Split ``text`` at the separators that stand outside quotes and brackets; parts are stripped.

    Raises:
        UserError: A quote or bracket is never closed, or a part is empty.
    """
    parts, start, open_brackets, quote = [], 0, [], ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        elif character == separator and not open_brackets:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    unclosed = quote or (open_brackets[-1] if open_brackets else "")
    if unclosed:
        hint = "" if quote else "; in a YAML list in [brackets], put a spec that has commas into quotes"
        raise UserError(f"Cannot read {within or text!r}: a closing {unclosed} is missing{hint}.")
    if not all(parts):
        raise UserError(f"Cannot read {within or text!r}: something is missing beside a {separator!r}.")
    return parts


def _term(registry: Registry, part: str, within: str) -> tuple[float | Literal["auto"], Component]:
    match = _TERM.fullmatch(part)
    if match is None:
        return 1.0, parse_component(registry, part)
    if match[1] == AUTO:
        return AUTO, parse_component(registry, match[2])
    try:
        weight = float(match[1])
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise UserError(f"Weight {match[1]!r} in {within!r} is not a number above 0: write, say, 0.1*vgg, or auto*vgg.")
    return weight, parse_component(registry, match[2])


def _named(kind: str, entry: Entry, arguments: list[str]) -> dict[str, str]:
    """Arguments by parameter name; those without a name fill the signature in order."""
    allowed = list(entry.parameters)
    named: dict[str, str] = {}
    for position, argument in enumerate(arguments):
        match = re.match(r"(\w+)\s*=\s*(.*)", argument, re.DOTALL)
        if match:
            parameter, value = match.groups()
        elif position < len(allowed):
            parameter, value = allowed[position], argument
        else:
            raise UserError(f"The {kind} {entry.name!r} takes at most {len(allowed)} parameters.")
        if parameter not in allowed:
            known = choices(parameter, allowed) if allowed else "it takes none"
            raise UserError(f"The {kind} {entry.name!r} has no parameter {parameter!r}: {known}.")
        if parameter in named:
            raise UserError(f"The parameter {parameter!r} of {entry.name!r} is given twice.")
        named[parameter] = value
    return named


def _typed(kind: str, entry: Entry, named: dict[str, str]) -> dict[str, Any]:
    """Values of the types the signature declares, defaults filled in."""
    parameters = {}
    for name, parameter in entry.parameters.items():
        if name in named:
            parameters[name] = _convert(kind, entry, parameter, _read(named[name]))
        elif parameter.default is inspect.Parameter.empty:
            raise UserError(f"The {kind} {entry.name!r} needs its parameter {name!r}: write {entry.name}({name}=...).")
        else:
            parameters[name] = parameter.default
    return parameters


def _convert(kind: str, entry: Entry, parameter: inspect.Parameter, value: Any) -> Any:
    # Imported here because pydantic takes a tenth of a second that `bench list` does not need.
    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError

    if parameter.annotation is inspect.Parameter.empty:
        return value
    if value in ("none", "null") and type(None) in getattr(parameter.annotation, "__args__", ()):
        return None
    try:
        converted = TypeAdapter(parameter.annotation).validate_python(value)
        json.dumps(converted)  # as the ids of cells and records need it
        return converted
    except (PydanticUserError, TypeError):
        raise UserError(
            f"The parameter {parameter.name!r} of the {kind} {entry.name!r} is declared as {parameter.annotation}, "
            "which no spec can give: declare it as int, float, str, bool or a list of these."
        ) from None
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise UserError(
            f"Wrong value {write_value(value)} for the parameter {parameter.name!r} of the {kind} {entry.name!r}: "
            f"{problem[0].lower()}{problem[1:]}."
        ) from None


def _read(text: str) -> str | list[Any]:
    """A value as text, unquoted, or as a list of such; types come from the signature, later."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text.startswith("[") and text.endswith("]"):
        return [_read(part) for part in split(text[1:-1], ",")] if text[1:-1].strip() else []
    return text


def write_value(value: Any) -> str:
    """A value in the form that specs have it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        # A plus would read as that of a sum.
        return repr(value).removesuffix(".0").replace("e+", "e")
    if isinstance(value, Nested):
        return value
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(write_value(item) for item in value)}]"
    text = str(value)
    if text and text == text.strip() and not set(text) & set("()[],+*='\""):
        return text
    return f'"{text}"' if '"' not in text else f"'{text}'"
