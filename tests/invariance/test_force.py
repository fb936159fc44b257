"""Readouts that learn: the same spikes, outputs and decoders, bit for bit, on every number of ranks and threads, with every
partition and exchange interval, and after restarts in the middle of learning."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from nets import compare_combinations, content, same_bits  # noqa: E402
from program import execute, expect, finish  # noqa: E402

EXPERIMENT = os.path.join(HERE, "force.yaml")
COMBINATIONS = [(1, 2, "round_robin", "step", "direct"), (2, 1, "block", "min_delay", "listed"),
                (3, 2, "round_robin", "min_delay", "auto"), (7, 1, "block", "step", "direct")]


def check_resume_from_each(folder, digest):
    """From checkpoints before, in and after learning, on other numbers of ranks."""
    output = os.path.join(folder, "kept.h5")
    run_words = ["--checkpoint-every", "57.15 ms model", "--checkpoint-keep", "9"]
    result = execute(["run", EXPERIMENT, "-o", output, "--progress", "off"] + run_words, 2, 1)
    expect(result.returncode == 0, result.stderr)
    wanted = content(output)
    for number, (ranks, threads) in enumerate([(1, 2), (2, 1), (3, 2), (4, 1)], start=1):
        again = os.path.join(folder, f"again{number}.h5")
        result = execute(["run", "--resume", f"{folder}/kept.checkpoint.h5.{number}", "-o", again, "--progress", "off",
                          "--overwrite", "--checkpoint", f"{folder}/again.checkpoint.h5"], ranks, threads)
        expect(result.returncode == 0, f"checkpoint {number}: {result.stderr}")
        expect(digest in result.stdout, f"checkpoint {number}: another digest on {ranks} ranks")
        found = content(again)
        different = [path for path in wanted if path not in found or not same_bits(found[path], wanted[path])]
        expect(not different, f"checkpoint {number}, {ranks} ranks: different bits in {different}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        found = compare_combinations("readouts", (EXPERIMENT, {}), COMBINATIONS, folder,
                                     ("allgather", "neighbour"))
        expect(found["spikes"] > 1000, "readouts: too quiet to show anything")
        check_resume_from_each(folder, found["spike_digest"])
    finish()


if __name__ == "__main__":
    main()
