"""Errors that a user can cause or meet; each message is one whole sentence for them to act on."""


class UserError(Exception):
    """The call, the grid or the data is wrong: say what is wrong, what is allowed and what to do next."""


class UnavailableError(UserError):
    """Something optional cannot be had on this machine (weights, a download): a cell is skipped, not failed."""
