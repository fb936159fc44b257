"""kill -9 of one rank or of all, at random moments of a run that writes checkpoints all the time: `--resume latest`
finds a whole one every time, and in the end there are the bits of a run that nobody disturbed.

12 of the moments of test_kill_long.py; a fixed seed chooses the ranks, the victims and the moments."""
import os
import random
import re
import signal
import time

from restarting import Job, Whole, all_at_once, checkpoint_of, finish_run, run_words, scratch
from nets import make_everything
from program import expect, finish

DURATION, STEPS = 10, 100
SETTINGS = {"simulation.duration": f"{DURATION} ms"}
EVERY = "1 ms model"

# What a kill waits for, beside a number of events and up to 5 ms: any moment of the run, a checkpoint being
# written, a file of recordings that is being set aside, the joining of these files at the end.
TRIGGERS = ("any", "any", "writing", "writing", "parts", "join")
RESUMED = re.compile(r"^volley: resuming at ([0-9.e+]+) ms from ", re.MULTILINE)
FROM_THE_BEGINNING = "from the beginning"


class Attempt:
    """One start of the run, always with the same command line, and where to look at what it does."""

    def __init__(self, experiment, folder, ranks, patience):
        self.output = os.path.join(folder, "out.h5")
        self.checkpoint = checkpoint_of(self.output)
        self.could_resume = any(os.path.exists(self.checkpoint + end) for end in ("", ".1"))
        words = run_words(experiment, self.output, SETTINGS, EVERY, resume="latest")
        self.job = Job(words, folder, ranks, environment={"OMPI_MCA_odls_base_sigkill_timeout": str(patience)})

    def parts(self):
        try:
            return sorted(os.listdir(self.output + ".parts"))
        except OSError:
            return []

    def wait_for_event(self, trigger):
        """Waits for the next event of a kind, or for the end of the run."""
        if trigger == "writing":
            part = self.checkpoint + ".part"
            self.job.wait_for(lambda: not os.path.exists(part))
            self.job.wait_for(lambda: os.path.exists(part))
        elif trigger == "parts":
            before = self.parts()
            self.job.wait_for(lambda: self.parts() != before)
        else:
            self.job.wait_for(lambda: STEPS in [int(name[:-3].split("-")[1]) for name in self.parts()])
            self.job.wait_for(lambda: os.path.exists(self.output + ".part"))

    def kill(self, choice, trigger, seconds):
        """Kills one rank or all at a random moment; returns whether the run was still going."""
        if trigger == "any":
            time.sleep(choice.uniform(0, seconds))
        else:
            self.job.wait_for_ranks()
            for _ in range(1 if trigger == "join" else choice.randint(1, 6)):
                self.wait_for_event(trigger)
            time.sleep(choice.uniform(0, 0.005))
        was_running = self.job.is_running()
        if choice.random() < 0.5 or not self.job.signal_rank(choice.randrange(3), signal.SIGKILL):
            self.job.kill()
        self.job.wait()
        return was_running and self.job.process.returncode != 0

    def judge(self, case):
        """The start must have gone on from a whole checkpoint if there was any; returns the time, None if it did not
        come so far."""
        text = self.job.stderr
        resumed = RESUMED.search(text)
        if resumed or FROM_THE_BEGINNING in text:
            expect(bool(resumed) == self.could_resume,
                   f"{case}: there was {'a' if self.could_resume else 'no'} checkpoint, but it says\n{text}")
        expected = ("checkpoint at", "the signal is heard", "resuming at", FROM_THE_BEGINNING)
        ours = [line for line in self.job.messages() if not any(text in line for text in expected)]
        expect(not ours, f"{case}: unexpected messages {ours}")
        return float(resumed.group(1)) if resumed else 0.0 if FROM_THE_BEGINNING in text else None


def kill_and_resume(whole, experiment, number, seconds, folder):
    """One moment. Returns what happened, for the summary of the test."""
    choice = random.Random(number)
    ranks, trigger = choice.choice([2, 2, 2, 1, 3]), TRIGGERS[number % len(TRIGGERS)]
    case = f"moment {number} ({trigger}, {ranks} ranks)"
    folder = os.path.join(folder, str(number))
    os.mkdir(folder)
    patience = number % 2  # seconds that mpirun leaves to the other ranks for what they do
    times, kills, joins = [], 0, 0
    for kill in range(choice.choice([1, 1, 2])):
        attempt = Attempt(experiment, folder, ranks if kill == 0 else choice.choice([1, 2, 3]), patience)
        kills += attempt.kill(choice, trigger, seconds)
        times.append(attempt.judge(case))
        joins += trigger == "join" and os.path.exists(attempt.output + ".part")
    last = Attempt(experiment, folder, ranks, patience)
    code = last.job.wait()
    expect(code == 0, f"{case}: exit code {code} of the last start\n{last.job.stderr}")
    times.append(last.judge(case))
    expect(times[-1] is not None, f"{case}: does not say where it starts\n{last.job.stderr}")
    whole.expect_equal(case, last.output)
    names = {name for name in os.listdir(folder) if name.startswith("out.")}
    good = {"out.h5", "out.h5.json", "out.checkpoint.h5", "out.checkpoint.h5.1"}
    expect(names == good, f"{case}: files {sorted(names ^ good)} too many or missing")
    return trigger, kills, joins, times[-1]


def report(outcomes):
    """Prints where the kills struck; they must have struck everywhere, or the test shows nothing."""
    for trigger in sorted(set(TRIGGERS)):
        times = sorted(time for which, _, _, time in outcomes if which == trigger and time is not None)
        print(f"{trigger}: resumed at {' '.join(f'{time:g}' for time in times)} ms")
    kills, joins = (sum(counts) for counts in list(zip(*outcomes))[1:3])
    middle = sum(1 for *_, time in outcomes if time is not None and 0 < time < DURATION)
    print(f"{kills} kills, {joins} while the recordings were joined; {middle} runs resumed on their way")
    expect(kills >= len(outcomes) / 2, f"only {kills} kills struck a run")
    expect(middle >= len(outcomes) / 4, f"only {middle} runs were resumed on their way")
    expect(joins >= 1, "no run was killed while its recordings were joined")


def main(moments):
    with scratch() as folder:
        experiment = make_everything(folder)
        whole = Whole("everything", experiment, SETTINGS, folder)
        start = time.monotonic()
        output = os.path.join(folder, "alone.h5")
        finish_run("checkpoints all the time", run_words(experiment, output, SETTINGS, EVERY), folder, 2)
        seconds = time.monotonic() - start
        whole.expect_equal("checkpoints all the time", output)
        print(f"a run takes about {seconds:.1f} s")
        outcomes = all_at_once(lambda number: kill_and_resume(whole, experiment, number, seconds, folder), moments)
        report(outcomes)
    finish()


if __name__ == "__main__":
    main(range(12))
