"""Errors that a user can act on.

Every one of them is raised with a message that names the cause (file, key, shape, token or
position) and what would be right. The command line prints the message and exits with code 2;
the window shows it beside the field concerned. A traceback means a bug, never a user error.
"""

from __future__ import annotations


class UserError(Exception):
    """Base of everything that is the input's fault and not the program's."""


class InputError(UserError):
    """A text, picture, table row or option value that cannot be used."""


class DeviceError(InputError):
    """A device that this machine does not have."""


class CheckpointError(UserError):
    """A model folder that is incomplete, misshapen, of unknown family or not a model at all."""


class TraceFileError(UserError):
    """An `.attn` file that is cut short, corrupt or written by a newer version."""


class ExportError(UserError):
    """A picture or a table that cannot be written where the user wants it."""


class WindowError(UserError):
    """A machine on which no window can be opened, and what would help."""


class ProtocolError(UserError):
    """Bytes on the pipe between window and engine that are no message of this program."""


class UnknownNameError(InputError):
    """A name that no registry entry carries; the message lists the valid ones."""
