"""The networks of these tests hold everything that is registered: neurons, synapses, stimuli, signals, rules. What was
registered last goes into kinds.yaml or variants.yaml, whose bits are the same on other ranks and threads, and after a
restart, too."""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from nets import content, same_bits  # noqa: E402
from program import execute, expect, finish, run, set_words  # noqa: E402

NETS = ("everything.yaml", "force.yaml", "plastic.yaml", "triplet.yaml", "kinds.yaml", "variants.yaml",
        "inputs.yaml")
SHORT = {"simulation.duration": "120 ms"}


def registered():
    """Names by the key that takes them."""
    neurons, synapses, stimuli = (re.findall(r"^(\w+)  *\S", part, re.MULTILINE) for part in re.split(
        r"\n\w+\n", execute(["models"], threads=None).stdout.rsplit("\n\n", 1)[0]))
    reference = execute(["reference"], threads=None).stdout
    rules = re.findall(r"^\| `(\w+)`", reference.split("### Rules")[1].split("\n## ")[0].split("####")[0], re.MULTILINE)
    signals = re.findall(r"^### type: (\w+)", reference.split("\n## Signals")[1], re.MULTILINE)
    return {"model": neurons + synapses, "type": stimuli + signals, "rule": rules}


def check_bits(name, settings, end):
    """One thread, and two ranks to `end` from where three go on, have the same bits."""
    net = os.path.join(HERE, name)
    with tempfile.TemporaryDirectory() as folder:
        one, cut, many = (os.path.join(folder, file) for file in ("one.h5", "cut.h5", "many.h5"))
        spikes = run(net, one, settings)["spikes"]
        first = ["run", net, "-o", cut, "--checkpoint-every", f"{end} model"]
        result = execute(first + set_words({**settings, "simulation.duration": end}), 2, 1)
        expect(result.returncode == 0, f"{name}: the first part fails: {result.stderr}")
        where = {"simulation.partition": "round_robin", "simulation.exchange_interval": "min_delay"}
        words = ["run", net, "-o", many, "--resume", os.path.join(folder, "cut.checkpoint.h5")]
        result = execute(words + set_words({**settings, **where}), 3, 2)
        expect(result.returncode == 0, f"{name}: resuming fails: {result.stderr}")
        whole, resumed = content(one), content(many)
        different = [path for path in whole if path not in resumed or not same_bits(whole[path], resumed[path])]
        expect(not different, f"{name}: other bits on 2 and 3 ranks in {different}")
        expect(spikes > 100, f"{name}: {spikes} spikes are too few to show anything")


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
    check_bits("kinds.yaml", {}, "31.3 ms")
    check_bits("variants.yaml", SHORT, "57.1 ms")
    finish()


if __name__ == "__main__":
    main()
