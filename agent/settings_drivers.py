"""The parts of station.yaml that only a driver can read: kept as written, until its settings class is known."""

from dataclasses import field
from typing import Any, Final, TypeVar

from agent.frozen import dataclass
from agent.settings_nodes import KeyPath, ListNode, MapNode, Node, Scalar, is_null
from agent.settings_parse import INVALID, Invalid, Parser, parse_into

T = TypeVar("T")

ALL: Final = "all"
"""The part of a driver that provides every part it has."""
SEVERAL: Final = ("faults", "limits", "stop_button")
"""The parts that may be a list of drivers."""
PARTS: Final = ("pilot", "contactor", "meter", "lock", "phase_switch", "indicator", *SEVERAL)

_DRIVER: Final = {"doc": "the driver's name; `evse-agent hal probe` lists them", "pattern": r"[a-z0-9][a-z0-9_-]*"}
_DRIVER_SAYS: Final = {**_DRIVER, "pattern_says": "the name of a driver"}
_EVSES: Final = {"doc": "the EVSEs it stands at", "minimum": 1, "fewest": 1}


@dataclass(frozen=True, slots=True)
class HalNode:
    """A driver by its name. `node` holds the keys of its own settings; `path` is its place in the file."""

    part: str
    driver: str
    node: MapNode = field(repr=False)
    path: KeyPath

    def parse(self, cls: type[T]) -> T:
        """The driver's settings as its dataclass. Raises SettingsError with every mistake in them."""
        return parse_into(cls, self.node, path=self.path)


@dataclass(frozen=True, slots=True)
class HalParts:
    """The drivers of one EVSE, in the order of the file; only those of SEVERAL may be there more than once."""

    nodes: tuple[HalNode, ...]

    @classmethod
    def parse_node(cls, node: Node, path: KeyPath, parser: Parser) -> "HalParts | Invalid":
        """Read `{driver: sim, ...}`, `{pilot: {driver: ...}, ...}` or both; a named part wins over the rest."""
        if not isinstance(node, MapNode) or not node.entries:
            given = "nothing is given" if is_null(node) or isinstance(node, MapNode) else "this is not a mapping"
            return parser.refuse(node, path, f"{given}; give {{driver: sim}}, or a driver a part: {', '.join(PARTS)}")
        named = tuple(key.text for key, value in node.entries if key.text in PARTS and not isinstance(value, Scalar))
        made: list[HalNode | Invalid] = []
        if node.get("driver") is not None:
            made.append(_hal_node(ALL, node.without(*named), path, parser))
        for key, value in node.entries:
            where = (*path, key.text)
            if key.text in SEVERAL and isinstance(value, ListNode):
                made += [_hal_node(key.text, item, (*where, at), parser) for at, item in enumerate(value.items)]
            elif key.text in named or (key.text in PARTS and node.get("driver") is None):
                made.append(_hal_node(key.text, value, where, parser))
            elif node.get("driver") is None:
                hint = parser.hint_at(key.text, (*PARTS, "driver"))
                made.append(parser.refuse(key, path, f'unknown part "{key.text[:40]}"{hint}'))
        nodes = tuple(one for one in made if not isinstance(one, Invalid))
        return cls(nodes) if len(nodes) == len(made) else INVALID

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """What editors are told: part names, and that each names a driver."""
        driver = {"type": "string", "description": _DRIVER["doc"], "pattern": f"^{_DRIVER['pattern']}$"}
        part = {"type": "object", "required": ["driver"], "properties": {"driver": driver}}
        parts: dict[str, Any] = dict.fromkeys(PARTS, part)
        parts |= {name: {"anyOf": [part, {"type": "array", "items": part}]} for name in SEVERAL}
        return {
            "anyOf": [
                {"type": "object", "required": ["driver"], "properties": {"driver": driver}},
                {"type": "object", "minProperties": 1, "properties": parts, "additionalProperties": False},
            ],
        }


@dataclass(frozen=True, slots=True)
class TokenReaderSettings:
    """A token reader: its driver, and the EVSEs it stands at (none: the whole station)."""

    hal: HalNode
    evses: tuple[int, ...] = ()

    @classmethod
    def parse_node(cls, node: Node, path: KeyPath, parser: Parser) -> "TokenReaderSettings | Invalid":
        """Read `{driver: ..., evses: [1], ...}`."""
        evses: Any = ()
        if isinstance(node, MapNode):
            named = node.get("evses")
            evses = () if named is None else parser.parse(tuple[int, ...], named, (*path, "evses"), _EVSES)
            node = node.without("evses")
        hal = _hal_node("reader", node, path, parser)
        return INVALID if isinstance(hal, Invalid) or evses is INVALID else cls(hal, evses)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """What editors are told."""
        return {
            "type": "object",
            "required": ["driver"],
            "properties": {
                "driver": {"type": "string", "description": _DRIVER["doc"], "pattern": f"^{_DRIVER['pattern']}$"},
                "evses": {
                    "type": "array",
                    "description": _EVSES["doc"],
                    "items": {"type": "integer", "minimum": 1},
                    "minItems": 1,
                },
            },
        }


def _hal_node(part: str, node: Node, path: KeyPath, parser: Parser) -> HalNode | Invalid:
    if not isinstance(node, MapNode):
        return parser.refuse(node, path, "names no driver; give a mapping such as {driver: sim}")
    named = node.get("driver")
    if named is None:
        return parser.refuse(node, (*path, "driver"), "missing; give the name of a driver")
    driver: str | Invalid = parser.parse(str, named, (*path, "driver"), _DRIVER_SAYS)
    if isinstance(driver, Invalid):
        return driver
    return HalNode(part, driver, node.without("driver"), path)
