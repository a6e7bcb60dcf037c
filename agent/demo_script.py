"""What happens in the demo."""

DEMO_CAR: dict[str, object] = {"battery_kwh": 40, "soc_percent": 70, "ev_max_current_a": 32}
"""A small car that comes home two thirds full: minutes at full power, then the taper above 80 %."""

DEMO_SCRIPT = """
steps:
  - wait-until: {evse: 1, status: Available, within: 600}
  - wait: {seconds: 60}
  - plug-in: {evse: 1}
  - wait: {seconds: 30}
  - swipe: {token: DEMO-CARD-0001, evse: 1}
  - wait-until: {evse: 1, status: Charging, within: 900}
  - wait-until: {evse: 1, status: SuspendedEV, within: 40000}
  - swipe: {token: DEMO-CARD-0001, evse: 1}
  - wait-until: {evse: 1, status: Finishing, within: 600}
  - wait: {seconds: 30}
  - unplug: {evse: 1}
  - wait-until: {evse: 1, status: Available, within: 600}
  - wait: {seconds: 60}
"""
