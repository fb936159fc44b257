"""As test_digest.py: all combinations of ranks, threads, partitions and exchange intervals, and of ranks, threads,
partitions and exchanges."""
import os
import sys
import tempfile

from nets import EXCHANGES, INTERVALS, compare_combinations, every_combination, make_nets

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import finish  # noqa: E402


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, net in make_nets(folder).items():
            compare_combinations(name, net, every_combination(), folder, EXCHANGES[:1])
            for number, exchange in enumerate(EXCHANGES[1:]):
                combinations = [c for c in every_combination() if c[1] < 3 and c[3] == INTERVALS[(c[0] + number) % 2]]
                compare_combinations(name, net, combinations, folder, [exchange])
    finish()


if __name__ == "__main__":
    main()
