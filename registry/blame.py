"""Naming the plugin or the package whose code fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from registry.errors import UserError, guarding_exit, message_of
from registry.spec import Component


@contextlib.contextmanager
def blaming(component: Component, what: str = "fails") -> Iterator[None]:
    """Work with a component; what fails of the project's own keeps its traceback.

    Args:
        what: To go on from the component's name.

    Raises:
        UserError: In place of whatever a plugin or a package raises.
    """
    try:
        with guarding_exit():
            yield
    except UserError:
        raise
    except Exception as error:
        if component.entry.plugin is None:
            raise
        raise UserError(
            f"{component.text!r} of {component.entry.plugin.name} {what}: {type(error).__name__}: "
            f"{message_of(error).rstrip('.')}."
        ) from error
