"""What is wrong with bytes that came in place of an answer. For error messages: nothing is read out of them."""

from enum import Enum

RTU_SHORTEST = 4  # address, function code, checksum: Modbus over serial line V1.02, 2.3
TCP_HEADER = 7  # Modbus messaging on TCP/IP V1.0b, 3.1.3
EXCEPTION_BIT = 0x80
WRITES = frozenset({5, 6, 15, 16})
WRITE_ANSWER = 8  # bytes: Modbus application protocol V1.1b3, 6.5 to 6.12
READ_HEAD = 3  # address, function code, number of bytes
CRC_WORDS = 0xA001


class Framing(Enum):
    """How a frame is wrapped: RTU ends in a checksum, TCP begins with a header that numbers it."""

    RTU = "rtu"
    TCP = "tcp"


def fault_of(heard: bytes, *, device_id: int, framing: Framing) -> str:
    """One clause that says why `heard` is no answer of `device_id` to a request."""
    match framing:
        case Framing.RTU:
            return _rtu_fault(heard, device_id)
        case Framing.TCP:
            return _tcp_fault(heard, device_id)


def crc16(frame: bytes) -> bytes:
    """The checksum of an RTU frame, as it travels."""
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ CRC_WORDS if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def request_frame(pdu: bytes, *, device_id: int, framing: Framing) -> bytes:
    """A whole request; over TCP as transaction 0, whose answer nobody waits for."""
    addressed = bytes((device_id,)) + pdu
    if framing is Framing.RTU:
        return addressed + crc16(addressed)
    return bytes(4) + len(addressed).to_bytes(2, "big") + addressed


def write_registers_pdu(address: int, words: list[int]) -> bytes:
    """Write multiple registers: Modbus application protocol V1.1b3, 6.12."""
    values = b"".join(word.to_bytes(2, "big") for word in words)
    return bytes((16,)) + address.to_bytes(2, "big") + len(words).to_bytes(2, "big") + bytes((len(values),)) + values


def write_coil_pdu(address: int, *, on: bool) -> bytes:
    """Write a single coil: the same document, 6.5."""
    return bytes((5,)) + address.to_bytes(2, "big") + (b"\xff\x00" if on else b"\x00\x00")


def _rtu_fault(heard: bytes, device_id: int) -> str:
    if len(heard) < RTU_SHORTEST:
        return f"only {len(heard)} byte(s) came, not a whole frame"
    sound = crc16(heard[:-2]) == heard[-2:]
    if sound and heard[0] != device_id:
        return f"device {heard[0]} answered in its place"
    if sound:
        return f"{len(heard)} bytes came that answer something else"
    wanted = _rtu_length(heard)
    if heard[0] == device_id and len(heard) < wanted:
        return f"the frame broke off after {len(heard)} of {wanted} bytes"
    return f"wrong checksum over {len(heard)} bytes"


def _rtu_length(heard: bytes) -> int:
    if heard[1] & EXCEPTION_BIT:
        return RTU_SHORTEST + 1
    return WRITE_ANSWER if heard[1] in WRITES else READ_HEAD + heard[2] + 2


def _tcp_fault(heard: bytes, device_id: int) -> str:
    if len(heard) < TCP_HEADER:
        return f"only {len(heard)} byte(s) came, not a whole frame"
    follow = int.from_bytes(heard[4:6], "big")
    if heard[2:4] != b"\0\0" or follow + TCP_HEADER - 1 > 260:  # the longest frame: the same document, 3.1.2
        return f"{len(heard)} bytes came that are no Modbus TCP"
    if len(heard) < follow + TCP_HEADER - 1:
        return f"the frame broke off after {len(heard)} of {follow + TCP_HEADER - 1} bytes"
    if heard[6] != device_id:
        return f"device {heard[6]} answered in its place"
    return f"{len(heard)} bytes came that answer something else"


def answers_in(heard: bytes, *, device_id: int, function_code: int, framing: Framing) -> bytes:
    """The whole and sound frames of `heard` by which `device_id` may answer `function_code`; empty where none is.

    Whatever else is in it (noise, echoes, other devices, frames still on their way) is left out.
    """
    codes = (function_code, function_code | EXCEPTION_BIT)
    match framing:
        case Framing.RTU:
            return _rtu_answer(heard, device_id, codes)
        case Framing.TCP:
            return _tcp_answers(heard, device_id, codes)


def _rtu_answer(heard: bytes, device_id: int, codes: tuple[int, int]) -> bytes:
    for start in range(len(heard) - RTU_SHORTEST):
        frame = heard[start:]
        if frame[0] != device_id or frame[1] not in codes:
            continue
        length = _rtu_length(frame)
        if len(frame) >= length and crc16(frame[: length - 2]) == frame[length - 2 : length]:
            return frame[:length]
    return b""


def _tcp_answers(heard: bytes, device_id: int, codes: tuple[int, int]) -> bytes:
    found, rest = b"", heard
    while len(rest) > TCP_HEADER and rest[2:4] == b"\0\0":
        length = int.from_bytes(rest[4:6], "big") + TCP_HEADER - 1
        if len(rest) < length or length <= TCP_HEADER:
            break
        if rest[6] == device_id and rest[7] in codes:
            found += rest[:length]
        rest = rest[length:]
    return found
