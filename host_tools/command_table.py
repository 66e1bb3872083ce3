"""The commands of `cryofill`: one row each, with the arguments that it takes and an example.

Nothing here imports what a command needs: `cryofill --help` and a refused argument answer at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

CAMPAIGN_LIMIT_S = 1800.0  # simulated: a small top-up takes 500 s, a whole tank 1,400 s


class Command(NamedTuple):
    """One sub-command: its name, the `module:function` that runs it, its line in `--help`, arguments, an example."""

    name: str
    entry: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    example: str


def natural(text: str) -> int:
    """Parse a seed: an integer from 0 to 2**32 - 1. Raises argparse.ArgumentTypeError."""
    try:
        value = int(text, 10)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 32:
        raise argparse.ArgumentTypeError(f"'{text}' is not an integer from 0 to 4294967295")
    return value


def _bitrate_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bitrate", type=int, choices=(500_000, 250_000), default=500_000,
                        help="of the link, bit/s: what both boards are commissioned to (default: 500000)")  # fmt: skip


def _fill_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("scenario", nargs="?", default="warm_topup", metavar="SCENARIO",
        help="a name in sim/scenarios/ or a path that ends in .toml (default: warm_topup)")  # fmt: skip
    add("--seed", type=natural, metavar="N", help="noise, drift and session numbers; default: the scenario's")
    add("--vm", choices=("micropython", "cpython"), default="micropython",
        help="what runs the firmware; both give the same traces (default: micropython)")  # fmt: skip
    add("--json", action="store_true", help="print the result object alone on stdout, progress on stderr")
    add("--trace", metavar="DIR", help="write link.log, events.jsonl, signals.csv, NODE.exchange and result.json there")
    add("--picture", metavar="FILE.png",
        help="where the picture goes (default: cryofill-fill-NAME.png here; with --json none)")  # fmt: skip
    add("--no-picture", action="store_true", help="draw no picture")
    add("--report", metavar="FILE.html", help="write the report of the run there: one page that needs nothing else")
    add("--realtime", action="store_true", help="pace the simulation to the wall clock")
    add("--no-hard-chain", action="store_true",
        help="take the hard-wired safety chain away, so that only the firmware reacts")  # fmt: skip
    add("--image", metavar="DIR", help="run the release images that cryofill build wrote there instead of the sources")
    _bitrate_argument(parser)


def _port(text: str) -> int:
    """Parse a TCP port, 0 for any free one. Raises argparse.ArgumentTypeError."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port from 0 to 65535")
    return int(text)


def _rig_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("scenario", nargs="?", default="warm_topup", metavar="SCENARIO",
        help="a name in sim/scenarios/ or a path that ends in .toml (default: warm_topup)")  # fmt: skip
    add("--realtime", action="store_true",
        help="follow the wall clock; without it time stands until run_until on the control socket")  # fmt: skip
    add("--can-port", type=_port, metavar="N",
        help="port of the truck link in the socketcand protocol (default: 29536 if it is free; 0: any)")  # fmt: skip
    add("--no-operator", action="store_true", help="nobody plays the operator: set and press on the control socket")
    add("--seed", type=natural, metavar="N", help="noise, drift and session numbers; default: the scenario's")
    add("--vm", choices=("micropython", "cpython"), default="micropython", help="what runs the firmware")
    add("--no-hard-chain", action="store_true", help="take the hard-wired safety chain away")
    add("--maintenance", action="store_true",
        help="the maintenance key is on, nobody fuels and valves have power without a truck: to move them by hand")
    _bitrate_argument(parser)


