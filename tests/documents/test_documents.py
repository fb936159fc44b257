"""Every command block of README.md, of docs/*.md and of `volley help` is run as it is written, in order, in an empty
folder of each document, where `jobs` is Volley's folder of that name and the program is on the PATH.

A block is one between ``` or indented by four spaces. One of commands is run by Bash and must succeed, but for commands
behind which stands "# exit code N". One of Python is run; one of anything else that a file name in backquotes stands
before becomes that file; the rest is no program. What cannot be run here is in SKIPPED, what would take minutes in
SCALED; test_documents_long.py scales nothing."""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from plotting import python_that_plots  # noqa: E402
from program import MPIRUN, SOURCE, TIMEOUT, VOLLEY, execute, expect, finish  # noqa: E402

NEEDS_SLURM = "needs a cluster; tests/slurm has the scripts in a SLURM of its own"
SKIPPED = {  # beginning of a block -> why it is not run
    "README.md": {
        "./jobs/quickstart": "installs packages and runs the full microcircuit",
        "#SBATCH": NEEDS_SLURM,
        "sbatch": NEEDS_SLURM,
        "sudo apt-get": "needs root and the network; this build comes from these lines",
    },
    "docs/slurm.md": {
        "sbatch": NEEDS_SLURM,
        "module ": "needs a cluster with modules",
        "lfs ": "needs Lustre",
        "striping_factor": "no commands: hints for MPI-IO",
        "apptainer": "needs Apptainer and a cluster",
        "squeue": NEEDS_SLURM,
        "scancel": NEEDS_SLURM,
        "# sweep.txt": NEEDS_SLURM,
        "over=(": NEEDS_SLURM,
        "volley info results/": "the results of the job above",
        "mv results/": "the results of the job above",
    },
    "docs/scaling.md": {
        "sbatch": NEEDS_SLURM,
        "jobs/scaling/predict microcircuit:1": "needs SimGrid: tests/command_line/test_simgrid_long.py",
    },
    "docs/python.md": {"job = net.submit": NEEDS_SLURM},
    "docs/adding-a-model.md": {
        "cc -shared": "needs an installed copy: tests/install/test_plugin.py runs this page",
        "$ volley models": "the plug-in that is compiled above",
        "$ volley check": "the plug-in that is compiled above",
    },
    "docs/installing.md": {
        "cmake": "builds anew; tests/install has what this build installs",
        "sudo apt-get install mpich": "needs root and the network, and builds anew; tests/install/test_without_petsc_long.sh",
        "sudo apt-get install libopenblas0": "needs root and the network, and is for all programs of the machine",
        "sudo apt-get install mkdocs": "needs root and the network; tests/documents/test_site_long.sh",
        "spack": "Spack is not there",
        "jobs/package": "builds anew; tests/install/test_packages_long.sh",
    },
    "docs/performance.md": {
        "mpirun": "measures, for minutes",
        "VOLLEY=": "measures, for minutes",
    },
}
SINE = (r"(volley run jobs/experiments/force/lif_sine.yaml -o \w+.h5)", r'\1 --set simulation.duration="300 ms" '
        r'--set readouts.z.learning.start="100 ms" --set readouts.z.learning.stop="200 ms"')
BROKEN_OFF = [(r'"10([01]) s"', r'"3\1 s"'), (r'"2 s"', '"1 s"')]
SCALED = {  # pattern and what it is replaced by, where the documents' runs take minutes
    "README.md": [SINE, *BROKEN_OFF],
    "docs/tutorial.md": BROKEN_OFF,
    "docs/force.md": [
        SINE,
        (r"\b(\d+) s\b", lambda seconds: f"{10 * int(seconds[1])} ms"),
        (r"(volley run jobs/experiments/force/movie.yaml -o movie.h5)", r'\1 --set simulation.duration="800 ms" '
         r'--set readouts.z.learning.start="10 ms" --set readouts.z.learning.stop="100 ms"'),
        (r"(volley run jobs/experiments/force/compressed_replay.yaml -o \w+.h5)", r'\1 --set simulation.duration="200 ms" '
         r'--set readouts.z.learning.start="10 ms" --set readouts.z.learning.stop="100 ms"'),
        (r"(volley run jobs/experiments/force/ode_to_joy_learned_hdts.yaml -o \w+.h5)", r'\1 --set simulation.duration="700 ms" '
         r'--set readouts.hdts.learning.start="10 ms" --set readouts.hdts.learning.stop="300 ms" '
         r'--set readouts.z.learning.start="300 ms" --set readouts.z.learning.stop="600 ms"'),
    ],
    "docs/digits.md": [(r"(volley run jobs/experiments/digits/digits_errors.yaml -o errors.h5)", r'\1 --set simulation.duration="2 s"')],
    "docs/scaling.md": [
        (r"sheet 1 >", "sheet 0.1 >"),
        (r"balanced 0.2 --indegree 0.1 --ms 500", "balanced 0.02 --indegree 0.01 --ms 20"),
        (r"1x1,2x1,1x2,2x2", "1x1,2x1"),
        (r"--ranks 64,1024,16384", "--ranks 2"),
    ],
    "docs/plasticity.md": [
        (r"(volley run jobs/experiments/brunel_stdp.yaml --threads 2)", r'\1 --set simulation.duration="110 ms" '
         r"--set recorders.0.start=0 --set recorders.weights.interval=10"),
        (r"(volley run jobs/experiments/inhibitory_plasticity.yaml)", r'\1 --set simulation.duration="200 ms" '
         r"--set recorders.0.start=0"),
    ],
}
AFTER = {"docs/file-formats.md": "README.md"}  # documents whose blocks read what those of another one wrote
PACKAGE = os.path.join(SOURCE, "io", "python")
COMMAND = re.compile(r"^(\$ |\./|jobs/|[A-Z_]+=|#SBATCH|(volley|mpirun|srun|sbatch|squeue|scancel|export|sudo|cmake|mpicc|cc|for) )",
                     re.MULTILINE)


