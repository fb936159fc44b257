"""A run saves itself when it is asked to: by signals, by the clock, before the end of its wall time; and a checkpoint
that cannot be written does not end it.

Every second of the cases of a kind; test_signals_long.py has all."""
import os
import random
import re
import shutil
import signal
import subprocess
import time

from restarting import (MICROCIRCUIT, Job, Whole, all_at_once, checkpoint_of, finish_run, read_summary, resumes_to,
                        run_words, scratch)
from program import expect, finish

EVERY = 2  # of the cases of a kind

# Some half a second of work, and of building.
EXPERIMENT = MICROCIRCUIT[0]
LONG = {**MICROCIRCUIT[1], "simulation.duration": "3 s"}
BUILT_LONG = {"network.scale.neurons": 0.2, "network.scale.indegree": 0.2, "recorders.0.start": "0 ms",
              "simulation.duration": "20 ms"}

LITTLE = """
simulation: {duration: 20 ms}
populations: [{name: A, model: iaf_psc_exp, size: 50, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}]
recorders: [{type: spikes, population: A}]
"""

# A checkpoint of more than 20 MB beside an output of a few kB.
WIDE = """
simulation: {duration: 20 ms}
populations:
  - {name: A, model: iaf_psc_exp, size: 900000, parameters: {I_e: {distribution: uniform, low: 0, high: 600}}}
recorders: [{type: spikes, population: A, neurons: 0-99}]
"""

STOPPED = re.compile(r"^volley: stopped by (\w+) at ([0-9.e+]+) ms; go on with: volley run --resume (\S+)$", re.M)


def place_for(folder, name):
    path = os.path.join(folder, name)
    os.mkdir(path)
    return path, os.path.join(path, "out.h5")


def has_begun(output):
    """Whether the network is built and steps are being taken, or will be at once. (At the start the program creates the
    same file for a moment, empty, to see whether it can.)"""
    def is_there():
        try:
            return os.path.getsize(output + ".part") > 0
        except OSError:
            return False
    return is_there


def resume_to_end(whole, case, folder, output, ranks=1):
    """As the message of a stopped run says: volley run --resume PATH."""
    extra = ["--summary", output + ".json"]
    words = run_words(None, None, {}, resume=checkpoint_of(output), extra=extra)
    return resumes_to(whole, case, words, folder, output, ranks)


def check_stop(whole, folder):
    """SIGTERM, SIGINT, SIGUSR2 at random moments: a checkpoint, code 3, and on from there."""
    choice = random.Random(3)
    cases = [(which, ranks, choice.uniform(0, 0.3))
             for which, order in ((signal.SIGTERM, (2, 1)), (signal.SIGINT, (1, 2)), (signal.SIGUSR2, (2, 1))) for ranks in order]
    cases.append((signal.SIGTERM, 3, 0.1))

    def check(item):
        number, (which, ranks, after) = item
        case = f"{which.name} to {'the process' if ranks == 1 else f'one of {ranks} ranks'} after {after:.3f} s"
        place, output = place_for(folder, f"stop{number}")
        job = Job(run_words(EXPERIMENT, output, LONG), place, ranks)
        job.wait_for(has_begun(output))
        job.wait_until_watching(which)
        time.sleep(after)
        expect(job.signal_rank(number, which), f"{case}: the run had ended before\n{job.stderr}")
        expect(job.wait() == 3, f"{case}: exit code {job.process.returncode}, 3 is right\n{job.stderr}")
        stopped = STOPPED.search(job.stderr)
        expect(stopped and stopped.group(1) == which.name and stopped.group(3) == checkpoint_of(output),
               f"{case}: the message is\n{job.stderr}")
        expect(len(STOPPED.findall(job.stderr)) == 1, f"{case}: more than one message\n{job.stderr}")
        expect(not os.path.exists(output), f"{case}: a part of the run has the name of the whole")
        again = resume_to_end(whole, f"{case}, resumed", place, output, 1 + number % 3)
        expect(stopped and again.says(f"volley: resuming at {stopped.group(2)} ms from"), f"{case}:\n{again.stderr}")
        shutil.rmtree(place, ignore_errors=True)

    all_at_once(check, list(enumerate(cases))[::EVERY])