def _console_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("url", nargs="?", metavar="URL", help="a device such as /dev/ttyUSB0, socket://HOST:PORT or rfc2217://HOST:PORT")
    add("--role", choices=("operator", "technician", "commissioning"), help="log in as (default: only look)")
    add("--key-file", metavar="FILE",
        help="64 hexadecimal digits that prove the role (default: the published key of `cryofill rig`)")  # fmt: skip
    add("--batch", nargs="?", const="-", metavar="FILE",
        help="take the commands from FILE or standard input and print one JSON object for each")  # fmt: skip
    add("--log", metavar="FILE", help="append everything that goes over the line, with its time")
    add("--new-keys", metavar="DIR", help="make a service key and a key for each role in a new folder, and end")


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("trace", metavar="TRACE_DIR", help="a folder that `cryofill fill --trace` wrote")
    add("-o", "--output", required=True, metavar="FILE.html", help="where the page goes")


def positive(text: str) -> int:
    """Parse a count: an integer from 1 to a million. Raises argparse.ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not an integer from 1 to 1000000")
    return int(text)


def seconds(text: str) -> float:
    """Parse a time: a number of seconds from 1 to 86400. Raises argparse.ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1.0 <= value <= 86400.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds from 1 to 86400")
    return value


def _campaign_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--runs", type=positive, required=True, metavar="N", help="how many random scenarios")
    add("--seed", type=natural, required=True, metavar="S", help="with a run's number it decides that run's scenario")
    add("--first", type=natural, default=0, metavar="K", help="number of the first run (default: 0)")
    add("--workers", type=positive, metavar="W", help="processes here, one core each (default: 1)")
    add("--dask", metavar="URL", help="run on the dask cluster whose scheduler is there, such as tcp://host:8786")
    add("--out", metavar="DIR",
        help="keep results and failed scenarios there; the same command goes on where it was interrupted")  # fmt: skip
    add("--json", action="store_true", help="print the summary object alone on stdout, progress on stderr")
    add("--vm", choices=("micropython", "cpython"), default="micropython",
        help="what runs the firmware (default: micropython)")  # fmt: skip
    add("--limit-s", type=seconds, default=CAMPAIGN_LIMIT_S, metavar="SECONDS",
        help=f"simulated time after which a run is cut off (default: {CAMPAIGN_LIMIT_S:g})")  # fmt: skip
    add("--timeout-s", type=seconds, default=600.0, metavar="SECONDS",
        help="wall time after which a run has failed (default: 600)")  # fmt: skip
    add("--no-hard-chain", action="store_true",
        help="take the hard-wired safety chain away, so that only the firmware reacts")  # fmt: skip


def _cuts_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--cuts", type=positive, default=100, metavar="N", help="how many (default: 100; twenty need one fill)")
    add("--seed", type=natural, default=1, metavar="S", help="decides the moments (default: 1)")
    add("--vm", choices=("micropython", "cpython"), default="micropython",
        help="what runs the firmware (default: micropython)")  # fmt: skip
    _bitrate_argument(parser)
    add("--json", action="store_true", help="print the figures as one object on stdout, progress on stderr")


def _replay_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("trace", nargs="?", metavar="DIR", help="the folder that fill --trace wrote")
    add("--scenarios", action="store_true", help="record and replay every scenario in sim/scenarios/ instead")
    add("--node", choices=("dispenser", "tank"), help="one node (default: both)")
    add("--firmware", metavar="DIR",
        help="the build to run: a folder with main.py; what it lacks is firmware/'s (default: firmware/)")  # fmt: skip
    add("--vm", choices=("micropython", "cpython", "wasm32"), default="micropython",
        help="what runs it; wasm32: a 32-bit MicroPython (default: micropython)")  # fmt: skip
    add("--all", action="store_true", help="go on after the first difference and count them")
    add("--json", action="store_true", help="print the result object alone on stdout")


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--quick", action="store_true", help="stop after the first 60 simulated seconds")
    add("--json", action="store_true", help="print the figures as one object")


def _validate_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--case", metavar="FILE.toml", help="run this test (keys: docs/plant.md) instead of the published ones")
    add("--page", metavar="FILE.md", help="write the table of all published rows there as well")
    add("--json", action="store_true", help="print the result object alone on stdout")


