"""Checkpoints that are damaged, cut off, none at all or of another experiment: one clear message and exit code 2, no
hang and no crash, at 1 and 3 ranks; and a restart from the newest whole one.

On one rank, one damage of each class on three; test_damage_long.py has more damages, all of them on three, too."""
import os
import random
import re
import shutil
import struct

import h5py
import numpy

from restarting import Job, Whole, all_at_once, checkpoint_of, finish_run, resumes_to, run_words, scratch
from nets import make_everything
from program import expect, finish

AT_A_TIME = 3  # what is refused takes little

NET = """
title: A net
simulation: {dt: 0.1 ms, duration: 60 ms, seed: 7}
populations:
  - {name: A, model: iaf_psc_exp, size: 50, parameters: {I_e: {distribution: uniform, low: 300, high: 600}}}
  - {name: B, model: iaf_psc_delta, size: 20}
projections:
  - {name: in, source: A, target: [A, B], rule: fixed_indegree, indegree: 5, weight: [[20], [0.5]], delay: 1.5 ms}
stimuli:
  - {name: noise, type: poisson, target: B, rate: 8 kHz, weight: 0.7, delay: 1 ms}
recorders:
  - {type: spikes, population: [A, B]}
  - {name: trace, type: traces, population: A, states: V_m}
"""

# What changes the results, and what the message must name.
OTHERS = [("populations.0.size=51", "populations.A.size: 51 here, 50 in"),
          ("populations.0.parameters.tau_m=11", "populations.A.parameters.tau_m: 11 here"),
          ("populations.1.model=iaf_psc_exp", "populations.B.model: iaf_psc_exp here, iaf_psc_delta in"),
          ("projections.0.weight=[[21], [0.5]]", "projections.in.weight.0.0: 21 here, 20 in"),
          ("projections.0.delay=1.6 ms", "projections.in.delay: 1.6 ms here, 1.5 ms in"),
          ("projections.0.indegree=6", "projections.in.indegree: 6 here, 5 in"),
          ("stimuli.0.rate=9 kHz", "stimuli.noise.rate: 9 kHz here, 8 kHz in"),
          ("recorders.0.neurons=0-9", "recorders.0.neurons: 0-9 here"),
          ("recorders.1.states=I_syn_ex", "recorders.trace.states: I_syn_ex here, V_m in"),
          ("simulation.dt=0.2 ms", "simulation.dt: 0.2 ms here, 0.1 ms in"),
          ("simulation.seed=8", "simulation.seed: 8 here, 7 in"),
          ("output.precision=double", "output.precision: double here, single (default) in"),
          ("simulation.duration=19.9 ms", "simulation.duration: ")]
TEXTS = [("recorders:", "recorders:\n  - {name: some, type: spikes, population: A, neurons: 3}", "recorders.some: "),
         ("\n  - {name: trace, type: traces, population: A, states: V_m}", "", "recorders.trace: "),
         ("\nprojections:", "\n  - {name: C, model: parrot, size: 1}\nprojections:", "populations.C: "),
         ("name: noise", "name: other", "stimuli.other: ")]

# What cannot change them.
SAME = ["title=Another title", "simulation.partition=round_robin", "simulation.exchange_interval=step",
        "simulation.exchange_interval=min_delay", "output.file=elsewhere.h5", "checkpoint.every=3 ms model",
        "checkpoint.keep=7", "output.compression=3", "output.precision=single", "output.make_folder=true", "simulation.dt=100 us", "projections.0.delay=1500 us",
        "projections.0.weight=[[20.0], [0.5]]"]

FORBIDDEN = re.compile("HDF5-DIAG|HDF5: |H5[A-Z][a-z_]+\\(|#00|egmentation|Traceback|Signal|Abort|MPI_ERR|PETSC ERROR|"
                       "AddressSanitizer|runtime error")


def judge_refusal(case, words, folder, texts, ranks=1, complaints=1):
    """So many complaints (0: any number), the first with the texts, exit code 2, and nothing written."""
    before = sorted(os.listdir(folder))
    job = finish_run(case, words, folder, ranks, code=2)
    messages = [line for line in job.messages() if "resuming at" not in line]
    expect(len(messages) == complaints or (messages and complaints == 0),
           f"{case}: {len(messages)} messages, not {complaints}\n{job.stderr}")
    for text in texts:
        expect(messages and text in messages[0], f"{case}: '{text}' is missing\n{job.stderr}")
    expect(not FORBIDDEN.search(job.stderr + job.stdout), f"{case}: speaks of internals\n{job.stderr}")
    after = [name for name in sorted(os.listdir(folder)) if not name.startswith("job") and "ompi" not in name]
    new = set(after) - set(before)
    expect(not new, f"{case}: leaves {sorted(new)}")


