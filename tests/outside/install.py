"""CSMSs that other people wrote, installed into a cache folder of the checkout by the tests that need them."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "outside"
INSTALLED_WITHIN_S = 300.0
LOOK_AGAIN_S = 0.2
MARK = "complete"
COMPLAINTS = ("error", "npm error", "npm err!")
"""How the line begins, in lower case, in which pip or npm says what is wrong; warnings may stand before it."""


class CannotInstall(Exception):
    """Why this machine cannot have it, in the installer's own words."""


_refused: dict[str, str] = {}
"""What failed is not tried again by the next test: without a network each try takes minutes."""


def ocpp_csms() -> Sequence[str]:
    """The command that starts the CSMS of the PyPI package `ocpp-csms`, in an environment of its own."""
    lock = HERE / "ocpp_csms" / "requirements.txt"

    def install(folder: Path, deadline_s: float) -> None:
        python = folder / "venv" / "bin" / "python"
        run(sys.executable, "-m", "venv", folder / "venv", cwd=folder, deadline_s=deadline_s)
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        hashed = ("--require-hashes", "--no-deps", "--only-binary=:all:", "-r", lock)
        run(*pip, *hashed, cwd=folder, deadline_s=deadline_s)

    folder = once("ocpp-csms", install, made_from=[lock], made_with=f"{sys.base_prefix} {sys.version}")
    return [str(folder / "venv" / "bin" / "python"), str(HERE / "ocpp_csms" / "csms.py")]


def ocpp_rpc() -> Sequence[str]:
    """The command that starts a CSMS on the npm package `ocpp-rpc`, in strict mode."""
    sources = sorted((HERE / "ocpp_rpc").glob("*.js*"))
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise CannotInstall("node and npm are missing (Debian: apt-get install nodejs npm)")

    def install(folder: Path, deadline_s: float) -> None:
        for source in sources:  # Node.js looks for modules beside the script
            shutil.copy(source, folder)
        run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder, deadline_s=deadline_s)

    folder = once("ocpp-rpc", install, made_from=sources, made_with=node)
    return [node, str(folder / "csms.js")]


def once(
    name: str,
    install: Callable[[Path, float], None],
    *,
    made_from: Sequence[Path],
    made_with: str,
    cache: Path = CACHE,
    within_s: float = INSTALLED_WITHIN_S,
) -> Path:
    """The folder that `install` has filled from exactly these files; other processes wait meanwhile.

    `install` is handed the folder and its deadline (time.monotonic). CannotInstall, at most `within_s` later.
    """
    if name in _refused:
        raise CannotInstall(_refused[name])
    digest = hashlib.sha256(made_with.encode())
    for file in made_from:
        digest.update(f"\n{file.name}\n".encode() + file.read_bytes())
    folder = cache / f"{name}-{digest.hexdigest()[:12]}"
    deadline_s = time.monotonic() + within_s
    try:
        with _alone(cache / f"{name}.lock", deadline_s=deadline_s):
            if not (folder / MARK).exists():
                _make(folder, install, deadline_s)
    except CannotInstall as error:
        _refused[name] = str(error)
        raise
    return folder


def _make(folder: Path, install: Callable[[Path, float], None], deadline_s: float) -> None:
    if folder.exists():
        shutil.rmtree(folder)  # half made, by somebody who was stopped
    folder.mkdir()
    install(folder, deadline_s)
    (folder / MARK).touch()


@contextmanager
def _alone(lock_file: Path, *, deadline_s: float) -> Iterator[None]:
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        while not _taken(lock.fileno()):
            if time.monotonic() > deadline_s:
                raise CannotInstall(f"another process has held {lock_file} all the time")
            time.sleep(LOOK_AGAIN_S)
        yield


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def run(*command: str | Path, cwd: Path, deadline_s: float) -> None:
    """Run an installer to its end; CannotInstall if it fails or is still at work at the deadline."""
    arguments = [str(part) for part in command]
    try:
        done = subprocess.run(
            arguments,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=max(0.0, deadline_s - time.monotonic()),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(str(error)) from error
    if done.returncode != 0:
        raise CannotInstall(f"{Path(arguments[0]).name}: {_complaint(done.stderr + done.stdout)}")


def _complaint(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    complaints = [line for line in lines if line.lower().startswith(COMPLAINTS)]
    return next(iter(complaints or lines), "it failed without a word")
