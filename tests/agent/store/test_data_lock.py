import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.store.data_lock import DataLock

HOLDER = """
import sys
from pathlib import Path
from agent.store.data_lock import DataLock
lock = DataLock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is killed."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_the_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as process, pytest.raises(SettingsError) as raised:
        DataLock.take(tmp_path)

    assert str(raised.value).startswith(f"{tmp_path} is in use by another agent (process {process.pid})")


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

        lock = DataLock.take(tmp_path)
        lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    first = DataLock.take(tmp_path)

    with pytest.raises(SettingsError):
        DataLock.take(tmp_path)
    first.release()
    first.release()
    second = DataLock.take(tmp_path)

    second.release()


def test_a_directory_that_does_not_exist_is_made_for_this_user_alone(tmp_path: Path) -> None:
    lock = DataLock.take(tmp_path / "new" / "data")

    assert (tmp_path / "new" / "data" / "agent.lock").stat().st_mode & 0o777 == 0o600
    lock.release()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SettingsError, match=r"file/data cannot be used \(File exists: .*/file\); give a directory"):
        DataLock.take(tmp_path / "file" / "data")
