"""Small DBC files for tests, and the dictionaries made of them."""

from cantools.database import load_string
from cantools.database.can import Database

from hal.can_bus.signals import Dictionary

HEAD = 'VERSION ""\nNS_ :\nBS_:\nBU_: Agent Board\n'

OTHER_BOARD = """
BO_ 256 Order: 4 Agent
 SG_ Limit : 7|16@0+ (0.1,0) [0|63] "A" Board
 SG_ Close : 16|2@1+ (1,0) [0|3] "" Board
 SG_ Alive : 24|4@1+ (1,0) [0|14] "" Board
 SG_ Spare : 28|4@1+ (1,2) [4|10] "" Board

BO_ 2566844672 State: 8 Board
 SG_ Pilot : 0|8@1+ (1,0) [0|0] "" Agent
 SG_ Mirror : 8|1@1+ (1,0) [0|0] "" Agent
 SG_ Alarm : 9|3@1+ (1,0) [0|7] "" Agent
 SG_ Energy : 16|24@1+ (0.01,0) [0|100000] "kWh" Agent
 SG_ Draw : 40|16@1- (1,0) [0|0] "" Agent
 SG_ Heat : 56|8@1+ (1,-40) [-40|150] "K" Agent
"""
"""Numbers only, big endian, one extended identifier, a counter in the command, no cycle times."""


def dictionary(text: str = OTHER_BOARD) -> Dictionary:
    """What a DBC file of these messages knows."""
    database = load_string(HEAD + text, database_format="dbc")
    assert isinstance(database, Database)
    return Dictionary(database)
