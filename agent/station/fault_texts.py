"""What each fault says to people: the driver at the EVSE, and the technician who is called."""

from agent.frozen import dataclass
from agent.station.faults import Fault


@dataclass(frozen=True, slots=True)
class FaultText:
    """One fault in two sentences; the technician's says where to look."""

    for_driver: str
    for_technician: str


FAULT_TEXTS: dict[Fault, FaultText] = {
    Fault.CONNECTOR_LOCK: FaultText(
        "The cable could not be locked or released. Unplug, and plug in again.",
        "Lock motor or its end switch: check wiring and supply, and whether the plug is fully seated.",
    ),
    Fault.GROUND_FAILURE: FaultText(
        "A leakage current was found and charging was stopped. Please have your cable and car checked.",
        "The residual current device tripped: measure the insulation of cable and charger, then re-arm it.",
    ),
    Fault.HIGH_TEMPERATURE: FaultText(
        "The charger is too hot. Charging goes on when it has cooled down.",
        "Temperature in the case is over its limit: check the fan, the filter, terminals and direct sun.",
    ),
    Fault.HIGH_TEMPERATURE_DERATE: FaultText(
        "The charger is warm and charges more slowly.",
        "Temperature in the case lowers the current: check the fan, the filter and the terminals.",
    ),
    Fault.OVER_CURRENT: FaultText(
        "The car took more current than allowed. Unplug, and plug in again.",
        "Too much current for too long, or a breaker tripped: check the car, the meter's wiring, the breaker.",
    ),
    Fault.OVER_VOLTAGE: FaultText(
        "The mains voltage is too high. Charging goes on when it is back to normal.",
        "Supply above its limit: measure each phase, and check the neutral.",
    ),
    Fault.UNDER_VOLTAGE: FaultText(
        "The mains voltage is too low. Charging goes on when it is back to normal.",
        "Supply below its limit: measure each phase under load, check terminals and upstream fuses.",
    ),
    Fault.WEAK_SIGNAL: FaultText(
        "The charger has a weak network connection; charging works.",
        "Weak radio signal: check antenna, its cable and its place.",
    ),
    Fault.EMERGENCY_STOP: FaultText(
        "The emergency stop was pressed.",
        "Find out why it was pressed, then release the button.",
    ),
    Fault.AUTHORIZATION_TIMEOUT: FaultText(
        "No authorization in time. Present your card again.",
        "Nobody was authorized after a car was plugged in: check the reader and the link.",
    ),
    Fault.INVALID_VEHICLE_MODE: FaultText(
        "The car is not ready to charge: put it in park and switch it off.",
        "The car refuses to charge in the mode it is in.",
    ),
    Fault.CABLE_CHECK: FaultText(
        "The cable check failed. Unplug, and plug in again.",
        "Isolation test before charging failed: test cable and car separately.",
    ),
    Fault.PRE_CHARGE: FaultText(
        "Charging could not begin. Unplug, and plug in again.",
        "Voltage did not reach the battery's in time: check converter, contactors and the car.",
    ),
    Fault.NO_INTERNET: FaultText(
        "The charger is offline; charging works for known cards.",
        "No route to the network: check modem, SIM card, cable and router.",
    ),
    Fault.PILOT: FaultText(
        "The charger cannot talk to the car. Unplug, and plug in again.",
        "Pilot voltage out of range, or shorted: check the cable's pilot wire and the inlet.",
    ),
    Fault.DIODE: FaultText(
        "The charger cannot talk to the car. Unplug, and plug in again.",
        "No diode is seen in the car's pilot circuit: try another car; if it stays, check the pilot wire.",
    ),
    Fault.POWER_LOSS: FaultText(
        "The charger has no mains supply. Charging goes on when it is back.",
        "Supply is gone on one phase or all: check fuses, main switch and upstream protection.",
    ),
    Fault.EV_CONTACTOR: FaultText(
        "The car reports a fault. Please have it checked.",
        "The car's contactors did not open or close as they should.",
    ),
    Fault.WELDED_CONTACTOR: FaultText(
        "This charging point is out of order. Do not touch the plug's contacts.",
        "Told to open, the mirror contact stays closed: isolate the charger, replace the contactor.",
    ),
    Fault.CONTACTOR_FAILURE: FaultText(
        "Charging could not begin. Unplug, and plug in again.",
        "Told to close, the mirror contact does not follow: check coil, supply and the mirror's wiring.",
    ),
    Fault.CABLE_DERATE: FaultText(
        "The cable is warm and the car charges more slowly.",
        "Cable or plug temperature lowers the current: look for worn contacts.",
    ),
    Fault.CABLE_STOP: FaultText(
        "The cable is too hot. Charging goes on when it has cooled down.",
        "Cable or plug over its limit: replace worn contacts, check the crimps.",
    ),
    Fault.PARTIAL_INSERTION: FaultText(
        "The plug is not fully in. Push it in until it stops.",
        "Proximity or lock says that the plug is only half in: check latch and inlet.",
    ),
    Fault.CAPACITANCE: FaultText(
        "A fault was found between car and ground. Please have your car checked.",
        "Capacitance to the chassis is too high.",
    ),
    Fault.RESISTANCE: FaultText(
        "A fault was found between car and ground. Please have your car checked.",
        "Insulation resistance to the chassis is too low.",
    ),
    Fault.PROXIMITY: FaultText(
        "The cable was not recognised. Unplug, and plug in again.",
        "Proximity resistor out of range: check the cable's coding and the contact.",
    ),
    Fault.CONNECTOR_VOLTAGE: FaultText(
        "This charging point is out of order. Do not touch the plug's contacts.",
        "Voltage at the connector although it should have none: treat as a welded contactor.",
    ),
    Fault.BROKEN_LATCH: FaultText(
        "The plug's latch is broken. Please use another charging point.",
        "Replace the plug or its latch.",
    ),
    Fault.CUT_CABLE: FaultText(
        "The cable is damaged. Do not touch it.",
        "Cable cut or torn off: isolate the charger, replace the cable.",
    ),
    Fault.POWER_METER: FaultText(
        "Charging is not possible at the moment.",
        "The meter does not answer or answers nonsense: check its line, address and supply.",
    ),
    Fault.READER: FaultText(
        "The card reader does not work. Start with the app.",
        "The reader does not answer: check its cable and supply.",
    ),
    Fault.SENSOR: FaultText(
        "The car charges more slowly at the moment.",
        "A sensor is gone or implausible; the safe limit holds: check it and its wiring.",
    ),
    Fault.BOARD_LOST: FaultText(
        "Charging is not possible at the moment.",
        "A board of this EVSE is not reachable: check its line, address and supply.",
    ),
    Fault.DOOR_OPEN: FaultText(
        "The charger is open. Please call service.",
        "A door or panel is open, or its switch is.",
    ),
    Fault.OTHER: FaultText(
        "Charging is not possible at the moment.",
        "See the detail.",
    ),
}
