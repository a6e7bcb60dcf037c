"""One agent a data directory: two would send from the same queue and overwrite each other's state."""

import fcntl
import os
from pathlib import Path

from agent.errors import SettingsError
from agent.store.database import make_directory

LOCK_FILE = "agent.lock"


class DataLock:
    """Held by the process until `release`; the kernel frees it when the process dies, however it dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, data_dir: Path) -> "DataLock":
        """Lock `data_dir`, made where it does not exist; SettingsError names the process that holds it already."""
        file = data_dir / LOCK_FILE
        try:
            make_directory(data_dir)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            why = f"{error.strerror}: {error.filename}"
            raise SettingsError(
                f"{data_dir} cannot be used ({why}); give a directory this user may write to"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise SettingsError(
                f"{data_dir} is in use by another agent (process {holder}); stop it, or give another --data-dir"
            ) from error
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let others in; harmless when repeated. The file stays: deleting it would let two processes lock two files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
