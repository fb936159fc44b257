"""The same states from other builds: by gcc and clang, for this machine, for x86-64 of version 3 and for any, optimised less.

The program in its own build and those made here run the same networks: outputs and checkpoints are the same bits. Needs a
processor with FMA, for the C library has other functions for those without. test_builds.py does it for arithmetic alone."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import program  # noqa: E402
from nets import EXPERIMENTS, make_everything  # noqa: E402
from program import SOURCE, expect, finish, run  # noqa: E402
from recorded_results import fingerprint, where  # noqa: E402

BUILDS = {
    "gcc, any x86-64, -O2": ("gcc", "OFF", "-O2"),
    "gcc, x86-64 of version 3": ("gcc", "OFF", "-O3 -march=x86-64-v3"),
    "clang, this machine": ("clang", "ON", "-O3"),
    "clang, any x86-64": ("clang", "OFF", "-O3"),
}


def make(folder, compiler, native, flags):
    """The program of a build, or None where there is no such compiler."""
    if not shutil.which(compiler):
        return None
    words = ["cmake", "-S", SOURCE, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_C_COMPILER={compiler}", f"-DVOLLEY_NATIVE={native}",
             f"-DCMAKE_C_FLAGS_RELEASE={flags}", "-DVOLLEY_TESTS=OFF", "-DVOLLEY_WERROR=ON"]
    words += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    for command in (words, ["cmake", "--build", folder, "--target", "volley", "--parallel", str(os.cpu_count())]):
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return os.path.join(folder, "volley")


def make_nets(folder):
    kick = {"simulation.duration": "60 ms", "recorders.0.start": "0 ms", "populations.0.size": "[800, 200]", "projections.excitatory.probability": 0.08,
            "projections.inhibitory.probability": 0.08}
    nets = {"everything": (make_everything(folder), {}),
            "plastic": (os.path.join(HERE, "plastic.yaml"), {"simulation.duration": "300 ms", "recorders.some.start": "0 ms"}),
            "microcircuit": (os.path.join(EXPERIMENTS, "microcircuit.yaml"), {"network.scale.neurons": 0.02, "network.scale.indegree": 0.02,
                                                                              "simulation.duration": "500 ms", "recorders.0.start": "0 ms"})}
    for name in ("coba", "cuba", "hh"):
        nets[name] = (os.path.join(EXPERIMENTS, f"vogels_abbott_{name}.yaml"), kick)
    return nets


def results(nets, folder):
    """Digest, and hashes of output and of the states at the end, of each network."""
    found = {}
    for name, (experiment, settings) in nets.items():
        output = os.path.join(folder, "out.h5")
        length = settings.get("simulation.duration", "100 ms")
        summary = run(experiment, output, {**settings, "simulation.duration": length, "checkpoint.every": f"{length} model"})
        found[name] = (summary["spike_digest"], fingerprint(output), fingerprint(os.path.join(folder, "out.checkpoint.h5")))
        expect(summary["spikes"] > 100, f"{name}: too quiet to show anything")
    return found


def main():
    if "fma" not in where():
        print("no processor with FMA")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        nets = make_nets(folder)
        expected = results(nets, folder)
        for build, how in BUILDS.items():
            made = make(os.path.join(folder, "build"), *how)
            print(f"{build}: {'compared' if made else 'not here'}", flush=True)
            if not made:
                continue
            program.VOLLEY = made
            for name, found in results(nets, folder).items():
                for what, a, b in zip(("digest", "output", "states"), expected[name], found):
                    expect(a == b, f"{build}: {name}: other {what}")
            shutil.rmtree(os.path.join(folder, "build"), ignore_errors=True)
    finish()


main()
