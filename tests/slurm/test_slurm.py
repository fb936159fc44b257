"""The scripts in jobs/slurm as a user submits them, in a SLURM of the test's own: every run ends with the spikes
of a run that nobody disturbed."""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from private_slurm import PrivateSlurm, left_behind, skip_if_missing  # noqa: E402

skip_if_missing()  # before h5py is needed
from program import EXPERIMENTS, SOURCE, VOLLEY, execute, expect, finish, run, set_words  # noqa: E402

RUN, ARRAY = (os.path.join(SOURCE, "jobs", "slurm", name) for name in ("run.sbatch", "array.sbatch"))
EXPERIMENT = os.path.join(EXPERIMENTS, "microcircuit.yaml")
NETWORK = {"network.scale.neurons": 0.05, "network.scale.indegree": 0.05, "recorders.0.start": "0 ms"}
SHORT = {**NETWORK, "simulation.duration": "300 ms"}
SLOW = {"VOLLEY": os.path.join(HERE, "slow_volley"), "VOLLEY_AT_FULL_SPEED": VOLLEY}
SAVING = {**SLOW, "VOLLEY_CHECKPOINT_EVERY": "20 ms model"}  # so that it can be seen that a run gets on
SLOWER = 20  # times


FROM_PYTHON = """
import volley
net = volley.Network(dt=0.1, duration=20)
net.population("E", 80, "iaf_psc_exp", I_e=500)
net.record("spikes", "E")
job = net.submit("python.h5", nodes=2, time="5")
run = job.wait(every=0.3)
print(f"on {run.file['volley'].attrs['ranks']} ranks:", run.summary["spike_digest"] == net.run("here.h5").summary["spike_digest"])
net.set("populations.E.size", "abc")
try:
    net.submit("wrong.h5", time="5").wait(every=0.3, quiet=True)
except volley.VolleyError as fault:
    print(fault)
"""


def info(path):
    """What `volley info` says of a file, a dictionary; {} if it cannot be read."""
    result = subprocess.run([VOLLEY, "info", path, "--json"], capture_output=True, text=True, check=False)
    return json.loads(result.stdout) if result.returncode == 0 else {}


def executable(path, flags):
    return os.open(path, flags, 0o755)


