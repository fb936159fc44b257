"""A run that is interrupted and resumed has the same bits as one that is not: on other numbers of ranks and threads,
with the other partitioner, exchange and exchange interval, restarted again and again.

A part of a selection of combinations in which each pair of values of two factors occurs; test_resume_long.py has many
more."""
import itertools
import os
import random
import shutil
import signal

from restarting import (MICROCIRCUIT, Job, Whole, all_at_once, checkpoint_of, finish_run, resumes_to, run_words,
                        scratch)
from nets import EXCHANGES, SHORT_DELAYS, SMALL, make_everything, make_small  # restarting knows where these are
from program import expect, finish

RANKS, THREADS = (1, 2, 3, 4), (1, 2, 3)
PARTITIONS, INTERVALS = ("block", "round_robin"), ("step", "min_delay")
INVARIANCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "invariance")
PLASTIC = {"simulation.duration": "200 ms", "recorders.some.start": "90 ms", "recorders.some.stop": "120 ms"}
# Synapses are swept every 10,000 steps: at the time of the checkpoint that is read.
SWEPT = {"simulation.dt": "0.01 ms", **PLASTIC}
SEED = 4  # one with which the combinations below suffice
DATA = ("everything.yaml", "everything.h5")
# The plastic nets learn something only later.
SHORT = {"simulation.duration": "60 ms"}


def lasting(settings, duration):
    return {**settings, "simulation.duration": duration}


def half(settings):
    """Half the time of a full run."""
    return f"{int(settings['simulation.duration'].split()[0]) // 2} ms"


def machine(partition, interval):
    """Each goes with an exchange of its own, so that runs go on from one to another."""
    exchange = EXCHANGES[2 * PARTITIONS.index(partition) + INTERVALS.index(interval)]
    return {"simulation.partition": partition, "simulation.exchange_interval": interval, "simulation.exchange": exchange}


def make_nets(folder):
    """The networks that are interrupted everywhere: name -> (experiment, settings)."""
    everything = make_everything(folder)
    plastic = shutil.copy(os.path.join(INVARIANCE, "plastic.yaml"), folder)
    microcircuit, settings = MICROCIRCUIT
    return {"microcircuit": (microcircuit, {**settings, **SHORT}), "everything": (everything, SHORT),
            "plastic": (plastic, PLASTIC), "plastic, swept": (plastic, SWEPT),
            "everything, delays of one step": (everything, {**SHORT_DELAYS, **SHORT})}


def pairwise_combinations():
    """Writer and reader, each as (ranks, threads, partition, interval): every two values of two of the eight factors
    meet in at least one of the pairs, and every number of ranks meets every other."""
    machines = list(itertools.product(THREADS, PARTITIONS, INTERVALS))
    pairs = list(itertools.product(machines, machines))
    random.Random(SEED).shuffle(pairs)
    chosen, covered = [], set()
    for writer_ranks, reader_ranks in itertools.product(RANKS, RANKS):
        def gain(pair):
            values = (writer_ranks, *pair[0], reader_ranks, *pair[1])
            return set(itertools.combinations(enumerate(values), 2)) - covered
        writer, reader = max(pairs, key=lambda pair: len(gain(pair)))
        covered |= gain((writer, reader))
        chosen.append(((writer_ranks, *writer), (reader_ranks, *reader)))
    factors = 2 * (RANKS, THREADS, PARTITIONS, INTERVALS)
    missing = [pair for (a, first), (b, second) in itertools.combinations(list(enumerate(factors)), 2)
               for pair in itertools.product([(a, x) for x in first], [(b, x) for x in second]) if pair not in covered]
    expect(not missing, f"these pairs of values never meet: {missing}")
    return chosen


