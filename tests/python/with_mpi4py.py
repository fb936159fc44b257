"""What tests/python/test_simulation.py runs under mpirun: MPI is mpi4py's, and a network that is described on all ranks has the same
spikes on all of them together as on each alone."""
import os
import sys

from mpi4py import MPI

sys.path.insert(0, os.path.join(os.environ["VOLLEY_SOURCE"], "io", "python"))
import volley  # noqa: E402

net = volley.Network(dt=0.1, duration=50, seed=3)
net.population("E", 40, "iaf_psc_exp", I_e=450)
net.project("E", "E", "fixed_indegree", indegree=8, weight=20, delay=1.5)
digests = []
for comm in (MPI.COMM_WORLD, MPI.COMM_SELF):
    with net.build(comm=comm) as simulation:
        simulation.run(50)
        digests.append(simulation.digest)
    assert "closed" in repr(simulation)
print("same" if digests[0] == digests[1] else f"{digests}", flush=True)
