"""Vogels and Abbott's networks against NEST 3.9 (test_networks.py) with more seeds."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from test_networks import main  # noqa: E402

if __name__ == "__main__":
    main({"coba": range(1, 21), "cuba": range(1, 41)})