def check_save(whole, folder):
    """SIGUSR1, once and many times: a checkpoint each, and the run goes on."""
    def check(item):
        times, ranks, is_to_mpirun = item
        case = f"SIGUSR1 {times} times to {ranks} ranks{' by mpirun' if is_to_mpirun else ''}"
        place, output = place_for(folder, f"save{times}-{ranks}-{is_to_mpirun}")
        job = Job(run_words(EXPERIMENT, output, LONG, progress="lines"), place, ranks)
        job.wait_for(has_begun(output))
        for number in range(times):
            time.sleep(0.02)
            if is_to_mpirun:
                job.process.send_signal(signal.SIGUSR1)
            else:
                job.signal_rank(number, signal.SIGUSR1)
        saved = job.wait_for(lambda: os.path.exists(checkpoint_of(output)))
        expect(saved and job.is_running(), f"{case}: no checkpoint while the run goes on\n{job.stderr}")
        expect(job.wait() == 0, f"{case}: exit code {job.process.returncode}\n{job.stderr}")
        whole.expect_equal(case, output)
        said = job.stderr.count("volley: checkpoint at ")
        expect(1 <= said <= times, f"{case}: {said} checkpoints are told of\n{job.stderr}")
        other = os.path.join(place, "other.h5")
        resumes_to(whole, f"{case}, resumed", run_words(None, other, {}, resume=checkpoint_of(output)), place, other)
        shutil.rmtree(place, ignore_errors=True)

    all_at_once(check, [(6, 1, False), (6, 2, False), (4, 3, True), (1, 2, False)][::EVERY])


def check_mpirun(whole, folder):
    """SIGUSR2 to mpirun stops all ranks; after SIGTERM to it, which leaves a second, a restart comes to the same."""
    def check(item):
        which, code = item
        case = f"{which.name} to mpirun"
        place, output = place_for(folder, f"mpirun{which.name}")
        words = run_words(EXPERIMENT, output, LONG, resume="latest", every="1 s wall")
        job = Job(words, place, 2, environment={"OMPI_MCA_odls_base_sigkill_timeout": "1"})
        job.wait_for(has_begun(output))
        job.wait_until_watching(which)
        time.sleep(0.1)
        job.process.send_signal(which)
        job.wait()
        expect(job.process.returncode == code if code else job.process.returncode != 0,
               f"{case}: exit code {job.process.returncode}\n{job.stderr}")
        resumes_to(whole, f"{case}, resumed", run_words(EXPERIMENT, output, LONG, resume="latest"), place, output, 2)
        shutil.rmtree(place, ignore_errors=True)

    all_at_once(check, [(signal.SIGUSR2, 3), (signal.SIGINT, None), (signal.SIGTERM, None)][::EVERY])


def check_joining(whole, folder):
    """A signal while the recordings are joined: the run ends well, or the next start does the rest."""
    def check(item):
        number, (which, ranks) = item
        case = f"{which.name} to {ranks} ranks while joining"
        place, output = place_for(folder, f"joining{number}")
        job = Job(run_words(EXPERIMENT, output, LONG, "500 ms model"), place, ranks)

        def is_joining():
            try:
                ends = [int(name[:-len(".h5")].split("-")[1]) for name in os.listdir(output + ".parts")]
            except OSError:
                return False
            return 30000 in ends and os.path.exists(output + ".part")

        expect(job.wait_for(is_joining), f"{case}: it ended before")
        job.signal_rank(number, which)
        job.wait()
        if job.process.returncode == 0:
            whole.expect_equal(case, output)
        else:
            expect(not os.path.exists(output), f"{case}: exit code {job.process.returncode}, but the output is there")
        latest = run_words(EXPERIMENT, output, LONG, resume="latest")
        resumes_to(whole, f"{case}, resumed", latest, place, output, ranks)
        shutil.rmtree(place, ignore_errors=True)

    cases = [(signal.SIGTERM, 2), (signal.SIGTERM, 1), (signal.SIGUSR1, 1), (signal.SIGUSR2, 2)]
    all_at_once(check, list(enumerate(cases))[::EVERY])


def check_building(folder):
    """A signal while the network is being built is not lost and does no harm."""
    whole = Whole("longer to build", EXPERIMENT, BUILT_LONG, folder)

    def check(item):
        which, ranks, codes = item
        case = f"{which.name} to {ranks} ranks while building"
        place, output = place_for(folder, f"building{which.name}-{ranks}")
        job = Job(run_words(EXPERIMENT, output, BUILT_LONG, progress="lines"), place, ranks)
        job.wait_until_watching()
        time.sleep(0.1)
        expect(not has_begun(output)(), f"{case}: it is built already")
        job.signal_rank(0, which)
        expect(job.wait() in codes, f"{case}: exit code {job.process.returncode}, not {codes}\n{job.stderr}")
        if job.process.returncode == 0:
            whole.expect_equal(case, output)
            expect(job.says("volley: checkpoint at "), f"{case}: no checkpoint\n{job.stderr}")
        elif job.process.returncode == 3:
            resume_to_end(whole, f"{case}, resumed", place, output, ranks)
        latest = run_words(EXPERIMENT, output, BUILT_LONG, resume="latest")
        resumes_to(whole, f"{case}, latest", latest, place, output, ranks)

    ended = (3, -signal.SIGTERM, 128 + signal.SIGTERM)
    all_at_once(check, [(signal.SIGUSR1, 2, (0,)), (signal.SIGUSR1, 1, (0,)), (signal.SIGUSR2, 1, (3,)),
                        (signal.SIGUSR2, 2, (3,)), (signal.SIGTERM, 2, ended), (signal.SIGTERM, 1, ended)][::EVERY])