def classes_of(path):
    """The ranges of bytes of a checkpoint by what they hold: class -> list of (first, end)."""
    with open(path, "rb") as file:
        head = file.read(96)
    version = head[8]
    end_of_hdf5, = struct.unpack_from("<Q", head, 40 if version < 2 else 28)
    classes = {"header": [(0, 48)]}

    def note(name, item):
        if isinstance(item, h5py.Dataset) and item.id.get_offset() is not None and item.id.get_storage_size() > 0:
            first = item.id.get_offset()
            classes["dataset " + name] = [(first, first + item.id.get_storage_size())]

    with h5py.File(path) as file:
        file.visititems(note)
    expect(len(classes) > 5, f"datasets without bytes of their own: {sorted(classes)}")
    at, gaps = 48, []
    for first, end in sorted(extent for name, (extent,) in classes.items() if name != "header"):
        if first > at:
            gaps.append((at, first))
        at = max(at, end)
    classes["metadata"] = gaps + ([(at, end_of_hdf5)] if at < end_of_hdf5 else [])
    size = os.path.getsize(path)
    expect(end_of_hdf5 < size, "nothing stands behind HDF5's end: where is the end mark?")
    classes["seal"] = [(end_of_hdf5, size)]
    classes["last bytes"] = [(size - 8, size)]
    return classes


def flipped(content, ranges, choice):
    """A copy with one byte changed in one of the ranges."""
    total = sum(end - first for first, end in ranges)
    place = choice.randrange(total)
    for first, end in ranges:
        if place < end - first:
            break
        place -= end - first
    changed = bytearray(content)
    changed[first + place] ^= choice.randrange(1, 256)
    return bytes(changed), first + place


