"""The errors seqcoder raises on purpose, each with the exit code its command ends with.

::

    SeqcoderError
    ├── InputError      1  an input cannot be read or is not what it claims to be
    │   └── StorageError   a folder or object store refuses, fails or hangs
    │       └── MissingError  there is no such file or object
    ├── UsageError      2  the request itself makes no sense
    │   ├── NotFoundError  no such genome or record (also a KeyError)
    │   │   └── NoSuchNameError  the name, and which command lists the names
    │   ├── ExistsError    an output is there already, and may not be replaced
    │   └── MemoryLimitError  a container asks for more memory than it may take
    ├── IntegrityError  3  stored bytes do not match their digests
    ├── ModelError      4  a model an archive needs is missing or a different one
    │   └── ReferenceMissingError  the same of the container that one extends
    └── FormatError     4  a container of a format that this version does not read

A message is one line that names the file, the place in it and the remedy.
"""

from __future__ import annotations


class SeqcoderError(Exception):
    """Base of every error seqcoder raises on purpose."""

    exit_code = 1


class InputError(SeqcoderError):
    """An input cannot be read: missing, truncated, no permission."""

    exit_code = 1


class StorageError(InputError):
    """A folder or object store refuses, fails, or does not answer in time."""


class MissingError(StorageError):
    """There is no file or object of that name."""


class ChangedError(StorageError):
    """An object is another one than that which was read before."""


class UsageError(SeqcoderError):
    """The request makes no sense: unknown record, region out of range, existing output."""

    exit_code = 2


class IntegrityError(SeqcoderError):
    """Stored bytes do not match their digests; names the container, the chunk and the offset."""

    exit_code = 3


class ModelError(SeqcoderError):
    """A model that an archive names by its SHA-256 is missing, or the one given differs."""

    exit_code = 4


class ReferenceMissingError(ModelError):
    """The reference that a container extends is missing, or what lies there is another one."""


class FormatError(SeqcoderError):
    """A container is of a format that this version of seqcoder does not read, older or newer."""

    exit_code = 4


class ExistsError(UsageError):
    """An output is there already, and nobody said that it may be replaced."""


class MemoryLimitError(UsageError):
    """What a container declares would take more memory than the limit (``storage.memory``)."""


class NotFoundError(UsageError, KeyError):
    """No genome or record of that name; also a KeyError, as mappings promise."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NoSuchNameError(NotFoundError):
    """What a name was looked for in vain; the message says which command lists the names."""

    def __init__(
        self, where: str, what: str, name: str, like: str = "", program: str = "seqcoder"
    ) -> None:
        """``where``: the container or archive; ``what``: record or genome; ``like``: a name that
        is near; ``program``: the one that reads ``where``.
        """
        super().__init__(where, what, name, like, program)
        self.where, self.what, self.name, self.like, self.program = where, what, name, like, program

    def __str__(self) -> str:
        hint = f"did you mean {self.like}? " if self.like else ""
        records = " -r" if self.what.endswith("record") else ""
        return (
            f"{self.where}: no {self.what} '{self.name}'; {hint}'{self.program} list{records}' "
            "names them"
        )
