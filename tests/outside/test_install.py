"""Software from outside is installed once, wholly or not at all, and a refusal is told in the installer's words."""

import fcntl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.outside import install
from tests.outside.install import CannotInstall, once, run


@pytest.fixture(autouse=True)
def _refusals_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_refused", {})


class Installer:
    """Counts; the first `failures` times it stops half-way."""

    def __init__(self, *, failures: int = 0) -> None:
        self.calls = 0
        self._failures = failures

    def __call__(self, folder: Path, deadline_s: float) -> None:
        assert deadline_s > time.monotonic()
        self.calls += 1
        (folder / f"begun-{self.calls}").touch()
        if self.calls <= self._failures:
            raise KeyboardInterrupt


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "lock.json"
    file.write_text("{}")
    return file


def test_what_is_installed_is_not_installed_again(tmp_path: Path, lock: Path) -> None:
    installer = Installer()

    first = once("it", installer, made_from=[lock], made_with="", cache=tmp_path / "cache")
    again = once("it", installer, made_from=[lock], made_with="", cache=tmp_path / "cache")

    assert first == again
    assert installer.calls == 1


def test_another_lock_file_or_interpreter_gets_a_folder_of_its_own(tmp_path: Path, lock: Path) -> None:
    installer = Installer()

    first = once("it", installer, made_from=[lock], made_with="3.11", cache=tmp_path / "cache")
    newer = once("it", installer, made_from=[lock], made_with="3.12", cache=tmp_path / "cache")
    lock.write_text('{"a": 1}')
    other = once("it", installer, made_from=[lock], made_with="3.12", cache=tmp_path / "cache")

    assert len({first, newer, other}) == installer.calls == 3


def test_what_was_left_half_made_is_made_anew(tmp_path: Path, lock: Path) -> None:
    installer = Installer(failures=1)
    with pytest.raises(KeyboardInterrupt):
        once("it", installer, made_from=[lock], made_with="", cache=tmp_path / "cache")

    folder = once("it", installer, made_from=[lock], made_with="", cache=tmp_path / "cache")

    assert sorted(file.name for file in folder.iterdir()) == ["begun-2", "complete"]


def test_a_refusal_is_remembered(tmp_path: Path, lock: Path) -> None:
    calls = 0

    def refuse(folder: Path, deadline_s: float) -> None:
        nonlocal calls
        calls += 1
        raise CannotInstall("no network")

    for _ in range(2):
        with pytest.raises(CannotInstall, match="no network"):
            once("it", refuse, made_from=[lock], made_with="", cache=tmp_path / "cache")

    assert calls == 1


def test_a_process_waits_for_another_that_installs_but_not_for_ever(tmp_path: Path, lock: Path) -> None:
    installer = Installer()
    with (tmp_path / "it.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(CannotInstall, match="another process"):
            once("it", installer, made_from=[lock], made_with="", cache=tmp_path, within_s=0.1)

    assert installer.calls == 0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "echo WARNING: slow >&2; echo ERROR: no such version >&2; echo more >&2; exit 1",
            "sh: ERROR: no such version",
        ),
        ("echo npm warn odd >&2; echo npm error code E404 >&2; exit 1", "sh: npm error code E404"),
        ("echo out of ideas; exit 2", "sh: out of ideas"),
        ("exit 2", "sh: it failed without a word"),
    ],
)
def test_a_refusal_is_told_by_the_installers_first_complaint(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(CannotInstall) as refusal:
        run("/bin/sh", "-c", script, cwd=tmp_path, deadline_s=time.monotonic() + 10)

    assert str(refusal.value) == words


def test_an_installer_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(CannotInstall, match="timed out") as refusal:
        run(sys.executable, "-c", "import time; time.sleep(60)", cwd=tmp_path, deadline_s=time.monotonic() + 0.3)

    assert isinstance(refusal.value.__cause__, subprocess.TimeoutExpired)


def test_a_missing_installer_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotInstall, match="no-such-program"):
        run("/no-such-program", cwd=tmp_path, deadline_s=time.monotonic() + 10)
