#!/usr/bin/python3
"""Prints the firing rates of a run of the cortical microcircuit beside the published ones.

    microcircuit_rates.py OUT.h5
"""
import sys

import h5py

# Mean rates in Hz of the full network with Poisson input (INM-6/microcircuit-PD14-model).
PUBLISHED = {"L23E": 0.903, "L23I": 2.965, "L4E": 4.414, "L4I": 5.876,
             "L5E": 7.569, "L5I": 8.633, "L6E": 1.105, "L6I": 7.829}


def rate_of(recording):
    """Mean rate in Hz of the recorded neurons over the recorded time."""
    seconds = (recording.attrs["stop_ms"] - recording.attrs["start_ms"]) / 1000
    return len(recording["timestamps"]) / recording.attrs["recorded_neurons"] / seconds


def main(path):
    with h5py.File(path, "r") as output:
        recordings = output["spikes"]
        first = recordings["L23E"].attrs
        print(f"Mean firing rates from {first['start_ms'] / 1000:g} s to {first['stop_ms'] / 1000:g} s\n")
        print(f"{'population':12}{'neurons':>9}{'here':>10}{'published':>12}")
        for name, published in PUBLISHED.items():
            recording = recordings[name]
            print(f"{name:12}{recording.attrs['recorded_neurons']:9d}{rate_of(recording):7.2f} Hz{published:9.2f} Hz")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
