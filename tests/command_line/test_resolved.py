"""What check --resolved prints of an experiment is the same experiment: it prints the same again, and fires the same
spikes."""
import glob
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "invariance")]
from nets import make_everything  # noqa: E402
from program import EXPERIMENTS, execute, expect, finish, run  # noqa: E402
from test_inputs import write_files  # noqa: E402
from test_space import write_cloud  # noqa: E402

# The same twice.
WRITINGS = ["""
title: A net
simulation: {dt: 0.1 ms, duration: 0.1 s}
populations: [{name: A, model: iaf_psc_exp, size: 3}]
stimuli: [{type: poisson, target: A, rate: 1 kHz, weight: 1}]
""", """
stimuli: [{target: "A", type: 'poisson', rate: 1000, weight: 1 pA, delay: 0.1, sources: 1}]
populations: [{model: "iaf_psc_exp", name: A, size: "3", parameters: {tau_m: 10 ms}}]
simulation: {seed: 1, duration: 100 ms}
title: "A net"
"""]


def resolve(file):
    """The resolved text of an experiment, and the file beside it that it is written to."""
    result = execute(["check", file, "--resolved"])
    expect(result.returncode == 0, f"{file}: code {result.returncode}\n{result.stderr}")
    path = file.replace(".yaml", "-resolved.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(result.stdout)
    return result.stdout, path


def main():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(EXPERIMENTS, os.path.join(folder, "jobs"))
        nets = [make_everything(folder)]
        write_files(folder)
        write_cloud(folder)
        nets += [shutil.copy(file, folder) for file in glob.glob(os.path.join(HERE, "..", "invariance", "*.yaml"))
                 if os.path.basename(file) != "everything.yaml"]
        same = []
        for number, writing in enumerate(WRITINGS):
            with open(os.path.join(folder, f"same{number}.yaml"), "w", encoding="utf-8") as stream:
                stream.write(writing)
            same.append(resolve(stream.name)[0])
        expect(same[0] == same[1] and '"' not in same[0], f"written otherwise it is another text:\n{same[0]}{same[1]}")
        files = nets + sorted(glob.glob(os.path.join(folder, "jobs", "**", "*.yaml"), recursive=True))[::3]
        for file in files:
            text, path = resolve(file)
            again, _ = resolve(path)
            expect(text == again, f"{file}: resolved again it is another text")
        for net in nets:
            path = net.replace(".yaml", "-resolved.yaml")
            digests = {run(file, file + ".h5")["spike_digest"] for file in (net, path)}
            expect(len(digests) == 1, f"{net}: resolved it fires other spikes")
    finish()


if __name__ == "__main__":
    main()
