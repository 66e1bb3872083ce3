"""The player's half of the authentication: proves its key, asks for the peer's, tags what it sends, judges tags.

It speaks beside the player's cyclic messages. A test makes it wrong by `answer` and `tagging`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from host_tools import link_auth
from host_tools.conform.codec import SESSION

if TYPE_CHECKING:
    from host_tools.conform.player import Heard, Player

RIGHT, WRONG, NONE = "right", "wrong", "none"  # what `answer` and `tagging` may be
PIECES: Final = 3
PIECE_BYTES: Final = 3
TAG_DELAY_MS: Final = 10
SIGNED: Final = {"D": "D_PERMIT", "T": "T_STATUS"}
WRONG_MAX: Final = 10  # wrong tags in a session that end it
_WRAP: Final = 256


def one_in_three(n: int) -> str:
    """Say which tags are wrong so that no silence comes of it."""
    return RIGHT if n % 3 else WRONG


class Prover:
    """One side of a session. key: the truck's; tank_id: who it is, asked for when needed (None: not known yet).

    `peer_proved`: the peer's response was right; `pieces`: numbers of its nonce's pieces as they came; `tags`: every
    tag of the peer and whether it was right; `untagged`: frames of its tagged message for which none came; `wrong`: how
    many tags we have sent wrong.
    """

    def __init__(
        self, player: Player, key: bytes, tank_id: Callable[[], int | None], draw: Callable[[int], bytes]
    ) -> None:
        self._player = player
        self._key = key
        self._tank_id = tank_id
        self._own, self._theirs = ("D", "T") if player.role == "dispenser" else ("T", "D")
        self._ours = draw(link_auth.NONCE_BYTES)
        self._session = 0
        self._next = {"CHALLENGE": 0, "RESPONSE": 0}
        self._due_ms = 0
        self._nonce: dict[int, bytes] = {}
        self._response: dict[int, bytes] = {}
        self._send_key = self._receive_key = b""
        self._number = -1
        self._pending: tuple[int, int, bytes] | None = None  # when, counter, tag
        self._waiting: Heard | None = None  # a tagged message's frame whose tag has not come
        self._newest = -1  # number of the peer's newest verified frame
        self.signed = SIGNED[self._own]
        self.checked = SIGNED[self._theirs]
        self.answer = RIGHT
        self.tagging: Callable[[int], str] = lambda n: RIGHT  # of the nth tag from here on
        self.peer_proved = False
        self.pieces: list[tuple[int, Heard]] = []
        self.tags: list[tuple[Heard, bool]] = []
        self.untagged: list[Heard] = []
        self.wrong = self._count = 0

    def tag_as(self, how: Callable[[int], str]) -> None:
        """Tag from here on as `how` says of the nth frame, counted from 0."""
        self.tagging, self._count = how, 0

    # -- what it hears

    def hear(self, one: Heard) -> None:
        """Take a readable frame of the peer."""
        if one.message is None or one.values is None:
            return
        name, values = one.message.name, one.values
        mine = self._session != 0 and values.get(SESSION, self._session) == self._session
        if not mine:
            return
        if name == f"{self._theirs}_CHALLENGE":
            self.pieces.append((values["piece"], one))
            self._nonce.setdefault(values["piece"], values["bytes"].to_bytes(PIECE_BYTES, "little"))
        elif name == f"{self._theirs}_RESPONSE" and self._receive_key:
            self._response[values["piece"]] = values["bytes"].to_bytes(PIECE_BYTES, "little")
            if len(self._response) == PIECES:
                whole = b"".join(self._response[piece] for piece in sorted(self._response))
                self.peer_proved = self.peer_proved or whole == link_auth.response(self._receive_key)
                self._response.clear()
        elif name == self.checked:
            if self.tags and self._waiting is not None:
                self.untagged.append(self._waiting)
            self._waiting = one
        elif name == f"{self._theirs}_AUTH":
            self._judge(one, values["tag"].to_bytes(link_auth.TAG_BYTES, "little"))

    def _judge(self, one: Heard, tag: bytes) -> None:
        """Hold a tag against the frame that it should be of."""
        frame, self._waiting = self._waiting, None
        good = False
        if frame is not None and self._receive_key and frame.seen.data[2] == one.seen.data[2]:
            number = self._newest + (frame.seen.data[2] - self._newest - 1 & 255) + 1
            for candidate in (number, number + _WRAP):  # the counter may have gone round where nothing was tagged
                right = link_auth.tag(self._receive_key, frame.seen.can_id, candidate, frame.seen.data)
                if tag == right:
                    self._newest, good = candidate, True
        self.tags.append((one, good))

    # -- what it says

    def sent(self, data: bytes) -> None:
        """Note a frame of the message that is tagged, as it went out."""
        if not self.peer_proved:
            return
        if self._number < 0:
            self._number = data[2]
        else:
            self._number += (data[2] - self._number + 128 & 255) - 128  # spoiled counters may stand or go back
        how = self.tagging(self._count)
        self._count += 1
        if how == NONE:
            return
        can_id = self._player.codec.messages[self.signed].can_id
        tag = link_auth.tag(self._send_key, can_id, max(self._number, 0), data)
        if how == WRONG:
            self.wrong += 1
            tag = bytes((tag[0] ^ 1,)) + tag[1:]
        self._pending = self._player.port.now_ms() + TAG_DELAY_MS, data[2], tag

    def step(self, now: int) -> None:
        """Send what is due; called every 10 ms."""
        player = self._player
        if not self._session:
            if not player.session:
                return
            self._session = player.session
            self._due_ms = now
        if self._pending is not None and self._pending[0] <= now:
            _, counter, tag = self._pending
            self._pending = None
            name = f"{self._own}_AUTH"
            player.counter[name] = counter
            player.values[name]["tag"] = int.from_bytes(tag, "little")
            self._send(name)
        if not self._send_key and len(self._nonce) == PIECES:
            self._derive()
        if now < self._due_ms:
            return
        self._due_ms = now + player.codec.messages[f"{self._own}_CHALLENGE"].cycle_ms
        if not self.peer_proved:
            self._piece("CHALLENGE", self._ours)
        if self._send_key and not any(good for _, good in self.tags) and self.answer != NONE:
            answer = link_auth.response(self._send_key)
            self._piece("RESPONSE", answer if self.answer == RIGHT else bytes(byte ^ 1 for byte in answer))

    def _derive(self) -> None:
        tank_id = self._tank_id()
        if tank_id is None:
            return
        theirs = b"".join(self._nonce[piece] for piece in sorted(self._nonce))
        nonces = self._ours + theirs if self._own == "D" else theirs + self._ours
        self._send_key, self._receive_key = (
            link_auth.session_key(self._key, direction, self._session, tank_id, nonces)
            for direction in (self._own, self._theirs)
        )

    def _piece(self, kind: str, whole: bytes) -> None:
        """Send the next piece of a nonce or a response."""
        piece = self._next[kind]
        self._next[kind] = (piece + 1) % PIECES
        at = piece * PIECE_BYTES
        name = f"{self._own}_{kind}"
        values = self._player.values[name]
        values["piece"], values["bytes"] = piece, int.from_bytes(whole[at : at + PIECE_BYTES], "little")
        self._send(name)

    def _send(self, name: str) -> None:
        if name not in self._player.muted:
            self._player.send_now(name)
