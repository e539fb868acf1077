"""Names to components: one generic registry for architectures, losses, data sets and metrics."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.errors import UserError

if TYPE_CHECKING:
    from registry.plugins import Plugin

Factory = Callable[..., Any]

_plugin: ContextVar[Plugin | None] = ContextVar("plugin", default=None)


@contextmanager
def registering_for(plugin: Plugin) -> Iterator[None]:
    """What is registered within is the plugin's."""
    token = _plugin.set(plugin)
    try:
        yield
    finally:
        _plugin.reset(token)


def choices(wrong: str, allowed: list[str]) -> str:
    """Say what is allowed instead of ``wrong``, the nearest first: "did you mean 'l1'? Allowed: huber, l1"."""
    near = difflib.get_close_matches(wrong, allowed, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}Allowed: {', '.join(allowed) or 'none'}"


@dataclass(frozen=True)
class Entry:
    """A registered component.

    Attributes:
        name: Its name in the registry, in grids and on the command line.
        factory: Called with the parameters of a spec; its signature is the component's parameters.
        trained: False for an architecture that is not trained and so needs no loss.
        incidental: Parameters that say how to get at a component and not what it is, such as ``download``:
            with another value it is the same component.
        plugin: Where it comes from; None for the project's own.
    """

    name: str
    factory: Factory
    trained: bool = True
    incidental: tuple[str, ...] = ()
    plugin: Plugin | None = None

    @property
    def description(self) -> str:
        """The first line of the factory's docstring."""
        return (inspect.getdoc(self.factory) or "").partition("\n")[0]

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The factory's parameters by name, in order, with evaluated annotations."""
        return dict(inspect.signature(self.factory, eval_str=True).parameters)


class Registry:
    """Components of one kind by name.

    ``@LOSSES.register("name")`` above a class or a factory is all a component needs. Factories keep heavy
    imports inside their bodies, so that listing and checking a grid never loads PyTorch.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}

    def register(
        self, name: str, *, trained: bool = True, incidental: tuple[str, ...] = ()
    ) -> Callable[[Factory], Factory]:
        """Register the decorated class or factory under ``name``.

        Raises:
            ValueError: The name is taken, or the factory has no docstring to describe it by.
        """

        def decorate(factory: Factory) -> Factory:
            if name in self._entries:
                raise ValueError(f"The {self.kind} {name!r} is registered already.")
            entry = Entry(name, factory, trained, incidental, _plugin.get())
            if not entry.description:
                raise ValueError(f"The {self.kind} {name!r} needs a docstring: its first line describes it.")
            self._entries[name] = entry
            return factory

        return decorate

    def remove_those_of(self, plugin: Plugin) -> None:
        """Take back what a plugin has registered."""
        self._entries = {name: entry for name, entry in self._entries.items() if entry.plugin != plugin}

    def __getitem__(self, name: str) -> Entry:
        """The entry of ``name``.

        Raises:
            UserError: No such component; the message names the nearest and all others.
        """
        if name not in self._entries:
            raise UserError(f"Unknown {self.kind} {name!r}: {choices(name, sorted(self._entries))}.")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
