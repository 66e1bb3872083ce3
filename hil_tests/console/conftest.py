"""What the console's tests share: the firmware's modules under CPython."""

from hil_tests.auth.conftest import core

__all__ = ("core",)
