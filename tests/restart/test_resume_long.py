"""As test_resume.py: all pairs of numbers of ranks, each with readers among which every two values of threads, partitions and exchange
intervals meet; and all interruptions and small nets."""
import os

from test_resume import INTERVALS, PARTITIONS, RANKS, THREADS, WAYS, check_interruptions, check_small, make_nets, write_and_read
from restarting import Whole, all_at_once, scratch
from nets import SMALL  # restarting knows where these are
from program import finish


def main():
    with scratch() as folder:
        for name, (experiment, settings) in make_nets(folder).items():
            place = os.path.join(folder, name.replace(" ", "_"))
            os.mkdir(place)
            whole = Whole(name, experiment, settings, place)
            readers = [(ranks, threads, PARTITIONS[p], INTERVALS[(ranks + threads + p) % 2]) for ranks in RANKS for threads in THREADS for p in (0, 1)]
            writers = [(ranks, 1 + ranks % 3, PARTITIONS[ranks % 2], INTERVALS[ranks // 2 % 2]) for ranks in RANKS]
            all_at_once(lambda writer: write_and_read(whole, experiment, settings, writer, readers, place), writers)
            if name in ("everything", "plastic"):
                check_interruptions(whole, experiment, settings, place, WAYS)
        all_at_once(lambda name: check_small(name, folder, is_all=True), SMALL)
    finish()


if __name__ == "__main__":
    main()
