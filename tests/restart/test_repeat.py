"""Trials are runs with other noise: the same bits alone, on any ranks, and where a kill in the middle of one was gone on with; without
reset each goes on from the one before, as --from does. What would mix trials of different beginnings is refused."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, command, execute, expect, finish, run  # noqa: E402

sys.path.insert(0, os.path.join(SOURCE, "io", "python"))
import volley  # noqa: E402

NET = """
simulation: {dt: 0.1 ms, duration: 40 ms, seed: 3}
populations: [{name: E, model: iaf_psc_exp, size: 60}]
projections:
  - {name: w, source: E, target: E, rule: fixed_indegree, indegree: 5, weight: 10, delay: 1.5 ms, synapse: {model: stdp, Wmax: 100}}
stimuli: [{type: poisson, target: E, rate: 12 kHz, weight: 40}]
recorders: [{type: spikes, population: E}, {type: weights, projection: w, interval: 20 ms}]
repeat: {trials: 3}
"""


def results(output, n=3):
    """What the trials came to."""
    with_all = volley.trials(output)
    expect([r.trial for r in with_all] == list(range(1, n + 1)) and all(r.complete for r in with_all), f"{output}: {with_all}")
    return [(r.summary["spike_digest"], r.spikes["E"].times.tobytes(), r.weights["w"].values.tobytes()) for r in with_all]


def check_beginnings(folder, net):
    """Trials that begin at a checkpoint, end early, or lack one: gone on with, or refused."""
    def go(name, *words, code=0, says=""):
        done = execute(["run", net, "-o", path(name), *words])
        expect(done.returncode == code and says in done.stdout + done.stderr, f"{name} {words}: {done.stdout}{done.stderr}")
        return done.stdout

    def path(name):
        return os.path.join(folder, name + ".h5")

    go("s", "--set", "repeat=null", "--checkpoint-every", "40 ms model")
    longer, latest = ["--from", path("s.checkpoint"), "--set", "simulation.duration=60"], ["--resume", "latest"]
    go("f", *longer)
    whole = results(path("f"))
    os.remove(path("f.3"))
    go("f", *longer[2:], *latest, code=2, says="began at 40 ms, from")
    expect("trial 2 of 3: there already" in go("f", *longer, *latest) and results(path("f")) == whole, "--from, gone on with")
    go("g", *longer, *latest, "--set", "repeat=null", code=2, says="give one of them")
    os.remove(path("f.1"))
    go("f", *longer, code=2, says="f.2.h5' exists")
    go("h", *longer, "--walltime-limit", "1 ms", code=3)
    go("h", *longer[2:], *latest, code=2, says="h.1.checkpoint.h5' is of a run that began at 40 ms")
    go("h", *longer, *latest)
    expect(results(path("h")) == whole, "--from, stopped and gone on with")

    on = ["--set", "repeat.reset=false"]
    go("a", *on, "--set", "repeat.trial=2", code=2, says="repeat.trial: 2 begins where trial 1 has ended")
    swept = execute(["sweep", net, *on, "--over", "repeat.trial=1..2", "-o", os.path.join(folder, "sweep")])
    expect(swept.returncode == 2 and "2 begins where" in swept.stderr, f"a sweep: {swept.stderr}")
    ends = [*on, "--set", "simulation.duration=50", "--set", "stop_when=[{rate_above: 0, window: 10}]"]
    go("e", *ends)
    found = [(r.duration, float(r.file["volley"].attrs.get("begins_ms", 0))) for r in volley.trials(path("e"))]
    expect(found == [(10, 0), (20, 10), (30, 20)], f"trials that end early: {found}")
    go("o", *on, "--checkpoint-every", "20 ms model")
    os.remove(path("o.3"))
    os.remove(path("o.3.checkpoint"))
    shutil.move(path("o.2.checkpoint") + ".1", path("o.2.checkpoint"))
    go("o", *on, "--checkpoint-every", "20 ms model", *latest, code=2, says="is at 60 ms, but its run has come to 80 ms")


def main():
    with tempfile.TemporaryDirectory() as folder:
        net, output = os.path.join(folder, "net.yaml"), os.path.join(folder, "out.h5")
        with open(net, "w", encoding="utf-8") as file:
            file.write(NET)
        words = ["run", net, "-o", output, "--checkpoint-every", "1 ms model"]
        process = subprocess.Popen(command(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.time() + 60
        while not os.path.exists(os.path.join(folder, "out.2.checkpoint.h5")) and time.time() < limit:
            time.sleep(0.001)
        process.kill()
        process.wait()
        expect(os.path.exists(os.path.join(folder, "out.1.h5")) and not os.path.exists(os.path.join(folder, "out.3.h5")), "killed late")
        result = execute([*words, "--resume", "latest"], 2)
        expect(result.returncode == 0 and "trial 1 of 3: there already" in result.stdout and "resuming at" in result.stderr,
               f"after a kill: {result.stdout}{result.stderr}")
        found = results(output)
        expect(len(set(found)) == 3, "trials are alike")
        for trial in (2, 3):
            alone = run(net, os.path.join(folder, "alone.h5"), {"repeat.trial": trial} if trial == 2 else
                        {"repeat": "null", "simulation.noise_seed": 5})
            expect(alone["spike_digest"] == found[trial - 1][0], f"trial {trial} alone")
        told = execute(["info", output], threads=None)
        expect(told.returncode == 2 and "out.1.h5' or another" in told.stderr, f"info: {told.stderr}")
        expect("trial         2 of 3" in execute(["info", os.path.join(folder, "out.2.h5")], threads=None).stdout, "info of a trial")
        expect(execute(words).returncode == 2, "trials that are there were replaced")

        own = ["--set", "repeat.reset=false", "-o"]
        whole = os.path.join(folder, "whole.h5")
        expect(execute(["run", net, *own, whole], 2).returncode == 0, "without reset")
        os.remove(os.path.join(folder, "whole.3.h5"))  # its checkpoint is that of its end
        os.remove(os.path.join(folder, "whole.3.checkpoint.h5"))
        on = results(whole, 2)
        expect(execute(["run", net, *own, whole, "--resume", "latest"]).returncode == 0, "without reset, resumed")
        goes_on = results(whole)
        expect(on == goes_on[:2] and goes_on[0] == found[0] and len(set(goes_on)) == 3, "without reset, resumed: other results")
        times = [r.spikes["E"].times for r in volley.trials(whole)]
        expect(all(40 * k < t.min() and t.max() <= 40 * k + 40 for k, t in enumerate(times)), "time does not go on")
        plain = run(net, os.path.join(folder, "branch.h5"), {"repeat": "null", "simulation.noise_seed": 3, "simulation.duration": 40,
                                                             "checkpoint.every": "40 ms model"})
        branch = execute(["run", net, "--from", os.path.join(folder, "branch.checkpoint.h5"), "-o", os.path.join(folder, "b.h5"),
                          "--set", "repeat=null", "--set", "simulation.noise_seed=4", "--set", "simulation.duration=80"])
        expect(branch.returncode == 0 and goes_on[1][0] in branch.stdout and plain["spike_digest"] == found[0][0], f"a branch: {branch}")
        check_beginnings(folder, net)
    finish()


if __name__ == "__main__":
    main()
