"""The worked example of docs/adding-a-model.md: its code is compiled against an installed copy by the line that stands
there, and its experiment run; the model is recorded, checkpointed and the same on any ranks. What a model includes needs
a C compiler and nothing else. Plugins that are wrong give one message and exit code 2 on every number of ranks."""
import glob
import os
import re
import subprocess
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import MPIRUN, SOURCE, TIMEOUT, expect, finish, read_spikes, read_trace  # noqa: E402

NET = """
plugins: [plugins/resonate_and_fire.so]
simulation: {duration: 60 ms, seed: 5}
output: {precision: double}
populations:
  - {name: R, model: resonate_and_fire, size: 300, parameters: {frequency: {distribution: uniform, low: 20, high: 60}},
     initial: {x: {distribution: normal, mean: 0, std: 0.2}}}
  - {name: S, model: resonate_and_fire, size: 50}
projections:
  - {source: [R, S], target: [R, S], rule: fixed_indegree, indegree: 20, delay: 1.5 ms, weight: 0.05}
stimuli:
  - {type: poisson, target: [R, S], rate: 3 kHz, weight: 0.06}
recorders:
  - {type: spikes, population: [R, S]}
  - {name: z, type: traces, population: R, states: [x, y], interval: 1 ms}
checkpoint: {every: 15 ms model, file: net.checkpoint.h5}
"""
# What is wrong with a plugin -> its source and the message.
WRONG = {
    "no symbol": ("int something;\n", "is no plugin: it has no volley_plugin"),
    "another interface": ("#include <volley/plugin/plugin.h>\n"
                          "const volley_plugin_table volley_plugin = {.interface = 99};\n",
                          "is made for interface 99, this program has interface 7; compile it with the headers of"),
    "other structs": ("#include <volley/plugin/plugin.h>\n"
                      "const volley_plugin_table volley_plugin = {.interface = VOLLEY_PLUGIN_INTERFACE, .sizes = {sizeof(volley_gid)}};\n",
                      "is made with the headers of another version"),
    "missing function": ("#include <volley/plugin/plugin.h>\nvoid nowhere(void);\nvoid (*address)(void) = nowhere;\n",
                         "undefined symbol: nowhere"),
    "no update": ('#include <volley/plugin/plugin.h>\n'
                  'static const volley_receptor_info r[1] = {{"s", "", 0, -1, ""}};\n'
                  'static const volley_neuron_model m = {.name = "m", .doc = "", .receptors = r, .n_receptors = 1};\n'
                  "VOLLEY_PLUGIN(.neurons = {&m})\n", "the model 'm' of plugin 'wrong.so' lacks prepare, mean_current or update"),
    "stimulus without functions": ('#include <volley/plugin/plugin.h>\n'
                                   'static const volley_stimulus_kind s = {.name = "s", .doc = ""};\n'
                                   "VOLLEY_PLUGIN(.stimuli = {&s})\n",
                                   "the stimulus 's' of plugin 'wrong.so' lacks apply or the size of its generator"),
    "synapse without states": ('#include <volley/plugin/plugin.h>\n'
                               'static void r(const double *v, double *l, double *h) { *l = *h = *v; }\n'
                               'static void f(volley_synapse_view *v, double *i) { *i = v->sign; }\n'
                               'static const volley_synapse_model m = {.name = "m", .doc = "", .equations = "",\n'
                               '                                       .range = r, .spike = f};\n'
                               "VOLLEY_PLUGIN(.synapses = {&m})\n",
                               "the synapse model 'm' of plugin 'wrong.so' lacks the state that is its weight"),
}
# A stimulus and a synapse model of plugins. The current that rises is that of a step_current, which `same` has instead.
KINDS = """
plugins: [ramp.so, growth.so]
simulation: {duration: 100 ms}
output: {precision: double}
populations:
  - {name: S, model: iaf_psc_exp, size: 7}
  - {name: T, model: iaf_psc_exp, size: 20}
projections:
  - {name: grows, source: S, target: T, rule: fixed_indegree, indegree: 3, weight: 10, delay: 1 ms,
     synapse: {model: growth, step: 0.5, Wmax: 40}}
stimuli:
  - {name: drive, type: ramp, target: S, amplitude: 1.5 nA, period: 4 ms, start: 20 ms}
recorders:
  - {type: spikes, population: [S, T]}
  - {name: weights, type: weights, projection: grows, interval: 10 ms}
"""
SMALL = """
plugins: wrong.so
populations: [{name: A, model: resonate_and_fire, size: 1}]
simulation: {duration: 1 ms}
"""


