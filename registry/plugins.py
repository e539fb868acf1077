"""Components of one's own: a Python file that registers them with the same decorators as the project's.

A plugin travels as its source, so that a worker on another machine needs no file.
"""

from __future__ import annotations

import contextlib
import hashlib
import linecache
import sys
import traceback
import types
from dataclasses import dataclass
from pathlib import Path

from registry.catalogue import ARCHITECTURES, DATASETS, LOSSES, METRICS
from registry.errors import UserError, guarding_exit, message_of
from registry.packages import Package, check_installed
from registry.registry import registering_for

_REGISTRIES = (ARCHITECTURES, DATASETS, LOSSES, METRICS)


@dataclass(frozen=True)
class Plugin:
    """A file of components.

    Attributes:
        path: Where it was read from, for messages and for its own ``__file__``.
        source: What is in it.
    """

    path: str
    source: str

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.path).name

    @property
    def digest(self) -> str:
        """A hash of its source: records keep it, so that results of a changed file are not mixed."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]

    @property
    def fingerprint(self) -> str:
        """What tells it from itself with other code, as a `Package` has it."""
        return self.digest

    @property
    def module_name(self) -> str:
        """The name under which Python knows its code, the same in every process."""
        return f"bench_plugin_{Path(self.path).stem}_{self.digest}"


def read_plugin(path: str | Path) -> Plugin:
    """Read a plugin's file, without running it.

    Raises:
        UserError: It cannot be read or is no Python file.
    """
    path = Path(path).absolute()
    if path.suffix != ".py":
        raise UserError(f"The plugin {str(path)!r} is not a Python file: give --plugin the path of a .py file.")
    try:
        return Plugin(str(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"The plugin {str(path)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"The plugin {str(path)!r} is not text in UTF-8: save it so.") from None


_loaded: dict[str, Plugin] = {}
"""By module name, in the order of loading: one may build on an earlier one."""


def loaded_plugins() -> tuple[Plugin, ...]:
    """The plugins of this process, for another that is to know their components and classes too."""
    return tuple(_loaded.values())


def load_plugin(plugin: Plugin | Package) -> None:
    """Run a plugin's code, which registers its components; a plugin that is loaded already is left alone.

    A package's components are found by themselves, where it is installed.

    Raises:
        UserError: Its code fails or registers nothing that works; what it had registered until then is taken back. Or
            it is a package, and not installed here as it was where it comes from; or another plugin has its name.
    """
    if isinstance(plugin, Package):
        check_installed(plugin)
        return
    if plugin.module_name in _loaded:
        return
    if same := next((one for one in _loaded.values() if one.name == plugin.name), None):
        # Records, and what is not to be mixed, know plugins by their names.
        raise UserError(f"Two plugins are called {plugin.name}, {plugin.path!r} and {same.path!r}: rename one of them.")
    _loaded[plugin.module_name] = plugin
    module = types.ModuleType(plugin.module_name)
    module.__file__ = plugin.path
    # Classes and tracebacks look their module and their lines up by name.
    sys.modules[plugin.module_name] = module
    linecache.cache[plugin.path] = (len(plugin.source), None, plugin.source.splitlines(keepends=True), plugin.path)
    folder = str(Path(plugin.path).parent)
    if folder not in sys.path:
        sys.path.append(folder)  # a plugin may import what lies beside it
    try:
        # What it prints is no part of what a command gives, such as JSON.
        with registering_for(plugin), guarding_exit(), contextlib.redirect_stdout(sys.stderr):
            exec(compile(plugin.source, plugin.path, "exec", dont_inherit=True), module.__dict__)
        if not sum([registry.check_those_of(plugin) for registry in _REGISTRIES]):
            raise ValueError('it registers nothing: write @LOSSES.register("my-loss") above a component')
    except Exception as error:
        unload_plugin(plugin)
        raise UserError(
            f"The plugin {plugin.path!r} cannot be loaded: {type(error).__name__}: "
            f"{message_of(error).rstrip('.')}{_line(error, plugin)}."
        ) from error


def unload_plugin(plugin: Plugin) -> None:
    """Forget a plugin: its components and its code."""
    _loaded.pop(plugin.module_name, None)
    sys.modules.pop(plugin.module_name, None)
    for registry in _REGISTRIES:
        registry.remove_those_of(plugin)


def _line(error: Exception, plugin: Plugin) -> str:
    """Where in the plugin it happened."""
    if isinstance(error, SyntaxError):
        return ""  # its message has the line already
    frames = [frame for one in (error, error.__cause__) if one for frame in traceback.extract_tb(one.__traceback__)]
    lines = [frame.lineno for frame in frames if frame.filename == plugin.path]
    return f" (line {lines[-1]})" if lines else ""