def write_and_read(whole, experiment, settings, writer, readers, folder):
    """A run that ends at half the time; from its last checkpoint all readers go on into outputs of their own."""
    ranks, threads, partition, interval = writer
    name = f"{whole.name}, {ranks} x {threads} {partition} {interval}"
    first = os.path.join(folder, "-".join(map(str, writer)) + f"-{len(readers)}-{readers[0]}.h5".replace(" ", ""))
    now = lasting({**settings, **machine(partition, interval)}, half(settings))
    finish_run(name, run_words(experiment, first, now, every="25 ms model"), folder, ranks, threads)
    for reader in readers:
        ranks, threads, partition, interval = reader
        case = f"{name} -> {ranks} x {threads} {partition} {interval}"
        output = first[:-len(".h5")] + "-resumed.h5"
        now = {**settings, **machine(partition, interval)}
        job = resumes_to(whole, case, run_words(experiment, output, now, resume=checkpoint_of(first)), folder, output,
                         ranks, threads)
        where = f"volley: resuming at {half(settings)} from"
        expect(job.says(where), f"{case}: '{where}' is missing\n{job.stderr}")
        expect(os.path.exists(first), f"{case}: the first run's output is gone")


def check_pairs(whole, experiment, settings, pairs, folder):
    all_at_once(lambda pair: write_and_read(whole, experiment, settings, pair[0], [pair[1]], folder), pairs)


def interrupt(case, words, folder, is_time, how, ranks=1, threads=1, **options):
    """Starts a run and sends it SIGUSR2 or SIGKILL as soon as is_time(). Returns the job."""
    job = Job(words, folder, ranks, threads, **options)
    expect(job.wait_for(is_time) and job.is_running(), f"{case}: ended before it was interrupted\n{job.stderr}")
    if how == signal.SIGKILL:
        job.kill()
    else:
        job.process.send_signal(how)  # mpirun passes it on
        expect(job.wait() == 3, f"{case}: exit code {job.process.returncode}, 3 is right\n{job.stderr}")
    return job


WAYS = [(signal.SIGUSR2, 1, 2), (signal.SIGKILL, 2, 1), (signal.SIGUSR2, 3, 1), (signal.SIGKILL, 1, 3),
        (signal.SIGUSR2, 2, 2), (signal.SIGKILL, 4, 2)]


def check_interruptions(whole, experiment, settings, folder, ways):
    """Full runs that are stopped or killed somewhere on their way, and resumed in the same output."""
    def check(item):
        number, (how, writer, reader) = item
        case = f"{whole.name}, interrupted by {how.name} on {writer} ranks, resumed on {reader}"
        output = os.path.join(folder, f"interrupted{number}.h5")
        checkpoint = checkpoint_of(output)
        words = run_words(experiment, output, settings, every="2 ms model")
        interrupt(case, words, folder, lambda: os.path.exists(checkpoint + ".1"), how, writer)
        words = run_words(experiment, output, settings, every="25 ms model", resume=checkpoint)
        job = resumes_to(whole, case, words, folder, output, reader, 2)
        expect(job.says("volley: resuming at"), f"{case}: does not say that it goes on\n{job.stderr}")

    all_at_once(check, enumerate(ways))


def check_orphan(whole, experiment, settings, folder):
    """A kill between setting recordings aside and writing the checkpoint leaves a file that no checkpoint names."""
    output = os.path.join(folder, "orphan.h5")
    words = run_words(experiment, output, settings, every="2 ms model")
    interrupt("orphan", words, folder, lambda: os.path.exists(checkpoint_of(output) + ".1"), signal.SIGUSR2)
    parts = sorted(os.listdir(output + ".parts"))
    end = parts[-1].split("-")[1][:-len(".h5")]
    orphan = os.path.join(output + ".parts", f"{end}-{int(end) + 1:09}.h5")
    shutil.copy(os.path.join(output + ".parts", parts[-1]), orphan)
    words = run_words(experiment, output, settings, every="25 ms model", resume="latest")
    resumes_to(whole, "a file of recordings that no checkpoint names", words, folder, output, 2)


