"""Which of the MCU's peripherals this board uses. Literal only; `cryofill build` puts another board's numbers here.

These are the reference board's (Teensy 4.1); `board_table` has all boards'.
"""

CAN_ID = 3
SPI_ID = 0
UART_ID = 1