def _dbc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("check", "generate"),
                        help="check: is the generated code what the database says?  generate: write it")  # fmt: skip


def _sequence_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("what", choices=("dispenser", "tank", "check", "generate"),
        help="draw that board's table; check: do both tables hold, are docs/ fresh?  generate: docs/")  # fmt: skip
    add("--format", choices=("mermaid", "svg", "json"),
        help="what to draw as (default: by the ending of FILE, else mermaid)")  # fmt: skip
    add("-o", dest="output", metavar="FILE", help="write there instead of to stdout")
    add("--trace", metavar="DIR", help="with check: are all steps of this recorded run steps of the tables?")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("trace", metavar="TRACE_DIR|FILE.log", help="the folder that fill --trace wrote, or a candump log")
    add("-o", dest="output", required=True, metavar="FILE",
        help="its ending says what: .csv (decoded signals), .blf, .asc, .mf4, .log (candump)")  # fmt: skip


def _plant_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--hose", choices=("warm", "standby"), default="warm", help="the lines at the start (default: warm)")
    add("--mass", type=float, default=40.0, metavar="KG", help="in the truck's tank at the start (default: 40)")
    add("--plots", metavar="DIR", help="draw a chill-down and a fill there, as SVG")
    add("--fmu", metavar="DIR", help="pack tank and lines there as FMI 2.0 units instead (extra fmi)")
    add("--json", action="store_true", help="print the figures as one object")


def _faults_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("what", nargs="*", metavar="TARGET|FAMILY", help="only these, such as XV103 or contacts (default: all)")
    add("--json", action="store_true", help="print one row for each target and kind, as one object")


def _conform_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("bus", metavar="BUS",
        help="INTERFACE:CHANNEL of python-can, socketcand:HOST:PORT:CHANNEL, or sim: our own board")  # fmt: skip
    add("--peer", required=True, choices=("tank", "dispenser"), help="what is under test; the kit plays the other side")
    add("--test", action="append", metavar="NAME", help="do this test only (may be given again; default: all)")
    add("--key", metavar="FILE", help="with authentication: file of the truck's key in 64 hexadecimal digits, or test: "
        "that of a rig's truck")
    add("--json", action="store_true", help="print the verdicts as one object on stdout")


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--node", choices=("dispenser", "tank", "all"), default="all", help="whose firmware (default: all)")
    add("--board", choices=("teensy41", "pybv11", "nucleo_g474re"), default="teensy41",
        help="for which board (default: teensy41, the reference)")  # fmt: skip
    add("--out", required=True, metavar="DIR", help="where the folders NODE-BOARD go")
    add("--json", action="store_true", help="print the manifests on stdout")


def _key_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    new = kinds.add_parser("new", help="draw a station key", allow_abbrev=False)
    new.add_argument("file", metavar="FILE", help="new file for it")
    truck = kinds.add_parser("truck", help="derive the key of one truck from a station key", allow_abbrev=False)
    truck.add_argument("station", metavar="STATION", help="file of the station key")
    truck.add_argument("--tank-id", metavar="N", type=int, required=True, help="the truck's tank_id, 1 to 16777215")
    truck.add_argument("-o", "--output", metavar="FILE", required=True, help="new file for the truck's key")


def _flash_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("url", metavar="URL", help="the board's technician port: a device, socket://host:port or rfc2217://host:port")
    add("--node", choices=("dispenser", "tank"), required=True, help="what the board is")
    add("--board", choices=("teensy41", "pybv11", "nucleo_g474re"), default="teensy41", help="which board it is")
    add("--image", metavar="DIR", help="where cryofill build put the image (default: build it now)")
    add("--key", "--key-file", metavar="FILE", help="the technician's key, 64 hex digits; not needed at an open port")
    add("--console", metavar="URL", help="where the firmware answers afterwards, if URL is the board's own USB")
    add("--dry-run", action="store_true", help="look whether image and board fit, change nothing")