def damages(path, is_all):
    """Damaged copies of a checkpoint: (class, case, bytes)."""
    with open(path, "rb") as file:
        content = file.read()
    found, choice = [], random.Random(11)
    repeats = {"header": 6, "metadata": 8, "seal": 8, "last bytes": 3}
    for name, ranges in classes_of(path).items():
        for _ in range(repeats.get(name, 1) * (3 if is_all else 1)):
            damaged, place = flipped(content, ranges, choice)
            found.append((name.split()[0], f"byte {place} ({name}) flipped", damaged))
    size = len(content)
    ends = {0, 1, 8, 96, 512, 4096, size // 2, size - 1, size - 2, size - 8, size - 16, size - 17}
    ends |= set(choice.sample(range(size), (50 if is_all else 24) - len(ends)))
    found += [("empty" if end == 0 else "cut", f"cut off at {end} of {size}", content[:end]) for end in sorted(ends)]
    found.append(("longer", "one byte more", content + b"\0"))
    found.append(("longer", "twice the file", content + content))
    found.append(("zeros", "all zeros", bytes(size)))
    half = size // 2 // 4096 * 4096
    found.append(("zeros", "a page of zeros in the middle", content[:half] + bytes(4096) + content[half + 4096:]))
    return found


def check_damages(base, folder, is_all):
    """Each damage at one rank; at three the first of each class, or all."""
    def check(item):
        number, (kind, case, content, ranks) = item
        place = os.path.join(folder, f"damage{number}")
        os.mkdir(place)
        damaged = os.path.join(place, "damaged.h5")
        with open(damaged, "wb") as file:
            file.write(content)
        case = f"{case}, {ranks} ranks"
        words = run_words(None, os.path.join(place, "out.h5"), {}, resume=damaged)
        judge_refusal(case, words, place, [damaged], ranks)
        if number % 10 == 0:
            check_info(case, damaged, place)
        shutil.rmtree(place, ignore_errors=True)  # MPI's daemon of a single process may not have left yet

    cases, seen = [], set()
    for kind, case, content in damages(base, is_all):
        cases.append((kind, case, content, 1))
        if is_all or kind not in seen:
            cases.append((kind, case, content, 3))
        seen.add(kind)
    all_at_once(check, enumerate(cases), AT_A_TIME)
    print(f"{len(cases)} damaged files", flush=True)


def checksum(data):
    """As docs/file-formats.md defines it."""
    words = numpy.frombuffer(data + bytes(-len(data) % 8), dtype="<u8")
    with numpy.errstate(over="ignore"):
        z = words + numpy.arange(1, len(words) + 1, dtype="<u8") * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return int((z ^ (z >> numpy.uint64(31))).sum(dtype="<u8"))


def stored_bytes(dataset):
    """The bytes of a dataset as they lie in the file: h5py leaves out zeros at the end of a text."""
    return dataset[()].tobytes().ljust(dataset.id.get_storage_size(), b"\0")


def unsealed(path):
    """The bytes of a checkpoint before its seal. What the seal says must be as documented."""
    with open(path, "rb") as file:
        content = file.read()
    mark, version, end, n, size, table_sum, own_sum, closing = struct.unpack("<8s6Q8s", content[-64:])
    expect((mark, closing) == (b"\x89\nVOLLYS", b"__VYEND\n") and version == 2 and size == len(content), "the seal")
    table = content[end:-64]
    expect(len(table) == 32 * n and checksum(table) == table_sum, "the seal's table is not as documented")
    expect(checksum(content[-64:-16]) == own_sum, "the seal's own checksum is not as documented")
    at = 0
    for first, count, sum_of_bytes, _ in struct.iter_unpack("<4Q", table):
        expect(first == at and checksum(content[first:first + count]) == sum_of_bytes, f"the seal's part at {first}")
        at += count
    expect(at == end, f"the seal's parts end at {at}, not {end}")
    return content[:end]


def sealed(content, version=2):
    """With a seal that is right whatever the bytes are."""
    table = struct.pack("<4Q", 0, len(content), checksum(content), 0)
    head = struct.pack("<8s5Q", b"\x89\nVOLLYS", version, len(content), 1, len(content) + 32 + 64, checksum(table))
    return content + table + head + struct.pack("<Q8s", checksum(head), b"__VYEND\n")


def replaced(path, value):
    """A change of a file: other values of a dataset, or of an attribute where the path has an @; None removes it."""
    def change(file):
        name, _, attribute = path.partition("@")
        place = file[name].attrs if attribute else file
        name = attribute or name
        if value is not None:
            dtype = None if isinstance(value, bytes) else place[name].dtype
            place[name + "new"] = numpy.array(value, dtype)
        del place[name]
        if value is None:
            return
        if attribute:
            place[name] = place[name + "new"]
            del place[name + "new"]
        else:
            place.move(name + "new", name)
            place[name].attrs["checksum"] = numpy.uint64(checksum(stored_bytes(place[name])))
    return change


# Changes that no checksum shows, and what the message must name where that is clear.
CRAFTED = [("volley_checkpoint@format_version", 3, "3"), ("volley_checkpoint@output", None, ""),
           ("volley_checkpoint@step", 10**15, ""), ("volley_checkpoint@step", 2**64 - 1, ""),
           ("volley_checkpoint@synapses", 1, "synapses"), ("volley_checkpoint/experiment", b"hello", ""),
           ("volley_checkpoint/experiment", None, ""), ("recent_spikes/gids", None, ""),
           ("volley_checkpoint/recorder_positions", [2**63] * 9, ""),
           ("volley_checkpoint/input_keys", None, ""), ("volley_checkpoint/input_bytes", [1], ""),
           ("volley_checkpoint/recorder_positions", [0], ""), ("recent_spikes/gids", [2**32 - 1], ""),
           ("recent_spikes/counts", [2**62, 2**62], ""), ("recent_spikes/counts", [], ""), ("recent_spikes", None, ""),
           ("populations/E/V_m", [0.0], ""), ("populations/E/V_m", None, ""), ("populations/E", None, "")]


def check_crafted(base, folder, is_all):
    """Files with a right seal: as they are, of a future version, and such that only a program at fault writes."""
    content = unsealed(base)
    with h5py.File(base) as file:
        names = []
        file.visit(names.append)
        for name in names:
            if isinstance(file[name], h5py.Dataset):
                expect(checksum(stored_bytes(file[name])) == file[name].attrs["checksum"], f"checksum of {name}")

    def check(item):
        number, (case, craft, texts, ranks) = item
        place = os.path.join(folder, f"crafted{number}")
        os.mkdir(place)
        crafted = os.path.join(place, "crafted.h5")
        with open(crafted, "wb") as file:
            file.write(content if craft else sealed(content, version=3))
        if craft:
            with h5py.File(crafted, "a") as file:
                craft(file)
            with open(crafted, "rb") as file:
                changed = file.read()
            with open(crafted, "wb") as file:
                file.write(sealed(changed))
        words = run_words(None, os.path.join(place, "out.h5"), {}, resume=crafted)
        if texts is None:
            finish_run(case, words, place, ranks)
        else:
            judge_refusal(f"crafted: {case}, {ranks} ranks", words, place, texts, ranks, complaints=0)

    cases = [("another seal", lambda file: None, None, ranks) for ranks in (1, 2)]
    cases += [("a future version", None, ["crafted.h5", "format 3"], ranks) for ranks in (1, 3)]
    cases += [(f"{path} {value}", replaced(path, value), [text], 1 + 2 * (is_all or number % 4 == 0))
              for number, (path, value, text) in enumerate(CRAFTED)]
    all_at_once(check, enumerate(cases), AT_A_TIME)


def check_info(case, damaged, folder):
    """`volley info` of a damaged checkpoint says so, and does not fall over it."""
    job = Job(["info", damaged], folder, threads=None)
    code = job.wait()
    text = job.stdout + job.stderr
    expect(code in (0, 2), f"info, {case}: exit code {code}\n{text}")
    expect(re.search("damaged|not whole|cut off|no checkpoint|cannot|empty|neither", text), f"info, {case}:\n{text}")
    expect(not FORBIDDEN.search(text), f"info, {case}: speaks of internals\n{text}")


def check_no_checkpoints(base, output, folder, is_all):
    """Things that are no checkpoints at all."""
    place = os.path.join(folder, "things")
    os.mkdir(place)
    paths = {name: os.path.join(place, name) for name in
             ("hdf5.h5", "text.h5", "folder.h5", "dangling.h5", "loop.h5", "fifo.h5", "locked.h5", "copy.h5",
              "yaml.h5")}
    with h5py.File(paths["hdf5.h5"], "w") as file:
        file["spikes"] = range(100)
    with open(paths["text.h5"], "w", encoding="utf-8") as file:
        file.write("Dear reader,\n" * 1000)
    with open(paths["yaml.h5"], "w", encoding="utf-8") as file:
        file.write(NET)
    os.mkdir(paths["folder.h5"])
    os.symlink("nowhere", paths["dangling.h5"])
    os.symlink("loop.h5", paths["loop.h5"])
    os.mkfifo(paths["fifo.h5"])
    shutil.copy(output, paths["copy.h5"])
    things = [paths[name] for name in paths if name != "locked.h5"]
    if os.geteuid() != 0:
        shutil.copy(base, paths["locked.h5"])
        os.chmod(paths["locked.h5"], 0)
        things.append(paths["locked.h5"])
    things += [os.path.join(place, "missing.h5"), os.path.join(place, "nowhere", "missing.h5"), "/dev/null",
               "/dev/zero"]

    def check(item):
        thing, ranks, is_latest = item
        own = os.path.join(folder, f"thing{things.index(thing)}-{ranks}-{is_latest}")
        os.mkdir(own)
        out = os.path.join(own, "out.h5")
        if is_latest:  # the only file there is
            words = run_words(None, out, {}, resume="latest", extra=["--checkpoint", thing])
        else:
            words = run_words(None, out, {}, resume=thing)
        judge_refusal(f"{os.path.basename(thing)}, {ranks} ranks{', latest' if is_latest else ''}", words, own,
                      [] if is_latest else [thing], ranks)

    all_at_once(check, [(thing, ranks, False) for number, thing in enumerate(things) for ranks in ((1, 3) if is_all or number % 3 == 0 else (1,))],
                AT_A_TIME)
    missing = os.path.join(place, "missing.h5")
    own = os.path.join(folder, "own")
    os.mkdir(own)
    words = run_words(None, os.path.join(own, "out.h5"), {}, resume="latest", extra=["--checkpoint", missing])
    judge_refusal("latest of none without FILE", words, own, [missing], 1)


def check_other_experiments(folder, is_all):
    """An experiment that differs is refused, naming what differs, unless it cannot matter."""
    place = os.path.join(folder, "others")
    os.mkdir(place)
    experiment = write(place, "net.yaml", NET)
    whole = Whole("a net", experiment, {}, place)
    first = os.path.join(place, "first.h5")
    finish_run("a net", run_words(experiment, first, {"simulation.duration": "20 ms"}, "5 ms model"), place, 2)
    checkpoint = checkpoint_of(first)
    cases = [(["--set", words], experiment, text) for words, text in OTHERS]
    for number, (old, new, text) in enumerate(TEXTS):
        expect(NET.count(old) == 1, f"'{old}' is {NET.count(old)} times in the net")
        cases.append(([], write(place, f"other{number}.yaml", NET.replace(old, new)), text))

    def refuse(item):
        number, (extra, file, text) = item
        own = os.path.join(place, f"refused{number}")
        os.mkdir(own)
        for ranks in (1, 3) if is_all or number % 8 == 0 else (1,):
            words = run_words(file, os.path.join(own, "out.h5"), {}, resume=checkpoint, extra=extra)
            case = f"other experiment: {' '.join(extra) or os.path.basename(file)}, {ranks} ranks"
            complaints = 1 if "duration" in case else 2  # the key, and what can be done
            judge_refusal(case, words, own, [text], ranks, complaints)

    def accept(item):
        number, setting = item
        own = os.path.join(place, f"accepted{number}")
        os.mkdir(own)
        out = os.path.join(own, "out.h5")
        words = run_words(experiment, out, {}, resume=checkpoint, extra=["--set", setting])
        case = f"the same experiment: {setting}"
        job = finish_run(case, words, own, 1 + number % 2)
        if setting.startswith("title"):
            expect(read_digest(out) == whole.summary["spike_digest"], f"{case}: {job.stdout}")
        else:
            whole.expect_equal(case, out)

    all_at_once(refuse, enumerate(cases), AT_A_TIME)
    all_at_once(accept, enumerate(SAME), AT_A_TIME)


def check_other_data(experiment, folder):
    """A data file that has changed since, and an output of another run in the place of the right one."""
    place = os.path.join(folder, "data")
    os.mkdir(place)
    net = write(place, "net.yaml", NET)
    first = os.path.join(place, "first.h5")
    short = {"simulation.duration": "20 ms"}
    finish_run("other data", run_words(net, first, short, "5 ms model"), place)
    finish_run("other data", run_words(net, first, {**short, "projections.0.weight": "[[90], [0.9]]"}), place)
    for ranks in (1, 2):
        own = os.path.join(place, f"output{ranks}")
        os.mkdir(own)
        words = run_words(net, os.path.join(own, "out.h5"), {}, resume=checkpoint_of(first))
        judge_refusal(f"the output of another run, {ranks} ranks", words, own, [first], ranks, complaints=0)

    first = os.path.join(place, "everything.h5")
    finish_run("other data", run_words(experiment, first, short, "5 ms model"), place)
    data = os.path.join(os.path.dirname(experiment), "everything.h5")
    shutil.copy(data, place + "/saved")
    with h5py.File(data, "a") as file:
        for name in ("source", "target"):
            edges = file[f"edges/places/{name}"][:-1]
            del file[f"edges/places/{name}"]
            file[f"edges/places/{name}"] = edges
    for ranks in (1, 2):
        own = os.path.join(place, f"edges{ranks}")
        os.mkdir(own)
        words = run_words(experiment, os.path.join(own, "out.h5"), {}, resume=checkpoint_of(first))
        judge_refusal(f"fewer edges, {ranks} ranks", words, own, ["does not hold what"], ranks, complaints=0)
    shutil.copy(place + "/saved", data)


def read_digest(output):
    with h5py.File(output) as file:
        return file["volley/summary"].attrs["spike_digest"].decode()


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def check_latest(whole, experiment, folder):
    """The newest whole one is taken and the damaged ones are named; none of several whole: code 2."""
    place = os.path.join(folder, "latest")
    os.mkdir(place)
    first = os.path.join(place, "first.h5")
    short = {"simulation.duration": "20 ms"}
    finish_run("latest", run_words(experiment, first, short, "5 ms model", extra=["--checkpoint-keep", "3"]), place, 2)
    base = checkpoint_of(first)
    files = [base, base + ".1", base + ".2"]
    with open(base, "rb") as file:
        newest = file.read()
    half = len(newest) // 2
    broken = {"cut off": newest[:half], "empty": b"", "a text": b"hello\n" * 99,
              "a byte flipped": newest[:half] + bytes([newest[half] ^ 1]) + newest[half + 1:]}

    def resume(case, time, damaged, ranks):
        out = os.path.join(place, "resumed.h5")
        words = run_words(experiment, out, {}, resume="latest", extra=["--checkpoint", base])
        words += ["--checkpoint-keep", "9"]
        job = resumes_to(whole, case, words, place, out, ranks)
        expect(job.says(f"volley: resuming at {time} ms from"), f"{case}: not at {time} ms\n{job.stderr}")
        named = [path for path in damaged if f"volley: '{path}' " in job.stderr]
        expect(named == damaged, f"{case}: does not name {set(damaged) - set(named)}\n{job.stderr}")

    saved = {path: open(path, "rb").read() for path in files}

    def restore():
        for name in os.listdir(place):
            if name.startswith("first.checkpoint"):
                os.remove(os.path.join(place, name))
        for path, content in saved.items():
            with open(path, "wb") as file:
                file.write(content)

    for number, (what, content) in enumerate(broken.items()):
        restore()
        with open(base, "wb") as file:
            file.write(content)
        resume(f"latest, the newest {what}", 15, [base], 1 + number % 3)
    restore()
    os.remove(base)  # a kill between two renamings
    resume("latest, the newest gone", 15, [], 2)
    restore()
    for path in files[:2]:
        os.truncate(path, half)
    resume("latest, the two newest cut off", 10, files[:2], 1)
    restore()
    for path in files:
        os.truncate(path, half)
    for ranks in (1, 3):
        own = os.path.join(place, f"none{ranks}")
        os.mkdir(own)
        words = run_words(experiment, os.path.join(own, "out.h5"), {}, resume="latest", extra=["--checkpoint", base])
        job = finish_run("latest, none whole", words, own, ranks, code=2)
        expect(all(path in job.stderr for path in files), f"latest, none whole: does not name all\n{job.stderr}")
        expect(not os.path.exists(os.path.join(own, "out.h5.part")), "latest, none whole: begins a run")


def check_recordings(whole, experiment, folder):
    """What a killed run recorded before its checkpoint must be there when it is resumed."""
    place = os.path.join(folder, "recordings")
    os.mkdir(place)
    out = os.path.join(place, "out.h5")
    base = checkpoint_of(out)
    job = Job(run_words(experiment, out, {}, "1 ms model"), place, 2)
    expect(job.wait_for(lambda: os.path.exists(base + ".1")) and job.is_running(), f"recordings:\n{job.stderr}")
    job.kill()
    parts = sorted(os.listdir(out + ".parts"), key=lambda name: int(name.split("-")[0]))
    first = os.path.join(out + ".parts", parts[0])
    with open(first, "rb") as file:
        content = file.read()

    def refused(case, ranks, texts=(first,), complaints=2):
        own = os.path.join(place, "own")
        os.makedirs(own, exist_ok=True)
        output = os.path.join(own, "out.h5") if ranks == 1 else None
        words = run_words(None, output, {}, resume=base)
        judge_refusal(f"recordings: {case}, {ranks} ranks", words, own, texts, ranks, complaints)

    os.remove(first)
    refused("missing", 1)
    refused("missing", 3)
    for size, ranks in ((0, 1), (len(content) // 2, 3), (len(content) // 2, 1), (len(content) - 1, 1)):
        with open(first, "wb") as file:
            file.write(content[:size])
        refused(f"cut off at {size} of {len(content)}", ranks)
    with open(first, "wb") as file:
        file.write(b"hello\n" * 1000)
    refused("a text", 1)
    with open(first, "wb") as file:
        file.write(content)
    with h5py.File(first, "a") as file:
        file["recorders/trace.V_m/report/E/data"].resize(1, 0)
    refused("fewer rows", 2, ["rows of recorder 'trace.V_m', but", out + ".parts"], 1)
    with open(first, "wb") as file:
        file.write(content)
    words = run_words(None, None, {}, resume=base, extra=["--summary", out + ".json"])
    resumes_to(whole, "recordings: as they were", words, place, out, 2)


def main(is_all=False):
    with scratch() as folder:
        experiment = make_everything(folder)
        whole = Whole("everything", experiment, {}, folder)
        first = os.path.join(folder, "first.h5")
        finish_run("everything", run_words(experiment, first, {"simulation.duration": "20 ms"}, "5 ms model"), folder)
        check_damages(checkpoint_of(first), folder, is_all)
        check_crafted(checkpoint_of(first), folder, is_all)
        check_no_checkpoints(checkpoint_of(first), first, folder, is_all)
        check_other_experiments(folder, is_all)
        check_other_data(experiment, folder)
        check_latest(whole, experiment, folder)
        check_recordings(whole, experiment, folder)
    finish()


if __name__ == "__main__":
    main()
