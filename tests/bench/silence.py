"""What silence costs: networks that spike at once and then never again, with a readout that keeps learning.

    VOLLEY=build/release/volley python3 tests/bench/silence.py

All filtered spikes and synaptic currents decay for as long as nothing spikes, below the smallest normal number (1e-308)
after 14 s, where arithmetic may be a hundred times slower. Prints microseconds a step in the first 10 s, in which they are
normal numbers, and from 20 s to 40 s, and the ratio, which should be 1."""
import json
import os
import subprocess
import sys
import tempfile

SPANS = (1, 11, 20, 40)  # s
MODELS = {
    "lif": ("I_e: -60 mV", "uniform, low: -65 mV, high: 30 mV", "0.02 mV s", "30 mV"),
    "theta": ("I_e: -100", "uniform, low: -3.14, high: 3.14", "0.2 s", "10"),
    "izhikevich_2007": ("I_e: 0 pA", "uniform, low: -60 mV, high: 30 mV", "10 pA ms", "5000 pA"),
}
EXPERIMENT = """
simulation: {{dt: 0.05 ms, duration: {stop} s, seed: 1}}
populations:
  - {{name: N, model: {model}, size: 1000, parameters: {{{current}, tau_rise: 2 ms, tau_decay: 20 ms}},
     initial: {{V_m: {{distribution: {initial}}}}}}}
projections:
  - {{source: N, target: N, rule: pairwise_bernoulli, probability: 0.1, delay: 0.05 ms,
     weight: {{distribution: normal, mean: 0, std: {std}}}}}
readouts:
  - {{name: z, population: N, filter: {{rise: 2 ms, decay: 20 ms}}, supervisor: {{type: sines, frequencies: 5 Hz, scale: 0.01}},
     learning: {{lambda: 1e5, interval: 1 ms, start: 0 s, stop: {stop} s}}, feedback: {{gain: {gain}}}}}
recorders: [{{type: spikes, population: N}}]
"""


def simulate(model, duration, folder):
    """Seconds of work of a run of so many seconds, and its spikes."""
    experiment = os.path.join(folder, "silence.yaml")
    names = ("current", "initial", "std", "gain")
    with open(experiment, "w", encoding="utf-8") as file:
        file.write(EXPERIMENT.format(model=model, stop=duration, **dict(zip(names, MODELS[model]))))
    summary = os.path.join(folder, "summary.json")
    subprocess.run([os.environ["VOLLEY"], "run", experiment, "-o", os.path.join(folder, "out.h5"), "--overwrite",
                    "--progress", "off", "--summary", summary, "--threads", "1"], check=True, stdout=subprocess.DEVNULL)
    with open(summary, encoding="utf-8") as file:
        found = json.load(file)
    return found["simulate_s"], found["spikes"]


def main():
    steps_per_s = 20_000
    for model in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            runs = {span: [simulate(model, span, folder) for _ in range(3)] for span in SPANS}
        times = {span: min(seconds for seconds, _ in runs[span]) for span in SPANS}
        first, last = runs[SPANS[0]][0][1], runs[SPANS[-1]][0][1]
        early = 1e6 * (times[11] - times[1]) / 10 / steps_per_s
        late = 1e6 * (times[40] - times[20]) / 20 / steps_per_s
        print(f"{model:16}  spikes in the first second {first}, later {last - first};  {early:.2f} us a step at 1-11 s, "
              f"{late:.2f} at 20-40 s, ratio {late / early:.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