def _traceback_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("image", metavar="DIR/NODE-BOARD", help="the image that the board ran, as cryofill build wrote it")
    add("text", nargs="?", default="-", metavar="FILE", help="what the board printed (default: standard input)")


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("url", nargs="?", metavar="URL", help="a board's technician port, to look at it too")
    add("--json", action="store_true", help="print what was found as one object on stdout")


COMMANDS = (
    Command("fill", "host_tools.fill_command:run", "refuel a truck once and print the ticket", _fill_arguments,
            "cryofill fill cold_fill --seed 3 --trace out/cold"),
    Command("rig", "host_tools.rig_command:run", "keep plant, bus and both boards up for people and tools to join",
            _rig_arguments, "cryofill rig --realtime"),
    Command("console", "host_tools.console_command:run", "talk to a board over its serial port",
            _console_arguments, "cryofill console /dev/ttyUSB0 --role technician --key-file technician.key"),
    Command("report", "host_tools.report_command:run", "make one HTML page of a recorded run", _report_arguments,
            "cryofill report out/cold -o cold.html"),
    Command("faults", "host_tools.faults_command:run", "list what can be broken: targets, kinds, values and units",
            _faults_arguments, "cryofill faults XV103"),
    Command("validate", "host_tools.validate_command:run", "hold the plant's models against published numbers",
            _validate_arguments, "cryofill validate --case my_tank_test.toml --json"),
    Command("campaign", "host_tools.campaign_command:run", "run many random scenarios with faults",
            _campaign_arguments, "cryofill campaign --runs 500 --seed 1 --workers 2 --out campaign-1"),
    Command("cuts", "host_tools.cuts_command:run", "cut the link at random moments: time to closed valves",
            _cuts_arguments, "cryofill cuts --cuts 1000 --seed 1"),
    Command("replay", "host_tools.replay_command:run", "run a firmware build on a recorded run and show what differs",
            _replay_arguments, "cryofill replay out/cold --vm wasm32"),
    Command("build", "host_tools.build_command:run", "make the image of a node's firmware for a board",
            _build_arguments, "cryofill build --node dispenser --board teensy41 --out images"),
    Command("flash", "host_tools.flash_command:run", "put an image on a board and see it pass its self-test",
            _flash_arguments, "cryofill flash /dev/ttyUSB0 --node dispenser --image images"),
    Command("traceback", "host_tools.traceback_command:run", "say what the lines of an image's traceback are in the tree",
            _traceback_arguments, "cryofill traceback images/dispenser-teensy41 printed.txt"),
    Command("doctor", "host_tools.doctor_command:run", "say what is missing on this host or on a board",
            _doctor_arguments, "cryofill doctor /dev/ttyUSB0"),
    Command("dbc", "host_tools.dbc:main", "check or generate the CAN codec from dbc/cryofill.dbc", _dbc_arguments,
            "cryofill dbc check"),
    Command("export", "host_tools.export_command:run", "write a run's CAN log as BLF, ASC, MF4 or decoded signals",
            _export_arguments, "cryofill export out/cold -o cold.blf"),
    Command("conform", "host_tools.conform_command:run", "test somebody's tank or dispenser against the link's rules",
            _conform_arguments, "cryofill conform --peer tank sim"),
    Command("key", "host_tools.key_command:run", "make the keys with which station and truck prove themselves",
            _key_arguments, "cryofill key truck station.key --tank-id 1000 -o truck1000.key"),
    Command("plant", "host_tools.plant_command:run", "run the plant alone by a script; its plots, its FMUs",
            _plant_arguments, "cryofill plant --plots docs"),
    Command("bench", "host_tools.bench:run", "measure the lockstep factor and where the time goes", _bench_arguments,
            "cryofill bench --quick"),
    Command("sequence", "host_tools.sequence_command:run", "draw and check the state tables that the boards run",
            _sequence_arguments, "cryofill sequence dispenser --format svg -o sequence.svg"),
)  # fmt: skip
