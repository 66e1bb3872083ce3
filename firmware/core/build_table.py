"""Which build this is. Literal only; `cryofill build` puts the image's own words here, the tree says `source`."""

VERSION = "source"
REVISION = "source"
BOARD = "teensy41"
HASH = ""  # first 12 hex digits of the SHA-256 over the image's modules
