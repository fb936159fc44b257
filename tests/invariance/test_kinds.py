"""The networks of these tests hold everything that is registered: neurons, synapses, stimuli, signals, rules. What was
registered last goes into kinds.yaml, which is the same on all ranks and threads, too."""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import execute, expect, finish, run  # noqa: E402

NETS = ("everything.yaml", "force.yaml", "plastic.yaml", "triplet.yaml", "kinds.yaml")


def registered():
    """Names by the key that takes them."""
    neurons, synapses, stimuli = (re.findall(r"^(\w+)  *\S", part, re.MULTILINE) for part in re.split(
        r"\n\w+\n", execute(["models"], threads=None).stdout.rsplit("\n\n", 1)[0]))
    reference = execute(["reference"], threads=None).stdout
    rules = re.findall(r"^\| `(\w+)`", reference.split("### Rules")[1].split("\n## ")[0].split("####")[0], re.MULTILINE)
    signals = re.findall(r"^### type: (\w+)", reference.split("\n## Signals")[1], re.MULTILINE)
    return {"model": neurons + synapses, "type": stimuli + signals, "rule": rules}


def main():
    text = ""
    for name in NETS:
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            text += re.sub(r"#.*", "", file.read())
    for key, names in registered().items():
        expect(len(names) >= 7, f"{key}: only {names} are listed")
        given = set(re.findall(r"\w+", " ".join(re.findall(rf"\b{key}: (\[[^]]*\]|\w+)", text))))
        for name in names:
            expect(name in given, f"no network of tests/invariance has '{key}: {name}': put it into kinds.yaml")
    net = os.path.join(HERE, "kinds.yaml")
    with tempfile.TemporaryDirectory() as folder:
        one = run(net, os.path.join(folder, "one.h5"))
        many = run(net, os.path.join(folder, "many.h5"),
                   {"simulation.partition": "round_robin", "simulation.exchange_interval": "min_delay"}, 3, 2)
    expect(one["spike_digest"] == many["spike_digest"], "other spikes of kinds.yaml on 3 ranks")
    expect(one["spikes"] > 100, f"kinds.yaml: {one['spikes']} spikes are too few to show anything")
    finish()


if __name__ == "__main__":
    main()
