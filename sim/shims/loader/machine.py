"""`machine` of a virtual board that starts: what the boot stage and the loader need. No link, no time.

What is done to the outputs is noted in pins.txt; a reset ends this process.
"""

import os

HOME = os.getcwd() + "/"  # the loader goes to /flash

class Pin:
    """An output that notes what it was set to."""

    OUT = 1

    def __init__(self, name, mode, value=0):
        with open(HOME + "pins.txt", "a") as file:
            file.write("%s %d\n" % (name, value))


class CAN:
    """There are three controllers."""

    def __init__(self, number, bitrate):
        if not 1 <= number <= 3:
            raise ValueError("CAN(%r) does not exist" % (number,))

    def deinit(self):
        """Nothing to release."""


def end(why):
    """End this process for good and leave word why."""
    with open(HOME + "ended.txt", "w") as file:
        file.write(why)
    os.system("kill -KILL $PPID")  # of the shell: this process; an exit would lead to the prompt


def reset():
    """Start again."""
    end("reset")