class Scenarios:
    def __init__(self, slurm):
        self.slurm = slurm
        self.short_digest = run(EXPERIMENT, self.path("plain.h5"), SHORT)["spike_digest"]
        # A long run would take a minute if it was slow to its end: longer than its time limit lets it.
        long = round(60 / SLOWER * max(self.speed(), self.speed()))
        self.long = {**NETWORK, "simulation.duration": f"{long} ms"}
        self.medium = {**NETWORK, "simulation.duration": f"{long // 4} ms"}
        self.long_digest = run(EXPERIMENT, self.path("plain_long.h5"), self.long)["spike_digest"]

    def path(self, name):
        return os.path.join(self.slurm.folder, name)

    def speed(self):
        """Model time in ms that a job of two ranks simulates in a second."""
        summary = self.path("speed.json")
        job = self.submit("speed.h5", {**NETWORK, "simulation.duration": "600 ms"}, words=("--summary", summary))
        expect(job.wait() == "COMPLETED", f"the first job fails: {job.log()}")
        self.expect_log(job, "2 ranks x 1 thread, by srun --mpi=pmix")
        os.remove(self.path("speed.h5"))
        os.remove(self.path("speed.checkpoint.h5"))
        with open(summary, encoding="utf-8") as file:
            return 600 / json.load(file)["simulate_s"]

    def submit(self, output, settings, options=("-n2", "-N1"), environment=None, words=()):
        """run.sbatch in the ordinary way; output: a name."""
        arguments = [EXPERIMENT, self.path(output), *set_words(settings), *words]
        return self.slurm.submit(RUN, arguments, ["--time=5", *options], {"VOLLEY": VOLLEY, **(environment or {})})

    def without_pmix(self):
        """Environment of a job for which srun is as on a cluster without PMIx."""
        folder = self.path("without_pmix")
        os.makedirs(folder, exist_ok=True)
        srun = shutil.which("srun", path=self.slurm.environment["PATH"])
        with open(os.path.join(folder, "srun"), "w", encoding="utf-8", opener=executable) as file:
            file.write('#!/bin/sh\n'
                       'case "$*" in *--mpi=pmix*) echo "srun: error: looking for mpi/pmix" >&2; exit 1;; esac\n'
                       f'exec {srun} "$@"\n')
        return {"PATH": folder + os.pathsep + self.slurm.environment["PATH"]}

    def expect_log(self, job, *texts):
        for text in texts:
            expect(text in job.log(), f'"{text}" is not in the log:\n{job.log()}')

    def expect_done(self, job, output, digest):
        """The job completes and its output has the digest."""
        state = job.wait()
        found = info(self.path(output)).get("spike_digest")
        expect(state == "COMPLETED" and found == digest,
               f"{output}: {state}, digest {found}, expected {digest}; the job's log:\n{job.log()}")

    def launchers(self):
        options = ("-n4", "-N2", "--ntasks-per-node=2")
        job = self.submit("srun.h5", SHORT, options)
        self.expect_done(job, "srun.h5", self.short_digest)
        self.expect_log(job, "4 ranks x 1 thread, by srun --mpi=pmix")
        job = self.submit("mpirun.h5", SHORT, options, self.without_pmix())
        self.expect_done(job, "mpirun.h5", self.short_digest)
        self.expect_log(job, "looking for mpi/pmix", "4 ranks x 1 thread, by mpirun")
        job = self.submit("threads.h5", SHORT, ("-n1", "-c2"))
        self.expect_done(job, "threads.h5", self.short_digest)
        self.expect_log(job, "1 rank x 2 threads")

        job = self.submit("threads.h5", SHORT)
        expect(job.wait() == "COMPLETED", "a job whose output is there fails")
        self.expect_log(job, "threads.h5 is there: the run is complete")

    def faults(self):
        job = self.submit("faulty.h5", {"simulation.duratoin": "1 s"})
        expect(job.wait() == "FAILED" and job.fields("ExitCode") == ["2:0"], f"a faulty experiment: {job.log()}")
        self.expect_log(job, "did you mean", "volley has failed (code 2)")

        alone = "srun --mpi=none env -u SLURM_STEP_ID -u SLURM_STEPID"
        job = self.submit("faulty.h5", SHORT, environment={"VOLLEY_LAUNCHER": alone})
        expect(job.wait() == "FAILED", f"a launcher whose ranks are alone: {job.log()}")
        self.expect_log(job, "do not find each other", "VOLLEY_LAUNCHER")

        job = self.submit("stuck.h5", SHORT, words=("--walltime-limit", "1 s"))
        expect(job.wait() == "FAILED" and job.fields("Restarts") == ["0"], f"a run that gets no further: {job.log()}")
        self.expect_log(job, "no progress: this start went from 0 to")

    def from_python(self):
        """Network.submit(): a job on two nodes, followed to its output; one that fails says why."""
        environment = {**self.slurm.environment, "VOLLEY": VOLLEY, "PYTHONPATH": os.path.join(SOURCE, "io", "python")}
        done = subprocess.run([sys.executable, "-c", FROM_PYTHON], cwd=self.slurm.folder, env=environment, capture_output=True, text=True,
                              timeout=300, check=False)
        text = done.stdout + done.stderr
        expect(done.returncode == 0 and "2 ranks x 1 thread" in text and "on 2 ranks: True" in text and "'abc' given" in text, f"submit(): {text}")

    def await_checkpoint(self, name):
        """Waits until a run got on: until it has written a checkpoint."""
        path = self.path(f"{name}.checkpoint.h5")
        self.slurm.wait_until(lambda: os.path.exists(path), 60, f"{path} to be written")

    def cancel(self):
        """scancel, with both launchers and of the gentle kind; then one goes on as a job, one without SLURM."""
        digest = run(EXPERIMENT, self.path("plain_medium.h5"), self.medium)["spike_digest"]
        jobs = {"srun": self.submit("cancel_srun.h5", self.medium, environment=SAVING),
                "mpirun": self.submit("cancel_mpirun.h5", self.medium, environment={**SAVING, **self.without_pmix()}),
                "signal": self.submit("cancel_signal.h5", self.medium, environment=SAVING)}
        for name, job in jobs.items():
            self.await_checkpoint(f"cancel_{name}")
            self.slurm.command("scancel", *(["--batch", "--signal=USR2"] if name == "signal" else []), str(job.number))
        for name, job in jobs.items():
            expected = "FAILED" if name == "signal" else "CANCELLED"
            state = job.wait()
            found = info(self.path(f"cancel_{name}.checkpoint.h5"))
            expect(state == expected and job.fields("Restarts") == ["0"], f"scancel, {name}: {state}\n{job.log()}")
            expect(found.get("whole") and found["time_ms"] > 0, f"scancel, {name}: checkpoint {found}\n{job.log()}")
            self.expect_log(job, "volley is asked to write a checkpoint")
        job = self.submit("cancel_srun.h5", self.medium, ("-n3", "-N1"))
        self.expect_done(job, "cancel_srun.h5", digest)
        self.expect_log(job, "volley: resuming at")
        words = ["run", EXPERIMENT, "-o", self.path("cancel_mpirun.h5"), "--resume", "latest", *set_words(self.medium)]
        expect(execute(words, ranks=3).returncode == 0, "a cancelled run does not go on")
        expect(info(self.path("cancel_mpirun.h5"))["spike_digest"] == digest, "a cancelled run: other spikes")

    def start_limited(self):
        """A job whose time limit is shorter than its run. SLURM looks at the time every 30 s: its signal comes 20 to 50 s after the start."""
        self.limited = self.submit("limited.h5", self.long, ("-n2", "-N1", "--time=1", "--signal=B:USR1@10"), SLOW)

    def finish_limited(self):
        self.expect_done(self.limited, "limited.h5", self.long_digest)
        self.expect_log(self.limited, "volley: resuming at", "SLURM is asked to start job")
        expect(self.limited.fields("Restarts") != ["0"], "a job ended within its time limit")

    def start_yielding(self):
        """An array by mpirun. One task is asked to give way: the last one, whose job has the array's number."""
        arguments = [EXPERIMENT, self.path("yielding"), *set_words(self.medium)]
        self.yielding = self.slurm.submit(ARRAY, arguments, ["--time=5", "-n2", "-N1", "--array=1-2"],
                                          {**SAVING, **self.without_pmix()})
        sessions = set()
        for task in (1, 2):
            self.await_checkpoint(f"yielding/{task}")
            sessions.update(glob.glob(f"{self.slurm.folder}/tmp*/ompi.*"))
        expect(len(sessions) == 2, f"tasks of an array by mpirun: sessions in {sessions}, not in one for each")
        self.slurm.command("scancel", "--batch", "--signal=USR1", f"{self.yielding.number}_2")

    def finish_yielding(self):
        expect(self.yielding.wait() == ["COMPLETED"] * 2, f"an array that gives way: {self.yielding.log()}")
        self.expect_log(self.yielding, f"SLURM is asked to start job {self.yielding.number}_2 again")
        restarts = dict(zip(self.yielding.fields("ArrayTaskId"), self.yielding.fields("Restarts")))
        expect(restarts == {"1": "0", "2": "1"}, f"an array that gives way: restarts by task {restarts}")
        for seed in (1, 2):
            plain = run(EXPERIMENT, self.path("plain_task.h5"), {**self.medium, "simulation.seed": seed})
            found = info(self.path(f"yielding/{seed}.h5")).get("spike_digest")
            expect(found == plain["spike_digest"], f"an array that gives way: other spikes in task {seed}")

    def arrays(self):
        words = set_words(SHORT)
        options = ["--time=5", "-n1"]
        environment = {"VOLLEY": VOLLEY}
        seeds = self.slurm.submit(ARRAY, [EXPERIMENT, self.path("seeds"), *words], options + ["--array=1-3"],
                                  environment)
        sweep = self.path("sweep.txt")
        with open(sweep, "w", encoding="utf-8") as file:
            file.write("# two networks\n\nsimulation.seed=7 stimuli.0.rate='9 Hz'\nsimulation.dt=\"0.05 ms\"\n")
        expect(seeds.wait() == ["COMPLETED"] * 3, f"array: {seeds.log()}")
        swept = self.slurm.submit(ARRAY, [EXPERIMENT, self.path("swept"), sweep, *words],
                                  options + ["--array=1-2"], environment)
        expect(swept.wait() == ["COMPLETED"] * 2, f"sweep: {swept.log()}")
        expected = {f"seeds/{seed}.h5": {**SHORT, "simulation.seed": seed} for seed in (1, 2, 3)}
        expected["swept/1.h5"] = {**SHORT, "simulation.seed": 7, "stimuli.0.rate": "9 Hz"}
        expected["swept/2.h5"] = {**SHORT, "simulation.dt": "0.05 ms"}
        for name, settings in expected.items():
            plain = run(EXPERIMENT, self.path("plain_task.h5"), settings)["spike_digest"]
            expect(info(self.path(name)).get("spike_digest") == plain, f"{name} has other spikes than a plain run")

    def studies(self):
        """A scaling study as one job, and its report."""
        scripts, folder = os.path.join(SOURCE, "jobs", "scaling"), self.path("study")
        words = set_words({**SHORT, "simulation.duration": "50 ms"})
        job = self.slurm.submit(os.path.join(scripts, "strong.sbatch"), [EXPERIMENT, folder, "1x1,2x1", *words],
                                ["--time=5", "-n2", "-N1"], {"VOLLEY": VOLLEY})
        expect(job.wait() == "COMPLETED", f"a study: {job.log()}")
        done = subprocess.run([os.path.join(scripts, "report"), folder], capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"report: {done.stderr}")
        other = subprocess.run([os.path.join(scripts, "study"), "strong", "other.yaml", folder, "1x1"], capture_output=True,
                               text=True, check=False, env={**os.environ, "VOLLEY": VOLLEY})
        expect(other.returncode == 1 and "of another study" in other.stderr, f"a study of another network: {other.stderr}")
        with open(os.path.join(folder, "report.html"), encoding="utf-8") as file:
            page = file.read()
        expect("strong scaling" in page and page.count("<svg") == 4 and "<td>2</td>" in page, "the report of a study")
        expect("must not be" not in page and 'src="' not in page and "href=" not in page, "the report stands alone")


def timed(work):
    begin = time.monotonic()
    work()
    print(f"{work.__name__}: {time.monotonic() - begin:.1f} s", flush=True)


def main():
    with PrivateSlurm() as slurm:
        scenarios = Scenarios(slurm)
        # The first two take a minute, during which they mostly wait.
        for work in (scenarios.start_limited, scenarios.start_yielding, scenarios.launchers, scenarios.faults, scenarios.from_python,
                     scenarios.arrays, scenarios.studies, scenarios.cancel, scenarios.finish_yielding, scenarios.finish_limited):
            timed(work)
    expect(not left_behind(slurm.folder) and not os.path.exists(slurm.folder), "the private SLURM is not gone")
    finish()


main()
