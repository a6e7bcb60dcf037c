"""Telling answers from noise, byte by byte."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from hal.modbus.frames import Framing, answers_in, crc16, fault_of, request_frame, write_coil_pdu, write_registers_pdu

RTU_ANSWER = bytes.fromhex("0104 0443 6680 00")  # device 1, function 4, four bytes: 230.5 as a float


def rtu(frame: bytes) -> bytes:
    return frame + crc16(frame)


def tcp(pdu: bytes, *, number: int = 1, device_id: int = 1) -> bytes:
    return number.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + bytes((device_id,)) + pdu


def found(heard: bytes, framing: Framing) -> bytes:
    return answers_in(heard, device_id=1, function_code=4, framing=framing)


def test_the_checksum_is_that_of_the_specification() -> None:
    assert crc16(bytes.fromhex("0207")) == bytes.fromhex("4112")  # Modbus over serial line V1.02, 6.2.2


@given(frame=st.binary(min_size=1, max_size=60))
def test_the_checksum_is_that_of_another_implementation(frame: bytes) -> None:
    assert crc16(frame) == FramerRTU.compute_CRC(frame).to_bytes(2, "big")


@given(noise=st.binary(max_size=20), after=st.binary(max_size=10))
def test_a_sound_answer_is_found_among_noise(noise: bytes, after: bytes) -> None:
    answer = rtu(RTU_ANSWER)

    seen = found(noise + answer + after, Framing.RTU)

    assert seen in noise + answer + after
    assert seen == answer or crc16(seen[:-2]) == seen[-2:]


@given(heard=st.binary(max_size=300), framing=st.sampled_from(Framing))
def test_whatever_is_heard_gives_a_fault_and_never_an_exception(heard: bytes, framing: Framing) -> None:
    found(heard, framing)

    assert fault_of(heard, device_id=1, framing=framing)


def test_an_exception_answer_is_an_answer() -> None:
    refused = rtu(bytes((1, 0x84, 2)))

    assert found(refused, Framing.RTU) == refused
    assert found(tcp(bytes((0x84, 2))), Framing.TCP) == tcp(bytes((0x84, 2)))


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        rtu(RTU_ANSWER)[:-1],
        rtu(RTU_ANSWER)[:-1] + b"\0",
        rtu(b"\2" + RTU_ANSWER[1:]),
        rtu(bytes.fromhex("0103 0443 6680 00")),
    ],
)
def test_a_broken_frame_another_device_or_another_function_is_no_answer(heard: bytes) -> None:
    assert found(heard, Framing.RTU) == b""


def test_of_several_tcp_frames_those_of_the_device_are_kept() -> None:
    late, other, answer = tcp(b"\4\2\0\1", number=1), tcp(b"\4\2\0\2", device_id=9), tcp(b"\4\2\0\3", number=2)

    assert found(late + other + answer + answer[:4], Framing.TCP) == late + answer


@pytest.mark.parametrize(
    ("heard", "framing", "fault"),
    [
        (b"\1", Framing.RTU, r"only 1 byte"),
        (rtu(RTU_ANSWER)[:5], Framing.RTU, r"broke off after 5 of 9 bytes"),
        (rtu(RTU_ANSWER)[:-1] + b"\0", Framing.RTU, r"wrong checksum over 9 bytes"),
        (rtu(b"\5" + RTU_ANSWER[1:]), Framing.RTU, r"device 5 answered in its place"),
        (rtu(bytes.fromhex("010304436680 00")), Framing.RTU, r"answer something else"),
        (b"\0\1\0", Framing.TCP, r"only 3 byte"),
        (tcp(b"\4\2\0\1")[:9], Framing.TCP, r"broke off after 9 of 11 bytes"),
        (tcp(b"\4\2\0\1", device_id=5), Framing.TCP, r"device 5 answered in its place"),
        (b"HTTP/1.1 400 Bad Request", Framing.TCP, r"no Modbus TCP"),
        (tcp(b"\3\2\0\1"), Framing.TCP, r"answer something else"),
    ],
)
def test_the_fault_says_what_came(heard: bytes, framing: Framing, fault: str) -> None:

    assert re.search(fault, fault_of(heard, device_id=1, framing=framing))


def test_a_write_is_framed_for_its_line() -> None:
    pdu = write_registers_pdu(1004, [1])

    assert pdu == bytes.fromhex("10 03ec 0001 02 0001")
    assert request_frame(pdu, device_id=1, framing=Framing.RTU) == b"\x01" + pdu + crc16(b"\x01" + pdu)
    assert request_frame(pdu, device_id=1, framing=Framing.TCP) == bytes.fromhex("0000 0000 0009 01") + pdu
    assert write_coil_pdu(400, on=True) == bytes.fromhex("05 0190 ff00")
    assert write_coil_pdu(400, on=False) == bytes.fromhex("05 0190 0000")


def test_the_answer_to_a_write_is_found_in_what_was_heard() -> None:
    body = bytes.fromhex("01 10 03ec 0001")
    frame = body + crc16(body)

    assert answers_in(b"\x00" + frame + b"\xff", device_id=1, function_code=16, framing=Framing.RTU) == frame
    assert answers_in(frame[:-1], device_id=1, function_code=16, framing=Framing.RTU) == b""
