"""The cases of this folder that are data, each at three ranks, too."""
import test_bad_input
import test_datasets
import test_edges
import test_sonata
import test_spikes
import test_stimulus_files
from program import expect, finish

if __name__ == "__main__":
    for test in (test_datasets, test_edges, test_sonata, test_spikes, test_stimulus_files):
        test.main(every=1)
    expect(test_bad_input.main(every=1) == 0, "faults of experiments")
    finish()
