"""The plant as a library: a first fill of the day, then what the next truck finds. No board, no bus, no rig.

Run it from a checkout: `python docs/plant_example.py`.
"""

from sim.plant import Plant, PlantConfig
from sim.plant.next_truck import config_after
from sim.plant.script import Script

# A refuelling by a script: valves are opened and shut as the dispenser would, each step until something is reached.
first = Script(hose="warm", mass_kg=75.0)
first.refuel(85.0)
for phase, seconds in first.seconds.items():
    print(f"{phase:8} {seconds:6.1f} s")
print("losses, kg:", first.losses.report())
print("tank: {tank_kg:.2f} kg at {tank_bar:.2f} bar".format(**first.plant.truth))

# The books close: what is inside now, minus what was, minus what crossed the boundary.
print(f"mass {first.plant.mass_balance_kg():.1e} kg, energy {first.plant.energy_balance_j():.1e} J out of balance")

# The next truck, ten minutes later: the hose is still cold, the dewar gave some.
config = config_after(first.plant, pause_s=600.0, mass_kg=30.0, tank_bar=3.0, wall_k=24.7)
print("hose at", ", ".join(f"{t_k:.0f} K" for t_k in config.hose_metal_k or ()))

# The same one level down: energise outputs by their tag, step 10 ms, read the truth by tag.
plant = Plant(config, seed=2)
plant.world.seated = plant.world.earthed = True
plant.energised.update(ES210=1, XV101=1, XV103=1, FCV102=0.3, XV208=1, XV104=1)
while plant.truth["TT102"] > 28.0:
    plant.step(0.010)
print(f"cold again after {plant.tick * 0.010:.1f} s, PT102 {plant.truth['PT102']:.2f} bar")

# The truck drives off and stands for ten days: seconds of computing. What stops it early is a function of the truth.
plant = first.plant
plant.world.seated = plant.world.earthed = False
plant.energised.update(dict.fromkeys(plant.energised, 0.0))
days = plant.park(10 * 86_400.0, until=lambda truth: truth["tank_bar"] > 6.9) / 86_400.0
print(f"after {days:.1f} days: tank {plant.truth['tank_bar']:.2f} bar, nozzle {plant.truth['nozzle_metal_k']:.0f} K")

# And what cannot be is refused with the figure.
try:
    PlantConfig(mass_kg=99.0).validate()
except ValueError as error:
    print("refused:", error)
