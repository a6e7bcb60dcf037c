"""CSMSs that other people wrote, installed into a cache folder of the checkout by the tests that need them."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "outside"
INSTALLED_WITHIN_S = 300
MARK = "complete"


class CannotInstall(Exception):
    """Why this machine cannot have it, in the installer's own words."""


def ocpp_csms() -> Sequence[str]:
    """The command that starts the CSMS of the PyPI package `ocpp-csms`, in an environment of its own."""
    lock = HERE / "ocpp_csms" / "requirements.txt"

    def install(folder: Path) -> None:
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", lock, cwd=folder)

    folder = _once("ocpp-csms", install, made_from=[lock, Path(sys.executable)])
    return [str(folder / "venv" / "bin" / "python"), str(HERE / "ocpp_csms" / "csms.py")]


def ocpp_rpc() -> Sequence[str]:
    """The command that starts a CSMS on the npm package `ocpp-rpc`, in strict mode."""
    sources = sorted((HERE / "ocpp_rpc").glob("*.js*"))
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise CannotInstall("node and npm are missing (Debian: apt-get install nodejs npm)")

    def install(folder: Path) -> None:
        for source in sources:
            shutil.copy(source, folder)
        _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)

    folder = _once("ocpp-rpc", install, made_from=sources)
    return [node, str(folder / "csms.js")]


def _once(name: str, install: Callable[[Path], None], *, made_from: Sequence[Path]) -> Path:
    """The folder that `install` has filled for exactly these files; other processes wait meanwhile."""
    digest = hashlib.sha256()
    for file in made_from:
        digest.update(f"{file.name} ".encode())
        digest.update(file.read_bytes() if file.is_relative_to(HERE) else str(file).encode())
    folder = CACHE / f"{name}-{digest.hexdigest()[:12]}"
    with _alone(CACHE / f"{name}.lock"):
        if not (folder / MARK).exists():
            shutil.rmtree(folder, ignore_errors=True)  # half made, by somebody who was stopped
            folder.mkdir(parents=True)
            install(folder)
            (folder / MARK).touch()
    return folder


@contextmanager
def _alone(lock_file: Path) -> Iterator[None]:
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str | Path, cwd: Path) -> None:
    arguments = [str(part) for part in command]
    try:
        done = subprocess.run(
            arguments,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALLED_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(str(error)) from error
    if done.returncode != 0:
        last_words = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise CannotInstall(f"{Path(arguments[0]).name}: {' / '.join(last_words)}")
