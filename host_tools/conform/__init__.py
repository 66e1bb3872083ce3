"""The conformance kit: plays one side of the link and judges the other by the protocol's rules (docs/protocol.md).

`rules_table` says what is asked, `tank_tests` and `dispenser_tests` how; `player` speaks, `port` is the bus and the
clock: a real one through python-can, or `simulated`, our own boards in simulated time.
"""