def check_wall_time(whole, folder):
    """A run that needs more wall time than it has stops before; one that has enough of it does not."""
    def check(item):
        number, (extra, end, ranks) = item
        case = f"{' '.join(extra)} {f'SLURM_JOB_END_TIME in {end} s' if end else ''}, {ranks} ranks"
        place, output = place_for(folder, f"wall{number}")
        environment = {"SLURM_JOB_END_TIME": str(int(time.time()) + end)} if end else {}
        words = run_words(EXPERIMENT, output, LONG, extra=extra)
        job = finish_run(case, words, place, ranks, code=3, environment=environment)
        expect(job.says("volley: stopped before the wall-clock limit at ", f"--resume {checkpoint_of(output)}"),
               f"{case}: the message is\n{job.stderr}")
        expect(not os.path.exists(output), f"{case}: a part of the run has the name of the whole")
        resume_to_end(whole, f"{case}, resumed", place, output, ranks)
        shutil.rmtree(place, ignore_errors=True)

    limit = "--walltime-limit"
    cases = [([limit, "00:00:01"], None, 2), ([limit, "0.9 s"], None, 1), ([], 2, 1), ([limit, "1 s"], 7200, 3),
             ([limit, "2 h"], 1, 2)]
    all_at_once(check, list(enumerate(cases))[::EVERY])
    place, output = place_for(folder, "enough")
    words = run_words(EXPERIMENT, output, LONG, extra=[limit, "01:30:00"])
    job = resumes_to(whole, "enough wall time", words, place, output, environment={"SLURM_JOB_END_TIME": "99999999999"})
    expect(not job.messages() and not os.path.exists(checkpoint_of(output)), f"enough wall time:\n{job.stderr}")


def check_wall_clock(whole, folder):
    """Checkpoints by the clock appear while the run goes on."""
    def check(ranks):
        place, output = place_for(folder, f"clock{ranks}")
        job = Job(run_words(EXPERIMENT, output, LONG, every="0.1 s wall", progress="lines"), place, ranks)
        job.wait_for(lambda: os.path.exists(checkpoint_of(output) + ".1"))
        expect(job.is_running(), f"checkpoints by the clock: none while it runs\n{job.stderr}")
        expect(job.wait() == 0, f"checkpoints by the clock: exit code {job.process.returncode}\n{job.stderr}")
        whole.expect_equal("checkpoints by the clock", output)
        expect(job.says("volley: checkpoint at 3000 ms: "), f"checkpoints by the clock: none at the end\n{job.stderr}")

    all_at_once(check, (2, 1)[::EVERY])


def goes_on_without(whole, case, job, output, checkpoint, folder, settings):
    """The run ended well although checkpoints failed; it said so; the older one stands (where settings are given) and
    with these a run goes on from it."""
    expect(job.wait() == 0, f"{case}: exit code {job.process.returncode}\n{job.stderr}")
    whole.expect_equal(case, output)
    complaints = [line for line in job.messages() if "resuming at" not in line]
    causes, outcomes = complaints[0::2], complaints[1::2]
    expect(causes and all(checkpoint in line for line in causes), f"{case}: does not say what failed\n{job.stderr}")
    expect(len(outcomes) == len(causes) and
           all(line.startswith("volley: the run goes on without a checkpoint at ") for line in outcomes),
           f"{case}: does not say that it goes on\n{job.stderr}")
    expect(not re.search("HDF5-DIAG|#00|egmentation|Traceback", job.stderr), f"{case}: internals\n{job.stderr}")
    if settings:
        expect(all(line.endswith(" ms stands") for line in outcomes), f"{case}: does not say what stands\n{job.stderr}")
        other = os.path.join(folder, "other.h5")
        words = run_words(None, other, settings, resume=shutil.copy(checkpoint, os.path.join(folder, "older.h5")))
        resumes_to(whole, f"{case}, resumed from the older one", words, folder, other)


