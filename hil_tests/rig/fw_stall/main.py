"""Never comes back to the rig after the third tick."""

import time

for i in range(3):
    time.sleep_ms(10)
while True:
    pass
