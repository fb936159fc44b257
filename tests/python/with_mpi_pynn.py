"""What tests/python/test_pynn_long.py runs on any number of processes: a network with noise and synapses that learn; prints on process 0 what
came of it."""
import hashlib

import numpy
import pyNN.volley as sim
from pyNN.random import NumpyRNG, RandomDistribution

sim.setup(timestep=0.1, threads=1, rng_seed=5)
rng = NumpyRNG(seed=None)  # another one on each process: what process 0 draws counts
cells = sim.Population(40, sim.IF_curr_exp(tau_m=RandomDistribution("uniform", (15.0, 25.0), rng), tau_refrac=2.0))
numpy.random.seed(4)
tau_m = numpy.random.uniform(15, 25, 40)
cells.set(tau_m=tau_m)
cells.initialize(v=RandomDistribution("uniform", (-65.0, -50.0), NumpyRNG(seed=2)))
drive = sim.Population(40, sim.SpikeSourcePoisson(rate=400.0))
sim.Projection(drive, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.5))
plasticity = sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(w_max=0.5), weight=0.1, delay=1.5)
learning = sim.Projection(cells, cells, sim.FixedTotalNumberConnector(300, rng=NumpyRNG(seed=3)), plasticity, receptor_type="excitatory")
for cell in cells[:10]:
    cell.inject(sim.DCSource(amplitude=0.2, start=10.0))
cells.record("spikes")
cells[3:5].record("v")
sim.run(200.0)
data = cells.get_data().segments[0]
weights = learning.get("weight", "list", with_address=False)
spikes = [train.magnitude.tolist() for train in data.spiketrains]
told = hashlib.sha256(repr((spikes, data.analogsignals[0].magnitude.tolist(), weights)).encode()).hexdigest()
if sim.rank() == 0:
    print(sim.num_processes(), sum(map(len, spikes)), len(learning), len(set(weights)), told)
cells.write_data("out.pkl")
sim.end()
