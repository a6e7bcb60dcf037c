"""What holds for every test: it leaves nothing running, its log calls are sound, and where told it is not skipped."""

import asyncio
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, configuration, settings

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes folders of its own there
ROOM_FOR_TESTS = 2 << 30

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
MAY_SKIP = os.environ.get("EVSE_AGENT_NO_SKIPS", "") in {"", "0"}
THREAD_GRACE_S = 2.0
OWN_LOGGERS = ("agent", "hal", "hil")


def _hypothesis_profiles() -> None:
    """The same examples each time, and no clock to fail by: a busy machine is not a mistake in the code."""
    common = settings(
        derandomize=True,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile("quick", common, max_examples=40)
    settings.register_profile("ci", common, max_examples=200)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "quick"))
    if IN_CI:
        configuration.set_hypothesis_home_dir(os.path.join(tempfile.gettempdir(), "hypothesis"))  # noqa: PTH118 - a str is asked for


def _keep_files_in_memory() -> None:
    """Stations run a hundred times as fast here: what a busy disk takes for a commit would be seconds to them."""
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or not os.access(SHARED_MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(SHARED_MEMORY).free >= ROOM_FOR_TESTS:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(SHARED_MEMORY)


_hypothesis_profiles()
_keep_files_in_memory()


@pytest.fixture
def _no_thread_is_left() -> Iterator[None]:
    """Fails a test that leaves a thread which would keep the process alive."""
    before = set(threading.enumerate())

    yield

    # asyncio's default executor belongs to the loop, which ends it later.
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.daemon and not thread.name.startswith("asyncio_")
    ]
    for thread in left:
        thread.join(THREAD_GRACE_S)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left running: {', '.join(names)}"


@pytest.fixture
async def _no_task_is_left() -> AsyncIterator[None]:
    """Fails a test that leaves a task; only asked for in async tests."""
    yield

    await asyncio.sleep(0)  # lets what was awaited a moment ago run its done callbacks
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    names = [f"{task.get_name()} ({task.get_coro()})" for task in left]
    assert not names, f"tasks left running: {', '.join(names)}"


@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest, _no_thread_is_left: None) -> None:
    """Being first in, the two fixtures it asks for are last out: they judge what the test's own fixtures left too."""
    if request.node.get_closest_marker("asyncio") is not None:
        request.getfixturevalue("_no_task_is_left")


class _LogJudge(logging.Handler):
    """Renders every record, as a handler on the charger would, and remembers those that cannot be rendered."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.bad: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.format(record)
            for value in getattr(record, "evse_values", {}).values():
                str(value)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            self.bad.append(f"{record.pathname}:{record.lineno}: {record.msg!r} with {record.args!r}: {error}")


@pytest.fixture(autouse=True)
def _log_calls_are_sound() -> Iterator[None]:
    """Fails a test in which a log call could not be rendered; calls below the usual level are judged too."""
    root, judge = logging.getLogger(), _LogJudge()
    handlers, root_level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in OWN_LOGGERS}
    root.addHandler(judge)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)

    yield

    # A test may have called `agent.log.configure`: what it set goes too.
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(root_level)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    assert not judge.bad, f"log calls that cannot be rendered: {'; '.join(judge.bad)}"


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not MAY_SKIP and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, where nothing may be skipped (EVSE_AGENT_NO_SKIPS): {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report