def check_five_restarts(whole, experiment, settings, folder):
    """Five restarts in a row, each on another machine, the output's path given by the first run only."""
    output = os.path.join(folder, "five.h5")
    ends = ["10 ms", "10.1 ms", "20 ms", "21 ms", "40 ms", settings["simulation.duration"]]
    machines = [(2, 1, "block", "step"), (4, 1, "round_robin", "min_delay"), (1, 3, "block", "min_delay"),
                (3, 2, "round_robin", "step"), (4, 2, "block", "min_delay"), (2, 3, "round_robin", "step")]
    for number, (end, (ranks, threads, partition, interval)) in enumerate(zip(ends, machines)):
        case = f"{whole.name}, restart {number} to {end}"
        now = lasting({**settings, **machine(partition, interval)}, end)
        words = run_words(experiment, output, now, "20 ms model", resume=checkpoint_of(output) if number else None)
        finish_run(case, words, folder, ranks, threads)
    whole.expect_equal(f"{whole.name}, five restarts", output)


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def check_without_file(whole, experiment, settings, folder):
    """The experiment and the output are the checkpoint's own, from any working folder; paths of data files hold."""
    elsewhere, home = os.path.join(folder, "elsewhere"), os.path.dirname(experiment)
    os.makedirs(elsewhere, exist_ok=True)
    words = run_words(os.path.basename(experiment), "own.h5", lasting(settings, half(settings)), every="20 ms model")
    finish_run(f"{whole.name}, relative paths", words, folder, 2, cwd=home)
    own, checkpoint = os.path.join(home, "own.h5"), os.path.join(home, "own.checkpoint.h5")
    longer = {"simulation.duration": settings["simulation.duration"]}
    other = os.path.join(elsewhere, "other.h5")
    before = read_bytes(checkpoint)
    words = run_words(None, "other.h5", longer, resume=os.path.relpath(checkpoint, elsewhere))
    resumes_to(whole, f"{whole.name}, no FILE, other folder and output", words, folder, other, 3, cwd=elsewhere)
    expect(read_bytes(checkpoint) == before, f"{whole.name}: a run with another output wrote over the checkpoint")
    summary = ["--summary", own + ".json"]
    words = run_words(None, None, longer, resume=checkpoint, extra=summary)
    resumes_to(whole, f"{whole.name}, no FILE, no -o", words, folder, own, 2, 2, cwd=elsewhere)
    words = run_words(None, "other.h5", longer, resume="latest", extra=["--checkpoint", checkpoint])
    resumes_to(whole, f"{whole.name}, no FILE, latest", words, folder, other, 1, cwd=elsewhere)
    expect({name.split(".")[0] for name in os.listdir(elsewhere)} == {"other"},
           f"{whole.name}: files at the wrong place: {os.listdir(elsewhere)}")


def check_odd_names(whole, experiment, settings, folder):
    """Names that YAML or a shell could take for something else, and a folder that is moved while nothing runs."""
    room = os.path.join(folder, "it's: #a=b {x} ü, [y]")
    shutil.copytree(os.path.dirname(experiment), room, ignore=lambda _, names: set(names) - set(DATA))
    checkpoint = "c: 'x' \"y\" #=.1.h5"
    extra = ["--checkpoint", checkpoint]
    words = run_words("everything.yaml", "o: 'ü' #.h5", settings, "2 ms model", extra=extra)
    older = os.path.join(room, checkpoint + ".1")
    interrupt("odd names", words, room, lambda: os.path.exists(older), signal.SIGUSR2, 2, cwd=room)
    moved = os.path.join(folder, "moved")
    os.rename(room, moved)
    words = run_words("everything.yaml", "o: 'ü' #.h5", settings, resume="latest", extra=extra)
    resumes_to(whole, "odd names, moved", words, moved, os.path.join(moved, "o: 'ü' #.h5"), 2, cwd=moved)


def check_odd_intervals(whole, experiment, settings, folder):
    """Checkpoints at intervals that do not divide the duration, and longer than it."""
    end = settings["simulation.duration"]
    for every in ("33.3 ms model", "7 s model"):
        output = os.path.join(folder, "odd.h5")
        words = run_words(experiment, output, settings, every, progress="lines")
        job = finish_run(f"{whole.name}, every {every}", words, folder, 2)
        whole.expect_equal(f"{whole.name}, every {every}", output)
        # What is there when all is done can be resumed: nothing is left to do, and it comes to the same.
        words = run_words(experiment, output, settings, every, resume=checkpoint_of(output))
        again = resumes_to(whole, f"{whole.name}, resumed at the end", words, folder, output, 3)
        expect(again.says(f"volley: resuming at {end} from"), f"resumed at the end:\n{again.stderr}")
        expect(job.says(f"volley: checkpoint at {end}:"), f"{whole.name}, every {every}: none at the end\n{job.stderr}")