def shell(line, folder, **environment):
    result = subprocess.run(["bash", "-c", line], cwd=folder, env={**os.environ, **environment}, text=True,
                            capture_output=True, timeout=TIMEOUT)
    if result.returncode != 0:
        sys.exit(f"{line}\nexit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def blocks(page, language):
    with open(page, encoding="utf-8") as file:
        return re.findall(rf"^```{language}\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Installed:
    """An installed copy, and a folder beside it to work in."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "work")
        self.prefix = os.path.join(folder, "prefix")
        os.mkdir(self.folder)
        shell(f"cmake --install '{os.environ['VOLLEY_BUILD']}' --prefix '{self.prefix}'", folder)
        self.packages = os.path.dirname(shell(f"find '{self.prefix}' -name volley.pc", folder).strip())
        self.line, = blocks(os.path.join(SOURCE, "docs", "adding-a-model.md"), "sh")

    def compile(self, source, name):
        """Compiles a text by the documented line to NAME.so."""
        write(os.path.join(self.folder, name + ".c"), source)
        line = self.line.replace("resonate_and_fire", name).replace("cc ", "cc -Wall -Wextra -Werror ", 1)
        shell(line, self.folder, PKG_CONFIG_PATH=self.packages)

    def volley(self, words, ranks=1):
        launcher = [MPIRUN, "-n", str(ranks)] if ranks > 1 else []
        return subprocess.run(launcher + [os.path.join(self.prefix, "bin", "volley")] + words, cwd=self.folder,
                              text=True, capture_output=True, timeout=TIMEOUT)

    def good(self, words, ranks=1):
        result = self.volley(words, ranks)
        expect(result.returncode == 0, f"{' '.join(words)}: code {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout


def check_headers(installed):
    """Each header of the models compiles alone, without those of MPI, HDF5 and PETSc; so does the example."""
    include = os.path.join(installed.prefix, "include")
    headers = sorted(glob.glob(os.path.join(include, "volley", "neuron", "*.h")))
    expect(len(headers) > 5, f"only {headers}")
    code, = blocks(os.path.join(SOURCE, "docs", "adding-a-model.md"), "c")
    for text in [f'#include "{header}"\n' for header in headers] + [code]:
        write(os.path.join(installed.folder, "alone.c"), text)
        shell(f"cc -std=c11 -fopenmp-simd -Wall -Wextra -Werror -fsyntax-only -I'{include}' -I'{include}/volley' alone.c",
              installed.folder)


def check_example(installed):
    page = os.path.join(SOURCE, "docs", "adding-a-model.md")
    code, = blocks(page, "c")
    experiment, = blocks(page, "yaml")
    installed.compile(code, "resonate_and_fire")
    write(os.path.join(installed.folder, "resonance.yaml"), experiment)
    plugin = ["--plugin", "resonate_and_fire.so"]
    expect("resonate_and_fire damped oscillator" in installed.good(["models"] + plugin), "the model is not listed")
    expect("iaf_psc_exp" in installed.good(["models"] + plugin), "the other models are not listed")
    expect("time constant of the damping" in installed.good(["models", "resonate_and_fire"] + plugin), "not described")
    expect(installed.volley(["models", "resonate_and_fire"]).returncode == 2, "there without the plugin")
    installed.good(["check", "resonance.yaml"])
    installed.good(["run", "resonance.yaml", "-o", "resonance.h5"], ranks=2)
    output = os.path.join(installed.folder, "resonance.h5")
    check_solution(output)


def solution(times, arrivals):
    """z while there is no spike: a damped rotation from every arrival on."""
    rate = -1 / 100 + 2j * numpy.pi * 40 / 1000
    return sum(numpy.where(times > t - 1e-6, 0.7 * numpy.exp(rate * (times - t)), 0) for t in arrivals)


def check_solution(output):
    """Neuron 0 fires when its solution reaches the threshold, neuron 1 never."""
    times, x = read_trace(output, "z.x")
    _, y = read_trace(output, "z.y")
    first = times[numpy.argmax(solution(times, (10.1, 35.1)).imag >= 1)]
    fired, ids, _ = read_spikes(output, "R")
    expect(list(ids) == [0] and abs(fired[0] - first) < 1e-6, f"spikes of {ids} at {fired} ms, not of 0 at {first} ms")
    off = numpy.abs(x[:, 1] + 1j * y[:, 1] - solution(times, (10.1, 22.6))).max()
    expect(off < 1e-7, f"the trace is off by {off}")  # it is recorded in float32


def digest(text):
    return re.search("spike digest ([0-9a-f]+)", text).group(1)


def check_net(installed):
    """The same spikes on other ranks and threads, and from a checkpoint on."""
    os.mkdir(os.path.join(installed.folder, "plugins"))
    os.rename(os.path.join(installed.folder, "resonate_and_fire.so"),
              os.path.join(installed.folder, "plugins", "resonate_and_fire.so"))
    write(os.path.join(installed.folder, "net.yaml"), NET)
    run = ["run", "net.yaml", "--overwrite", "--progress", "off", "--threads"]
    expected = digest(installed.good(run + ["1", "-o", "whole.h5"]))
    times, _, _ = read_spikes(os.path.join(installed.folder, "whole.h5"), "R")
    expect(len(times) > 300, f"{len(times)} spikes are too few to show anything")
    expect(digest(installed.good(run + ["2", "-o", "other.h5"], 3)) == expected, "other spikes on 3 x 2 threads")
    installed.good(run + ["2", "-o", "half.h5", "--set", "simulation.duration=30 ms"], 2)
    resume = ["--resume", "net.checkpoint.h5", "-o", "rest.h5", "--checkpoint", "rest.checkpoint.h5"]
    for ranks, words in ((3, run + ["1"] + resume),
                         (1, ["run", "--overwrite", "--set", "simulation.duration=60 ms"] + resume)):
        expect(digest(installed.good(words, ranks)) == expected, f"other spikes after a restart: {' '.join(words)}")


def check_kinds(installed):
    """Stimulus and synapse model of plugins: described, the same on any ranks, and what they should be."""
    for name in ("ramp", "growth"):
        with open(os.path.join(HERE, name + ".c"), encoding="utf-8") as file:
            installed.compile(file.read(), name)
    write(os.path.join(installed.folder, "kinds.yaml"), KINDS)
    expect("weights that grow with use" in installed.good(["models", "growth", "--plugin", "growth.so"]), "no growth")
    expect("time of a rise" in installed.good(["models", "ramp", "--plugin", "ramp.so"]), "no ramp")
    run = ["run", "kinds.yaml", "--overwrite", "--progress", "off"]
    whole = digest(installed.good(run + ["-o", "kinds.h5"]))
    expect(digest(installed.good(run + ["-o", "other.h5", "--threads", "2"], 2)) == whole, "other spikes on 2 ranks")
    times = [20 + k * 0.1 for k in range(800)]
    steps = (f"{{name: drive, type: step_current, target: S, times: [{', '.join(f'{t:.1f}' for t in times)}], "
             f"amplitudes: [{', '.join(repr(1500.0 * (k % 40) / 40) for k in range(800))}]}}")
    same = digest(installed.good(run + ["-o", "same.h5", "--set", f"stimuli=[{steps}]"]))
    expect(same == whole, "the ramp is not the current that rises")
    _, sources, _ = read_spikes(os.path.join(installed.folder, "kinds.h5"), "S")
    with h5py.File(os.path.join(installed.folder, "kinds.h5"), "r") as file:
        weights = file["weights"]["weights"]["data"][:]
    expect(len(sources) > 7 and weights[0].max() == 10 and weights[-1].max() > 10 and weights.max() <= 40,
           f"{len(sources)} spikes, weights up to {weights.max()}")


def refuse(installed, name, text):
    write(os.path.join(installed.folder, "wrong.yaml"), SMALL)
    for words, ranks in ((["check", "wrong.yaml"], 1), (["run", "wrong.yaml", "-o", "wrong.h5"], 3),
                         (["models", "--plugin", "wrong.so"], 1)):
        result = installed.volley(words, ranks)
        messages = [line for line in result.stderr.splitlines() if line.startswith("volley: ")]
        expect(result.returncode == 2 and len(messages) == 1 and text in messages[0],
               f"{name}, {words[0]} on {ranks} ranks: code {result.returncode}, not one message with {text}\n"
               f"{result.stderr}")


def check_wrong_plugins(installed):
    shared = os.path.join(installed.folder, "wrong.so")
    refuse(installed, "missing file", "wrong.so: cannot open shared object file: No such file or directory")
    write(shared, "this is a text, not a shared object\n" * 10)
    refuse(installed, "a text", "the plugin 'wrong.so' cannot be loaded: ")
    for name, (source, text) in WRONG.items():
        os.remove(shared)
        installed.compile(source, "wrong")
        refuse(installed, name, text)
    code, = blocks(os.path.join(SOURCE, "docs", "adding-a-model.md"), "c")
    os.remove(shared)
    installed.compile(code.replace('.name = "resonate_and_fire"', '.name = "lif"'), "wrong")
    refuse(installed, "a name twice", "the model 'lif' of plugin 'wrong.so' has the name of a model that is there")


def main():
    with tempfile.TemporaryDirectory() as folder:
        installed = Installed(folder)
        check_headers(installed)
        check_example(installed)
        check_net(installed)
        check_kinds(installed)
        check_wrong_plugins(installed)
    finish()


if __name__ == "__main__":
    main()
