"""As test_digest.py: all combinations of ranks, threads, partitions and exchange intervals."""
import os
import sys
import tempfile

from nets import compare_combinations, every_combination, make_nets

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import finish  # noqa: E402


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, net in make_nets(folder).items():
            compare_combinations(name, net, every_combination(), folder)
    finish()


if __name__ == "__main__":
    main()
