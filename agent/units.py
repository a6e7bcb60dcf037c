"""Units as types, so that a bare number never travels."""

from typing import NewType

Wh = NewType("Wh", int)
"""Energy in whole watt-hours: a billing register never carries a fraction."""

Amperes = NewType("Amperes", float)
"""Current per phase, r.m.s."""
