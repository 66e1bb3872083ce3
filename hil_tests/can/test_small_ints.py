"""31-bit proof: every intermediate of the tick's arithmetic is watched while it runs at the edges of its inputs.

A 64-bit VM hides the overflow of a board. Here the source of each module is rewritten so that the result of every
operator is checked against the board's small-int range, then run over edge values; the codec's inputs are covered bit
by bit, so its maxima are exact.
"""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from host_tools.generate import database as dbc_rows
from host_tools.generate.database import MessageRow

LIMIT = 1 << 30  # rule of the firmware: |x| < 2**30
TICKS = (0, 1, 2**29, 2**30 - 1)
DENSE_STEP = 37  # a prime, so that grids of 25, 100 and 250 are met at every phase
Load = Callable[..., Any]


class WatchOperators(ast.NodeTransformer):
    """Wraps the result of every arithmetic operator in _watch()."""

    def _wrap(self, node: ast.expr) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(ast.Name("_watch", ast.Load()), [node], [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self._wrap(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        return self._wrap(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Turn `target op= value` into `target = _watch(target op value)`."""
        self.generic_visit(node)
        source = ast.parse(ast.unparse(node.target), mode="eval").body
        value = ast.Call(ast.Name("_watch", ast.Load()), [ast.BinOp(source, node.op, node.value)], [])
        return ast.Assign([node.target], value)


def watched(source: str) -> ast.Module:
    """Return the module with every operator's result checked."""
    tree: ast.Module = WatchOperators().visit(ast.parse(source))
    check = ast.parse(
        "def _watch(x):\n"
        f"    if isinstance(x, int) and not -{LIMIT} < x < {LIMIT}:\n"
        "        raise OverflowError(x)\n"
        "    return x\n"
    ).body
    tree.body[1:1] = check  # after the docstring
    return ast.fix_missing_locations(tree)


def frames(rng: random.Random) -> Iterator[bytes]:
    """Yield all zeros, all ones, each single bit set and each cleared, and random frames."""
    yield bytes(8)
    for bit in range(64):
        yield (1 << bit).to_bytes(8, "little")
        yield ((1 << 64) - 1 ^ 1 << bit).to_bytes(8, "little")
    yield b"\xff" * 8
    for _ in range(200):
        yield rng.randbytes(8)


def arguments(row: MessageRow) -> Iterator[tuple[int, ...]]:
    """Yield every combination of lowest, highest, NA and huge values of a message's signals (at most 4**7)."""
    return itertools.product(*[(signal.low, signal.high, -1, LIMIT - 1) for signal in row.signals])


def test_codec(database: Any, load_firmware: Load, rng: random.Random) -> None:
    messages: ModuleType = load_firmware("generated/messages", watched)
    for row in dbc_rows.messages(database):
        if row.opaque:
            continue  # has no codec
        pack, unpack = (getattr(messages, f"{verb}_{row.name.lower()}") for verb in ("pack", "unpack"))
        for frame in frames(rng):
            unpack(frame, [0] * (len(row.signals) + 1))
        for values in arguments(row):
            pack(bytearray(8), 253, *values)


def test_e2e(load_firmware: Load, rng: random.Random) -> None:
    e2e = load_firmware("core/e2e", watched)
    receiver = e2e.Receiver(0xFFFF)
    for frame in frames(rng):
        e2e.crc16(frame, 0, 8, 0xFFFF)
        e2e.protect(bytearray(frame), 0xFFFF, 255)
        for heard, asked in itertools.product(TICKS, TICKS):
            good = bytearray(frame)
            e2e.protect(good, 0xFFFF, rng.randint(0, 255))
            receiver.check(good, heard)
            receiver.age_ms(asked)


def test_hydrogen(load_firmware: Load) -> None:
    hydrogen = load_firmware("core/hydrogen", watched, generated="parahydrogen")
    edges = (-LIMIT // 2, -1, 0, 1, LIMIT // 2)
    for p_mbar in (*edges, *range(1, 32768, DENSE_STEP)):
        hydrogen.tsat_ck(p_mbar)
        hydrogen.max_fill_g(10_000, p_mbar)
        for t_ck in (0, 1390, 2000, 3300, 10_000, 40_950):
            hydrogen.rho_vapour_g_m3(p_mbar, t_ck)
    for t_ck in (*edges, *range(1300, 41_000, DENSE_STEP)):
        hydrogen.rho_liquid_g_m3(t_ck)


@pytest.mark.parametrize("source", ["x = 1 << 30", "x = -(1 << 29) * 2", "x = 1 << 29\nx += x", "x = 3 << 29 | 1"])
def test_watch_sees_an_overflow(source: str) -> None:
    with pytest.raises(OverflowError):
        exec(compile(watched('"""Header."""\n' + source), "watched", "exec"), {})
