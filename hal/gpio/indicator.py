"""Lights on GPIO lines that show how the charger stands."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.gpio.lines import Lines, OutputLine
from hal.gpio.looks import LOOKS, PATTERNS, Pattern, Scene, is_on, scene_of
from hal.gpio.wiring import CHIP_DOC, OutputKeys, OutputWiring, check_different
from hal.registry import DriverContext

log = logging.getLogger(__name__)

SHORTEST_S = 0.02
LONGEST_S = 60.0
MOST_STEPS = 32


@dataclass(frozen=True, slots=True)
class GpioIndicatorSettings:
    """Lights of any name; for red, green and blue the looks are known, others are told by `looks`."""

    lights: dict[str, OutputKeys] = field(metadata={"doc": "The lights by their names, such as red, green, blue."})
    looks: dict[str, dict[str, str]] = field(
        default_factory=dict, metadata={"doc": "Look -> light -> pattern, in the place of the usual."}
    )
    patterns: dict[str, tuple[float, ...]] = field(
        default_factory=dict, metadata={"doc": "Further patterns: seconds on, off, on, off..."}
    )
    chip: str | None = field(default=None, metadata={"doc": CHIP_DOC})

    def __post_init__(self) -> None:
        """Refuse what no light can show."""
        if not self.lights:
            raise WrongSettings("give at least one light", path=("lights",))
        check_different(self.wirings().values())
        for name, pattern in self.patterns.items():
            _check_pattern(name, pattern)
        for look, scene in self.looks.items():
            self._check_scene(look, scene)

    def wirings(self) -> dict[str, OutputWiring]:
        """The lights. Raises WrongSettings."""
        return {name: keys.wiring(chip=self.chip, path=("lights", name)) for name, keys in self.lights.items()}

    def pattern(self, name: str) -> Pattern:
        """A pattern by its name; the settings' own win."""
        return self.patterns[name] if name in self.patterns else PATTERNS[name]

    def scene(self, look: str) -> Scene:
        """What the lights do for a look."""
        return self.looks[look] if look in self.looks else scene_of(look, lights=tuple(self.lights))

    def _check_scene(self, look: str, scene: Mapping[str, str]) -> None:
        path = ("looks", look)
        if look not in LOOKS:
            raise WrongSettings(f"{look!r} is no look (known: {', '.join(LOOKS)})", path=path)
        for light, pattern in scene.items():
            if light not in self.lights:
                raise WrongSettings(f"there is no light {light!r}", path=(*path, light))
            if pattern not in self.patterns and pattern not in PATTERNS:
                known = ", ".join(sorted({*PATTERNS, *self.patterns}))
                raise WrongSettings(f"{pattern!r} is no pattern (known: {known})", path=(*path, light))


class GpioIndicator:
    """An Indicator: one task moves the lights; dark before the first look and once stopped."""

    Settings: ClassVar[type] = GpioIndicatorSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"indicator"})

    def __init__(self, settings: GpioIndicatorSettings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = Lines(device=context.name, needed=settings.wirings().values())
        self._lights: dict[str, OutputLine] = {}
        self._lit: dict[str, bool] = {}
        self._scene: Scene = {}
        self._began_s = 0.0
        self._look: str | None = None
        self._shown = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the lines, dark. Raises WrongSettings for those that cannot be had, DeviceGone otherwise."""
        if self._task is not None and not self._task.done():
            return
        self._take()
        self._task = asyncio.create_task(self._run(), name=f"lights of {self._name}")

    async def stop(self) -> None:
        """Dark; give the lines back."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._look, self._scene = None, {}
        try:
            self._darken()
        finally:
            self._release()

    def show(self, look: str) -> None:
        """Begin a look at once. DeviceGone before `start` and while the lines cannot be had."""
        if look not in LOOKS:
            raise WrongSettings(f"{self._name}: {look!r} is no look (known: {', '.join(LOOKS)})")
        if self._task is None:
            raise DeviceGone("is not started", device=self._name)
        if look != self._look:
            self._look, self._scene = look, self._settings.scene(look)
            self._began_s = asyncio.get_running_loop().time()
        if self._task.done():  # the lines were lost; the next look tries to have them back
            self._take()
            self._task = asyncio.create_task(self._run(), name=f"lights of {self._name}")
        self._shown.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._shown.clear()
                wait_s = self._light(loop.time() - self._began_s)
                try:
                    async with asyncio.timeout(wait_s):
                        await self._shown.wait()
                except TimeoutError:
                    continue
        except HalError as error:
            log.warning("the lights cannot be switched: %s", error)
            self._release()

    def _light(self, at_s: float) -> float | None:
        """Bring every light where it is to be now; how long that holds."""
        holds_s: list[float] = []
        for name, line in self._lights.items():
            lit, rest_s = is_on(self._settings.pattern(self._scene.get(name, "off")), at_s=at_s)
            if lit != self._lit.get(name):
                (line.on if lit else line.off)()
                self._lit[name] = lit
            if rest_s is not None:
                holds_s.append(rest_s)
        return min(holds_s, default=None)

    def _darken(self) -> None:
        failure: HalError | None = None
        for line in self._lights.values():
            try:
                line.off()
            except HalError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _take(self) -> None:
        try:
            for name, wiring in self._settings.wirings().items():
                self._lights[name] = self._lines.output(wiring)
        except HalError:
            self._release()
            raise

    def _release(self) -> None:
        self._lights.clear()
        self._lit.clear()
        self._lines.release()


def _check_pattern(name: str, pattern: Pattern) -> None:
    if len(pattern) > MOST_STEPS:
        raise WrongSettings(f"a pattern has at most {MOST_STEPS} steps", path=("patterns", name))
    for at, length_s in enumerate(pattern):
        if not SHORTEST_S <= length_s <= LONGEST_S:
            raise WrongSettings(
                f"a step lasts {SHORTEST_S:g} to {LONGEST_S:g} s, not {length_s:g}", path=("patterns", name, at)
            )
