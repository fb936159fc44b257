"""The published SONATA network of 300 IntFire1 neurons by the clock engine against the spikes that NEURON's event-driven
simulation wrote, where ../shared/sonata has it."""
from test_sonata import check_intfire, main

main(lambda folder: check_intfire(folder, {"simulation.dt": "0.001 ms"}, 3))
