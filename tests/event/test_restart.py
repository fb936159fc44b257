"""A run of the event engine that is stopped or killed and goes on, on other ranks and threads, has the bits of one that nobody
disturbed: checkpoints between any two events, with spikes on their way, thresholds ahead and neurons that are refractory."""
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "restart"))
from restarting import Job, Whole, all_at_once, checkpoint_of, finish_run, resumes_to, run_words, scratch  # noqa: E402
from test_resume import WAYS, check_interruptions  # noqa: E402
from program import expect, finish  # noqa: E402

EVERYTHING, PLASTIC = (os.path.join(HERE, name + ".yaml") for name in ("everything", "plastic"))
# Where a run ends, the machine that goes on: also at the time of a burst, and just before or after.
STOPS = [("6 ms", (1, 1), (2, 1)), ("6.000001 ms", (2, 2), (1, 3)), ("19.73 ms", (3, 1), (4, 1)), ("33.125 ms", (4, 2), (3, 2))]
SETTINGS = {"simulation.duration": "40 ms"}


def check_stop(whole, item, folder, path=EVERYTHING):
    """A run that ends at `stop` with a checkpoint, and is made longer."""
    stop, writer, reader = item
    case = f"{whole.name}, {writer} until {stop}, then {reader}"
    first = os.path.join(folder, f"until{stop.split()[0]}.h5")
    finish_run(case, run_words(path, first, {"simulation.duration": stop}, every=stop + " model"), folder, *writer)
    output = first[:-len(".h5")] + "-on.h5"
    job = resumes_to(whole, case, run_words(path, output, SETTINGS, resume=checkpoint_of(first)), folder, output, *reader)
    expect(job.says(f"volley: resuming at {stop} from"), f"{case}: does not say so\n{job.stderr}")


def check_kills(whole, number, folder):
    """kill -9 of all ranks at random moments, again and again; `--resume latest` comes to the same in the end."""
    choice, output, resumed = random.Random(number), os.path.join(folder, f"kills{number}.h5"), 0
    for _ in range(3):
        words = run_words(EVERYTHING, output, SETTINGS, every="0.5 ms model", resume="latest")
        job = Job(words, folder, choice.choice([1, 2, 3]))
        job.wait_for(lambda: os.path.exists(checkpoint_of(output) + ".1"))
        time.sleep(choice.uniform(0, 0.05))
        job.kill()
        resumed += job.says("volley: resuming at")
    words = run_words(EVERYTHING, output, SETTINGS, every="20 ms model", resume="latest")
    job = resumes_to(whole, f"kills {number}", words, folder, output, choice.choice([1, 2, 3]))
    return resumed + job.says("volley: resuming at")


def main(ways, stops, kills):
    with scratch() as folder:
        whole = Whole("events", EVERYTHING, SETTINGS, folder)
        output = os.path.join(folder, "often.h5")
        finish_run("checkpoints on the way", run_words(EVERYTHING, output, SETTINGS, every="3.37 ms model"), folder, 2)
        whole.expect_equal("checkpoints on the way", output)
        all_at_once(lambda item: check_stop(whole, item, folder), stops)
        plastic = Whole("plastic", PLASTIC, SETTINGS, folder)
        output = os.path.join(folder, "plastic_often.h5")
        finish_run("plastic, checkpoints", run_words(PLASTIC, output, SETTINGS, every="3.37 ms model"), folder, 2)
        plastic.expect_equal("plastic, checkpoints on the way", output)
        check_stop(plastic, ("19.74 ms", (2, 2), (3, 1)), folder, PLASTIC)
        check_interruptions(whole, EVERYTHING, SETTINGS, folder, ways)
        resumed = all_at_once(lambda number: check_kills(whole, number, folder), range(kills))
        expect(sum(resumed) > 0 or not kills, "no killed run was resumed on its way")
    finish()


if __name__ == "__main__":
    main(WAYS[:1], STOPS[1::2], 0)
