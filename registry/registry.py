"""Names to components: one generic registry for architectures, losses, data sets and metrics."""

from __future__ import annotations

import difflib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from registry.errors import UserError, guarding_exit, message_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from registry.packages import Package
    from registry.plugins import Plugin

Factory = Callable[..., Any]

_plugin: ContextVar[Plugin | Package | None] = ContextVar("plugin", default=None)


@contextmanager
def registering_for(plugin: Plugin | Package) -> Iterator[None]:
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
        plugin: The file or the installed package it comes from; None for the project's own.
    """

    name: str
    factory: Factory
    trained: bool = True
    incidental: tuple[str, ...] = ()
    plugin: Plugin | Package | None = None

    @property
    def description(self) -> str:
        """The first line of the factory's docstring."""
        return (inspect.getdoc(self.factory) or "").partition("\n")[0]

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The factory's parameters by name, in order, with evaluated annotations; no ``*args``, no ``**kwargs``."""
        parameters = inspect.signature(self.factory, eval_str=True).parameters
        return {name: one for name, one in parameters.items() if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)}


NAME = re.compile(r"[A-Za-z][\w-]*")
"""What a component may be called."""


class Registry:
    """Components of one kind by name.

    ``@LOSSES.register("name")`` above a class or a factory is all a component needs. Factories keep heavy
    imports inside their bodies, so that listing and checking a grid never loads PyTorch.

    Installed packages offer more by entry points. One is loaded when its name is asked for, all of them when the
    registry is gone through; one that cannot be loaded is left out, and `broken` says why.
    """

    def __init__(self, kind: str, group: str | None = None, columns: str = "") -> None:
        """Make an empty registry.

        Args:
            kind: What its components are, for messages.
            group: The entry points of packages that offer such components; None takes none.
            columns: A pattern of names that no component may have: tables have other columns of these names.
        """
        self.kind = kind
        self._group = group
        self._columns = columns
        self._entries: dict[str, Entry] = {}
        self._broken: dict[str, str] = {}

    def register(
        self, name: str, *, trained: bool = True, incidental: tuple[str, ...] = ()
    ) -> Callable[[Factory], Factory]:
        """Register the decorated class or factory under ``name``.

        Raises:
            ValueError: The name is taken or cannot be one, or the factory has no docstring to describe it by.
        """
        if not isinstance(name, str):
            raise TypeError(f'a {self.kind} is registered by a name in brackets, as in .register("my-{self.kind[:4]}")')

        def decorate(factory: Factory) -> Factory:
            if name in self._entries:
                owner = self._entries[name].plugin
                by = f"by {owner.name}" if owner else "by the project itself"
                raise ValueError(f"The {self.kind} {name!r} is registered already {by}: choose another name.")
            self._add(Entry(name, factory, trained, incidental, _plugin.get()))
            return factory

        return decorate

    def check_those_of(self, plugin: Plugin) -> int:
        """Make sure that specs can give the parameters of what a plugin has registered; how many components that is.

        Raises:
            TypeError, NameError, ValueError: They cannot.
        """
        entries = [entry for entry in self._entries.values() if entry.plugin == plugin]
        for entry in entries:
            _check_parameters(entry)
        return len(entries)

    def remove_those_of(self, plugin: Plugin) -> None:
        """Take back what a plugin has registered."""
        self._entries = {name: entry for name, entry in self._entries.items() if entry.plugin != plugin}

    @property
    def broken(self) -> dict[str, str]:
        """Why components of installed packages cannot be used, a sentence each, by name."""
        self._take_up_all()
        return self._broken

    def __getitem__(self, name: str) -> Entry:
        """The entry of ``name``.

        Raises:
            UserError: No such component, and the message names the nearest and all others; or it cannot be loaded.
        """
        self._take_up(name)
        if name in self._entries:
            return self._entries[name]
        if name in self._broken:
            raise UserError(self._broken[name])
        raise UserError(f"Unknown {self.kind} {name!r}: {choices(name, sorted({*self._entries, *self._offers}))}.")

    def __contains__(self, name: object) -> bool:
        self._take_up(name)
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._take_up_all()
        return iter(self._entries)

    def __len__(self) -> int:
        self._take_up_all()
        return len(self._entries)

    @cached_property
    def _offers(self) -> dict[str, list[EntryPoint]]:
        """What packages offer and nobody has asked for yet."""
        from registry.packages import offers

        return offers(self._group) if self._group else {}

    def _take_up_all(self) -> None:
        for name in list(self._offers):
            self._take_up(name)

    def _take_up(self, name: object) -> None:
        """Load what a package offers under this name, if any does."""
        from registry.packages import describe

        points = self._offers.pop(name, [])
        if not points:
            return
        try:
            self._load(points)
        except Exception as error:
            problem = ("" if isinstance(error, UserError) else f"{type(error).__name__}: ") + message_of(error)
            source = describe(points)
            self._broken[name] = f"The {self.kind} {name!r} of {source} cannot be loaded: {problem.rstrip('.')}."

    def _load(self, points: list[EntryPoint]) -> None:
        from registry.packages import installed, load_factory

        if len(points) > 1:
            raise UserError("one name cannot be both; uninstall one of them")
        name, package = points[0].name, installed(points[0].dist.name)
        try:
            with registering_for(package), guarding_exit():
                factory = load_factory(points[0])
        finally:
            # The package may use the decorator too, which knows more, such as incidental parameters.
            decorated = self._entries.get(name)
            if decorated and decorated.plugin == package:
                del self._entries[name]
        if decorated and decorated.factory is not factory:
            raise UserError(f"another {self.kind} has this name")
        entry = replace(decorated or Entry(name, factory), plugin=package)
        _check_parameters(entry)
        self._add(entry)

    def _add(self, entry: Entry) -> None:
        if not NAME.fullmatch(entry.name):
            raise ValueError(
                f"No {self.kind} can be called {entry.name!r}: a name begins with a letter, and goes on with letters, "
                "digits, '-' and '_'."
            )
        if re.fullmatch(self._columns, entry.name):
            raise ValueError(f"No {self.kind} can be called {entry.name!r}: tables have another column of that name.")
        if not callable(entry.factory):
            kind = type(entry.factory).__name__
            raise TypeError(f"The {self.kind} {entry.name!r} is of type {kind} and no class or function.")
        if not entry.description:
            raise ValueError(f"The {self.kind} {entry.name!r} needs a docstring: its first line describes it.")
        self._entries[entry.name] = entry


def _check_parameters(entry: Entry) -> None:
    """Make sure that a signature can be read, and that its defaults can be written into records.

    Raises:
        TypeError, NameError, ValueError: They cannot be.
    """
    for parameter in entry.parameters.values():
        if parameter.default is not parameter.empty:
            try:
                json.dumps(parameter.default)
            except TypeError:
                raise TypeError(
                    f"the default of {parameter.name!r} of {entry.name!r} is a {type(parameter.default).__name__}: "
                    "records keep numbers, texts, true or false, None, and lists of these"
                ) from None