def check_full_disk(whole, folder):
    """A disk that takes one checkpoint and not a second."""
    place, output = place_for(folder, "full")
    disk = os.path.join(place, "disk")
    os.mkdir(disk)
    probe = os.path.join(place, "probe.h5")
    finish_run("probe", run_words(EXPERIMENT, probe, {**LONG, "simulation.duration": "20 ms"}, "10 ms model"), place)
    size = os.path.getsize(checkpoint_of(probe)) * 5 // 2  # some is set aside for what HDF5 adds
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True)
    if mount.returncode != 0:
        print("no right to mount a small disk: that part is left out")
        return
    try:
        for ranks in (1, 2):
            checkpoint = os.path.join(disk, f"small{ranks}.h5")
            words = run_words(EXPERIMENT, output, LONG, "1 s model", extra=["--checkpoint", checkpoint])
            job = Job(words, place, ranks)
            case = f"full disk, {ranks} ranks"
            job.wait()
            expect("No space left on device" in job.stderr, f"{case}: does not say why\n{job.stderr}")
            goes_on_without(whole, case, job, output, checkpoint, place, LONG)
            for name in os.listdir(disk):
                expect(name == os.path.basename(checkpoint), f"{case}: {name} is left on the disk")
                os.remove(os.path.join(disk, name))
    finally:
        subprocess.run(["umount", disk], check=True)


def check_file_size_limit(folder):
    """A limit of the size of files that the output keeps within and a checkpoint does not."""
    place, output = place_for(folder, "limit")
    experiment = os.path.join(place, "wide.yaml")
    with open(experiment, "w", encoding="utf-8") as file:
        file.write(WIDE)
    whole = Whole("a wide net", experiment, {}, place)
    first = os.path.join(place, "first.h5")
    finish_run("a wide net", run_words(experiment, first, {"simulation.duration": "5 ms"}, "5 ms model"), place)
    checkpoint = checkpoint_of(first)
    expect(os.path.getsize(checkpoint) > 21_000_000, f"a checkpoint of {os.path.getsize(checkpoint)} bytes only")
    for ranks in (1, 2):
        extra = ["--checkpoint", checkpoint]
        words = run_words(experiment, output, {}, "10 ms model", resume=checkpoint, extra=extra)
        case = f"file size limit, {ranks} ranks"
        job = Job(words, place, ranks, limit="-f 20000")
        job.wait()
        expect("File too large" in job.stderr, f"{case}: does not say why\n{job.stderr}")
        goes_on_without(whole, case, job, output, checkpoint, place, {"simulation.duration": "20 ms"})


def check_lost_folder(whole, folder):
    """A folder of checkpoints that vanishes."""
    def check(ranks):
        place, output = place_for(folder, f"lost{ranks}")
        room = os.path.join(place, "room")
        os.mkdir(room)
        checkpoint = os.path.join(room, "point.h5")
        job = Job(run_words(EXPERIMENT, output, LONG, "100 ms model", extra=["--checkpoint", checkpoint]), place, ranks)
        expect(job.wait_for(lambda: os.path.exists(checkpoint)) and job.is_running(), f"lost folder:\n{job.stderr}")
        os.rename(room, room + "2")
        goes_on_without(whole, f"lost folder, {ranks} ranks", job, output, checkpoint, place, None)
        other = os.path.join(place, "other.h5")
        found = os.path.join(room + "2", "point.h5")
        latest = run_words(None, other, {}, resume="latest", extra=["--checkpoint", found])
        resumes_to(whole, "lost folder, found again", latest, place, other, ranks)

    all_at_once(check, (2, 1)[::EVERY])


def check_occupied_name(whole, folder):
    """A temporary file that cannot be created."""
    def check(ranks):
        place, output = place_for(folder, f"occupied{ranks}")
        checkpoint = checkpoint_of(output)
        job = Job(run_words(EXPERIMENT, output, LONG, "100 ms model"), place, ranks)
        expect(job.wait_for(lambda: os.path.exists(checkpoint)), f"occupied name:\n{job.stderr}")
        while job.is_running():
            try:
                os.makedirs(os.path.join(checkpoint + ".part", "occupied"))
                break
            except OSError:
                pass
        goes_on_without(whole, f"occupied name, {ranks} ranks", job, output, checkpoint, place, LONG)

    all_at_once(check, (2, 1)[::EVERY])


