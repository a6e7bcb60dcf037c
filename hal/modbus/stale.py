"""How fine a meter counts, for hal.stale."""

from collections.abc import Sequence
from fractions import Fraction

from hal.modbus.registers import UNITS, Quantity, Register


def count_wh(registers: Sequence[Register]) -> float:
    """What one step of the import counter is worth, in watt-hours; 0 for a float, which has finer ones."""
    for one in registers:
        if one.quantity is Quantity.ENERGY_IMPORT and one.phase is None and one.scale_register is None:
            step = abs(one.scale) * UNITS[one.quantity][one.unit]
            return 0.0 if one.type.value.startswith("float") else float(Fraction(step))
    return 0.0
