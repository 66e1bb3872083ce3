"""Keys and tags: HMAC-SHA256 against RFC 4231 and CPython's hmac, under CPython and in the MicroPython VM."""

from __future__ import annotations

import hashlib
import hmac
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from host_tools import link_auth
from sim.tables import FIRMWARE
from sim.vm_command import prompt_argv

SCRIPT = Path(__file__).parent / "vm" / "replay_auth.py"
CAN_ID = 0x18FF31D1

# RFC 4231, section 4: key, data, HMAC-SHA-256 (case 5 is truncated to 128 bits)
RFC4231 = (
    ("0b" * 20, b"Hi There".hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?".hex(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        bytes(range(1, 26)).hex(),
        "cd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    ("0c" * 20, b"Test With Truncation".hex(), "a3b6167473100ee06e0c796c2955552b"),
    (
        "aa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First".hex(),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        "aa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.".hex(),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)


def reference(key: bytes, message: bytes) -> bytes:
    """Return CPython's HMAC-SHA256."""
    return hmac.new(key, message, hashlib.sha256).digest()


@pytest.mark.parametrize(("key", "data", "digest"), RFC4231, ids=[f"case {n}" for n in range(1, 8)])
def test_rfc_4231(core: Any, key: str, data: str, digest: str) -> None:
    made = core.auth.Mac(bytes.fromhex(key)).digest(bytes.fromhex(data)).hex()
    assert made.startswith(digest)
    assert len(made) == 64


def test_the_vm_makes_the_keys_and_tags_that_cpython_makes(tmp_path: Path) -> None:
    rng = random.Random(4231)
    lines = [f"M {key} {data} {digest}" for key, data, digest in RFC4231]
    for length in (0, 1, 55, 56, 63, 64, 65, 200):
        key, message = rng.randbytes(length), rng.randbytes(max(1, length))
        lines.append(f"M {key.hex() or '-'} {message.hex()} {reference(key, message).hex()}")
    for _ in range(200):
        key, frame = rng.randbytes(32), rng.randbytes(8)
        freshness = rng.choice((0, 255, 256, 2**30 - 1, rng.randrange(2**30)))
        tag = link_auth.tag(key, CAN_ID, freshness, frame)
        lines.append(f"T {key.hex()} {CAN_ID} {freshness} {frame.hex()} {tag.hex()}")
    for _ in range(20):
        station, nonces = rng.randbytes(32), rng.randbytes(18)
        session, tank_id = rng.randint(1, 253), rng.randrange(2**24)
        truck = link_auth.truck_key(station, tank_id)
        for direction, which in enumerate("DT"):
            answer = link_auth.response(link_auth.session_key(truck, which, session, tank_id, nonces))
            lines.append(f"R {station.hex()} {tank_id} {session} {nonces.hex()} {direction} {answer.hex()}")
    path = tmp_path / "vectors.txt"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    command = [*prompt_argv(), str(SCRIPT), str(FIRMWARE), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1:] == [f"ok {len(lines)}"], done.stdout[-2000:] + done.stderr[-2000:]


def test_keys_differ_by_direction_session_truck_and_either_nonce(core: Any) -> None:
    auth = core.auth
    station, nonces = bytes(range(32)), bytes(range(18))
    truck = auth.truck_key(station, 1000)

    def proof(
        key: bytes = truck, direction: int = 0, session: int = 7, tank: int = 1000, both: bytes = nonces
    ) -> bytes:
        made: bytes = auth.response(auth.session_mac(key, direction, session, tank, both))
        return made

    others = [
        proof(direction=1),
        proof(session=8),
        proof(tank=1001),
        proof(key=auth.truck_key(station, 1001)),
        proof(key=auth.truck_key(bytes(32), 1000)),
        proof(both=b"\x01" + nonces[1:]),
        proof(both=nonces[:-1] + b"\x01"),
        proof(both=nonces[9:] + nonces[:9]),
    ]
    assert len({proof(), *others}) == len(others) + 1


def test_a_tag_covers_message_number_and_every_bit_of_the_frame(core: Any) -> None:
    mac = core.auth.Mac(bytes(range(32)))
    frame = bytes(range(8))
    good = core.auth.tag(mac, CAN_ID, 300, frame)
    assert good == link_auth.tag(bytes(range(32)), CAN_ID, 300, frame)
    assert good != core.auth.tag(mac, CAN_ID + 0x100, 300, frame)
    assert good != core.auth.tag(mac, CAN_ID, 300 + 256, frame)
    for bit in range(64):
        changed = bytearray(frame)
        changed[bit >> 3] ^= 1 << (bit & 7)
        assert core.auth.tag(mac, CAN_ID, 300, bytes(changed)) != good, bit


def test_same_compares_every_byte(core: Any) -> None:
    good = bytes(range(5))
    assert core.auth.same(good, bytearray(good))
    for i in range(5):
        changed = bytearray(good)
        changed[i] ^= 0x80
        assert not core.auth.same(good, changed)
