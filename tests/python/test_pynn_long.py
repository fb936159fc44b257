"""pyNN.volley, what takes longer: the same bits on two processes; pyNN.volley as it is registered for a user; the networks of Vogels and
Abbott as pyNN.neuron runs them. And PyNN's own examples unchanged, where VOLLEY_PYNN_EXAMPLES names their folder, `examples` of a clone of
PyNN 0.10.1: Debian's package has none."""
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy

sys.path[:0] = [os.path.join(os.environ["VOLLEY_SOURCE"], *path) for path in (("tests", "support"), ("io", "python"))]
try:
    import pyNN.common  # noqa: F401
except ImportError:
    print("PyNN is missing (on Debian python3-pynn)")
    sys.exit(77)
if "VOLLEY_TEST_C_FLAGS" in os.environ:
    print("an interpreter without a sanitizer cannot load a module with one")
    sys.exit(77)
import program  # noqa: E402
import pynn_networks  # noqa: E402
import volley_pynn  # noqa: E402, F401  # before pyNN.volley
from program import MPIRUN, expect  # noqa: E402
import pyNN.volley as sim  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = os.path.join(os.environ["VOLLEY_SOURCE"], "io", "python")


EXAMPLES = ("VAbenchmarks CUBA", "VAbenchmarks COBA", "brunel", "Izhikevich", "simple_STDP", "tsodyksmarkram", "small_network",
            "synaptic_input", "cell_type_demonstration", "current_injection", "varying_poisson", "inhomogeneous_network", "connections",
            "parameter_changes", "random_distributions")


def python(*words, launcher=(), **environment):
    done = subprocess.run([*launcher, sys.executable, *words], capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, **environment})
    expect(done.returncode == 0, f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


def run_on_two_processes():
    script = os.path.join(HERE, "with_mpi_pynn.py")
    told = [python("-m", "volley_pynn", script, launcher=launcher, PYTHONPATH=PACKAGES).split()
            for launcher in ((), (MPIRUN, "-n", "2"))]
    expect([words[0] for words in told] == ["1", "2"] and told[0][1:] == told[1][1:], f"one and two processes: {told}")
    expect(int(told[0][1]) > 100 and told[0][2] == "300" and int(told[0][3]) > 100, f"they tell little: {told[0]}")


def register():
    here = {"PYTHONUSERBASE": os.path.abspath("user"), "PYTHONPATH": PACKAGES}
    use = ["-c", "import pyNN.volley as sim; print(sim.simulator.name, sim.list_standard_models())"]
    expect("registered" in python("-m", "volley_pynn", "--register", **here), "nothing is said")
    here["PYTHONPATH"] = ""
    expect("Volley" in python(*use, **here) and "HH_cond_exp" in python(*use, **here), "it is not there")
    python("-m", "volley_pynn", "--remove", **here)
    failed = subprocess.run([sys.executable, *use], capture_output=True, text=True, check=False, env={**os.environ, **here})
    expect("No module named 'pyNN.volley'" in failed.stderr, f"it is still there: {failed.stderr}")


def compare_vogels_abbott(expected):
    """Rates and CV within what other seeds give: NEURON's lie among those of five seeds of Volley, with a spread to spare."""
    for benchmark, theirs in expected.items():
        ours = [pynn_networks.run_vogels_abbott(sim, benchmark, seed) for seed in range(1, 6)]
        for key in ("E", "I", "CV"):
            values = numpy.array([found[key] for found in ours])
            mean = numpy.mean([found[key] for found in theirs])
            room = max(2 * values.std(), 0.05 * values.mean())
            expect(values.min() - room <= mean <= values.max() + room, f"{benchmark}: {key} of NEURON {mean}, of Volley {values}")


def run_examples(folder):
    """As for a user who has no NEURON: random_distributions takes its generator where it is there, for which mechanisms must be compiled."""
    os.mkdir("hidden")
    with open("hidden/neuron.py", "w", encoding="utf-8") as file:
        file.write("raise ImportError\n")
    for example in EXAMPLES:
        name, *words = example.split()
        begin = time.perf_counter()
        python("-m", "volley_pynn", os.path.join(folder, name + ".py"), "volley", *words,
               PYTHONPATH=os.pathsep.join((os.path.abspath("hidden"), PACKAGES)))
        print(f"{example}: {time.perf_counter() - begin:.1f} s", flush=True)


with open(os.path.join(HERE, "pynn_neuron.json"), encoding="utf-8") as file:
    reference = json.load(file)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    run_on_two_processes()
    register()
    compare_vogels_abbott(reference["vogels_abbott"])
    if "VOLLEY_PYNN_EXAMPLES" in os.environ:
        run_examples(os.environ["VOLLEY_PYNN_EXAMPLES"])
    else:
        print("PyNN's examples are not run: VOLLEY_PYNN_EXAMPLES does not name them")
    os.chdir("/")
program.finish()