def check_places(folder):
    """Places where no checkpoint can be are refused before anything is done; so are options that make no sense."""
    place, output = place_for(folder, "places")
    experiment, precious = os.path.join(place, "little.yaml"), os.path.join(place, "precious.yaml")
    for path in (experiment, precious):
        with open(path, "w", encoding="utf-8") as file:
            file.write(LITTLE)
    forbidden = "/proc" if os.geteuid() == 0 else os.path.join(place, "locked")
    if os.geteuid() != 0:
        os.mkdir(forbidden, 0o555)
    nowhere = os.path.join(place, "nowhere", "point.h5")
    every = ["--checkpoint-every", "5 ms model"]
    bad = [(["--checkpoint", nowhere] + every, [nowhere]),
           (["--checkpoint", os.path.join(experiment, "point.h5")] + every, [os.path.join(experiment, "point.h5")]),
           (["--checkpoint", os.path.join(forbidden, "point.h5")] + every, [os.path.join(forbidden, "point.h5")]),
           (["--checkpoint", place] + every, [place]),
           (["--checkpoint", output] + every, [output]),
           (["--checkpoint", precious] + every, [precious]),
           (["--checkpoint-every", "10"], ["every", "'10'"]),
           (["--checkpoint-every", "10 s"], ["every", "10 s"]),
           (["--checkpoint-every", "10 s ago"], ["every", "10 s ago"]),
           (["--checkpoint-every", "wall"], ["every", "wall"]),
           (["--checkpoint-every", "0 s wall"], ["every", "0 s wall"]),
           (["--checkpoint-every", "-1 s wall"], ["every", "-1 s wall"]),
           (["--checkpoint-every", "0 ms model"], ["every", "0 ms model"]),
           (["--checkpoint-every", "0.001 ms model"], ["every", "0.001 ms"]),
           (["--checkpoint-every", "nan s wall"], ["every", "nan"]),
           (["--checkpoint-every", "5 mV model"], ["every", "mV"]),
           (["--checkpoint-keep", "0"] + every, ["keep", "0"]),
           (["--checkpoint-keep", "-1"] + every, ["keep", "-1"]),
           (["--checkpoint-keep", "1.5"] + every, ["keep", "1.5"]),
           (["--checkpoint-keep", "many"] + every, ["keep", "many"]),
           (["--walltime-limit", "abc"], ["--walltime-limit", "abc"]),
           (["--walltime-limit", "0"], ["--walltime-limit", "0"]),
           (["--walltime-limit", "-5 s"], ["--walltime-limit", "-5 s"]),
           (["--walltime-limit", "1:2:3:4:5"], ["--walltime-limit", "1:2:3:4:5"]),
           (["--walltime-limit", "00:77:00"], ["--walltime-limit", "00:77:00"]),
           (["--walltime-limit", "5 mV"], ["--walltime-limit", "5 mV"]),
           (["--resume", os.path.join(place, "missing.h5")], [os.path.join(place, "missing.h5")])]
    cases = [(number, [experiment, "-o", output] + words, texts, 3 if number % 6 == 0 else 1)
             for number, (words, texts) in enumerate(bad)]
    cases.append((len(cases), ["-o", output, "--resume", "latest"], ["latest", "--checkpoint"], 1))
    cases.append((len(cases), ["-o", output], ["FILE"], 1))

    def check(item):
        number, words, texts, ranks = item
        own = os.path.join(place, f"option{number}")
        os.mkdir(own)
        case = f"{' '.join(words)}, {ranks} ranks"
        job = Job(["run"] + words, own, ranks)
        expect(job.wait() == 2, f"{case}: exit code {job.process.returncode}\n{job.stderr}")
        expect(len(job.messages()) == 1, f"{case}: {len(job.messages())} messages\n{job.stderr}")
        expect(job.says(*texts), f"{case}: {texts} missing\n{job.stderr}")

    all_at_once(check, cases)
    with open(precious, "rb") as file:
        expect(file.read() == LITTLE.encode(), "a checkpoint was written over a file that is none")
    left = [name for name in os.listdir(place) if "out" in name]
    expect(not left, f"places: {left} begun")


def main():
    with scratch() as folder:
        whole = Whole("microcircuit", EXPERIMENT, LONG, folder)
        print(f"simulated in {read_summary(os.path.join(folder, 'whole.h5'))['simulate_s']:.2f} s", flush=True)
        check_stop(whole, folder)
        check_save(whole, folder)
        check_mpirun(whole, folder)
        check_joining(whole, folder)
        check_building(folder)
        check_wall_time(whole, folder)
        check_wall_clock(whole, folder)
        check_full_disk(whole, folder)
        check_file_size_limit(folder)
        check_lost_folder(whole, folder)
        check_occupied_name(whole, folder)
        check_places(folder)
    finish()


if __name__ == "__main__":
    main()