def check_every_step(experiment, settings, folder):
    """A checkpoint between any two steps, and on from there."""
    short = lasting({"recorders.some.start": 0, "recorders.coarse.start": 0, **settings}, "2 ms")
    whole = Whole("every step", experiment, short, folder)
    output = os.path.join(folder, "steps.h5")
    keep = ["--checkpoint-keep", "100"]
    finish_run("every step", run_words(experiment, output, short, "0.1 ms model", extra=keep), folder, 2)
    whole.expect_equal("every step", output)
    checkpoint = checkpoint_of(output)
    there = [number for number in range(1, 100) if os.path.exists(f"{checkpoint}.{number}")]
    expect(there == list(range(1, 20)), f"every step: older checkpoints {there}")

    def resume(number):
        other = os.path.join(folder, f"step{number}.h5")
        words = run_words(experiment, other, short, resume=f"{checkpoint}.{number}")
        case = f"every step, resumed {number} steps before the end"
        job = resumes_to(whole, case, words, folder, other, 1 + number % 4)
        where = f"volley: resuming at {(20 - number) / 10:g} ms from"
        expect(job.says(where), f"{case}: '{where}' is missing\n{job.stderr}")

    all_at_once(resume, [1, 10, 19])


def check_small(name, folder, is_all=False):
    """Nets with less than anybody needs: fewer neurons than ranks, no recorders, no synapses, one step."""
    folder = os.path.join(folder, name.replace(" ", "_"))
    os.mkdir(folder)
    experiment = make_small(folder, name)
    whole = Whole(name, experiment, {}, folder)
    first = os.path.join(folder, "small.h5")
    every = "0.1 ms model" if name == "one step" else "25 ms model"
    finish_run(name, run_words(experiment, first, {}, every), folder, 4)
    whole.expect_equal(name, first)
    some = {"three neurons": ((0, 1), (0, 7)), "small weights": ((1, 4),)}.get(name, ((0, 1),))
    for number, ranks in ((0, 1), (1, 4), (0, 7)) if is_all else some:
        checkpoint = checkpoint_of(first) + (f".{number}" if number else "")
        if name == "one step" and number:
            continue
        output = os.path.join(folder, "small-resumed.h5")
        words = run_words(experiment, output, {}, resume=checkpoint)
        resumes_to(whole, f"{name}, resumed on {ranks} ranks", words, folder, output, ranks)


def main():
    pairs = pairwise_combinations()
    with scratch() as room:
        for name, (experiment, settings) in make_nets(room).items():
            folder = os.path.join(room, name.replace(" ", "_"))
            os.mkdir(folder)
            whole = Whole(name, experiment, settings, folder)
            expect(whole.summary["spikes"] > 200, f"{name}: too quiet to show anything")
            some = {"everything": pairs[::8], "microcircuit": pairs[3::16], "plastic": pairs[1::16]}.get(name, pairs[5::16])
            check_pairs(whole, experiment, settings, some, folder)
            if name in ("everything", "plastic"):
                check_interruptions(whole, experiment, settings, folder, WAYS[:4] if name == "everything" else WAYS[4:])
            if name == "everything":
                check_orphan(whole, experiment, settings, folder)
                check_five_restarts(whole, experiment, settings, folder)
                check_without_file(whole, experiment, settings, folder)
                check_odd_names(whole, experiment, settings, folder)
                check_odd_intervals(whole, experiment, settings, folder)
                check_every_step(experiment, settings, folder)
        all_at_once(lambda name: check_small(name, room), SMALL)
    finish()


if __name__ == "__main__":
    main()