def blocks(text):
    """Language ("" for an indented block), the paragraph before, and text of each block."""
    fence = r"^```(?P<language>\w*)\n(?P<fenced>.*?)^```$"
    indented = r"(?<=\n\n)(?P<indented>(?:    [^\n]*\n|\n(?=    ))+)"
    end = 0
    for found in re.finditer(f"{fence}|{indented}", text, re.MULTILINE | re.DOTALL):
        before = text[end : found.start()].strip().split("\n\n")[-1]
        if found["fenced"] is not None:
            yield found["language"], before, found["fenced"]
        else:
            yield "", before, re.sub(r"^    ", "", found["indented"], flags=re.MULTILINE)
        end = found.end()


def with_codes(script):
    """Commands behind which an exit code stands must leave with that one."""
    lines = script.replace("\\\n", "").split("\n")
    marked = r"^(.*?)\s*# exit code (\d+)$"
    return "\n".join(re.sub(marked, r"code=0; \1 || code=$?; [ $code -eq \2 ]", line) for line in lines)


class Document:
    """A document and the folder that its blocks are run in."""

    def __init__(self, name, folder, is_long):
        self.name, self.folder, self.is_long = name, folder, is_long
        self.skipped, self.n_run = set(), 0
        if not os.path.exists(os.path.join(folder, "jobs")):
            os.symlink(os.path.join(SOURCE, "jobs"), os.path.join(folder, "jobs"))

    def is_skipped(self, block):
        found = [begin for begin in SKIPPED.get(self.name, {}) if block.startswith(begin)]
        self.skipped.update(found)
        return bool(found)

    def shell(self, words, block):
        """Runs a block; its output has nothing in it that only developers should see."""
        path = os.path.dirname(VOLLEY) + os.pathsep + os.path.dirname(MPIRUN) + os.pathsep + os.environ["PATH"]
        result = subprocess.run(words, cwd=self.folder, env={**os.environ, "PATH": path, "PYTHONPATH": PACKAGE}, text=True, timeout=TIMEOUT,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        expect(result.returncode == 0 and "Traceback" not in result.stdout,
               f"{self.name}, exit code {result.returncode}:\n{block}\n{result.stdout}")
        self.n_run += 1

    def take(self, language, before, block):
        """Runs a block, or writes it, or knows why not."""
        if not self.is_long:
            for pattern, replacement in SCALED.get(self.name, []):
                block = re.sub(pattern, replacement, block)
        names = re.findall(r"`(\w+\.\w+)`", before)
        if self.is_skipped(block):
            return
        if language == "python" and re.search(r"`python3 (\w+\.py)`", before):
            name = re.search(r"`python3 (\w+\.py)`", before)[1]
            self.write(name, block)
            self.shell(["/usr/bin/python3", name], block)
        elif language == "python" or block.startswith("import "):
            self.shell(["/usr/bin/python3", "-c", block], block)
        elif language in ("", "sh", "console") and COMMAND.search(block):
            script = with_codes(re.sub(r"^\$ ", "", block, flags=re.MULTILINE))
            self.shell(["bash", "-ec", script], block)
        elif language and names:
            self.write(names[-1], block)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def go_through(self):
        with open(os.path.join(SOURCE, self.name), encoding="utf-8") as file:
            text = file.read()
        for block in blocks(text):
            self.take(*block)
        for begin in set(SKIPPED.get(self.name, {})) - self.skipped:
            expect(False, f"{self.name}: no block begins with '{begin}' any more")
        return self.n_run


def run_help(folder):
    """The commands that `volley help` names, with the first experiment of the README."""
    text = re.sub(r"\s+", " ", execute(["help"], threads=None).stdout.split("First steps:")[1])
    text = text.replace("FILE.yaml", "first.yaml").replace("OUT.h5", "help.h5").replace("OUT.png", "help.png")
    commands = re.findall(r"((?:mpirun -n \d )?volley \w+ [^,]+)", text)
    expect(len(commands) == 3, f"volley help: {commands}")
    page = Document("volley help", folder, False)
    for command in commands:
        page.shell(["bash", "-ec", command], command)
    return page.n_run


def run_series(names, is_long):
    """Documents that share a folder."""
    with tempfile.TemporaryDirectory() as folder:
        n = sum(Document(name, folder, is_long).go_through() for name in names)
        return n + (run_help(folder) if "README.md" in names else 0)


def main(is_long):
    docs = glob.glob(os.path.join(SOURCE, "docs", "*.md"))
    pages = ["README.md"] + sorted(os.path.relpath(page, SOURCE) for page in docs)
    series = [[page] + [name for name, first in AFTER.items() if first == page] for page in pages if page not in AFTER]
    with tempfile.TemporaryDirectory() as folder, python_that_plots(folder, written=is_long):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            n_run = sum(pool.map(lambda names: run_series(names, is_long), series))
    expect(n_run > 35, f"only {n_run} blocks were found")
    print(f"{n_run} blocks of {len(pages)} documents were run")


if __name__ == "__main__":
    main(is_long=False)
    finish()
