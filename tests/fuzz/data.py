"""Data files: tables as CSV and HDF5, values and edges as HDF5; most are right, the others have a fault of some kind."""
import io

import h5py
import numpy

WORDS = ["nan", "inf", "-inf", "1e400", "abc", "", "1,5", "0x1p3", "\x1b[31m", "\"1\"", "1;2", "１", "-1", "1e-320", "9" * 400]
FILTERS = [32001, 32015, 32004, 307, 305, 65000]


def table(random):
    """Rows of times and rates, of pixels or of a signal: ascending first column."""
    columns = random.choice([1, 2, 2, 3, 5])
    rows = [[0.5 * r] + [random.choice([0, 1, 10, 0.5]) for _ in range(columns - 1)] for r in range(random.randint(1, 12))]
    return rows


def csv(random):
    separator = random.choice([",", ",", ";", " ", "\t"])
    lines = [separator.join(f"{x:g}" for x in row) for row in table(random)]
    way = random.randrange(12)
    if way == 0:
        lines.insert(0, random.choice(["time,rate", "# a, b", "\"t\",\"r\"", "", "1e3"]))
    elif way == 1:
        number = random.randrange(len(lines))
        lines[number] += separator + random.choice(WORDS)
    elif way == 2:
        lines[random.randrange(len(lines))] = random.choice(WORDS)
    elif way == 3:
        lines = [line.replace(".", ",") for line in lines]
    text = random.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(lines) + random.choice(["\n", ""])
    if way == 4:
        return random.choice([b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), b"\x00" * 20, b"",
                              text.encode() + b"\xff", text.encode() + b"\x00", ("1," * 20000 + "1\n").encode()])
    return text.encode()


def _odd_set(group, name, values, random):
    """A dataset that no reader expects."""
    way = random.randrange(15)
    if way == 0:
        group.create_dataset(name, shape=(2**31, 3), dtype="f8", chunks=(1024, 3))
    elif way == 1:
        group.create_dataset(name, shape=(2**40,), dtype="f4", chunks=(4096,))
    elif way == 2:
        group.create_dataset(name, data=numpy.array([b"a", b"bc"]))
    elif way == 3:
        group.create_dataset(name, data=numpy.array(["a", "bc"], dtype=object), dtype=h5py.string_dtype())
    elif way == 4:
        group.create_dataset(name, data=numpy.zeros(3, dtype=[("a", "f8"), ("b", "i4")]))
    elif way == 5:
        group.create_dataset(name, data=values.astype(complex))
    elif way == 6:
        group.create_dataset(name, data=numpy.zeros((0,) + values.shape[1:]))
    elif way == 7:
        group.create_dataset(name, data=3.0)
    elif way == 8:
        group.create_dataset(name, data=h5py.Empty("f8"))
    elif way == 9:
        space = h5py.h5s.create_simple(values.shape)
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk(values.shape)
        settings.set_filter(random.choice(FILTERS), h5py.h5z.FLAG_OPTIONAL, (1, 2, 3, 4))
        settings.set_fill_time(h5py.h5d.FILL_TIME_ALLOC)
        made = h5py.h5d.create(group.id, name.encode(), h5py.h5t.NATIVE_DOUBLE, space, settings)
        made.write_direct_chunk((0,) * values.ndim, b"\x01\x02\x03")
    elif way == 10:
        group[name] = h5py.SoftLink("/nowhere")
    elif way == 11:
        group[name] = h5py.ExternalLink("nowhere.h5", "/x")
    elif way == 12:
        group.create_group(name)
    elif way == 13:
        odd = values.astype("f8").ravel()
        odd[random.randrange(odd.size)] = random.choice([numpy.nan, numpy.inf, -1, 1e300, -1e300, 0.3])
        group.create_dataset(name, data=odd.reshape(values.shape))
    else:
        group.create_dataset(name, data=values.astype(random.choice(["i1", "u1", "f2", "i8", "u8", ">f8", "?"])),
                             chunks=True, compression=random.choice(["gzip", "lzf", None]), shuffle=random.random() < 0.5)


def _finish(fill, random):
    """The bytes of an HDF5 file, some cut off, some changed."""
    memory = io.BytesIO()
    with h5py.File(memory, "w", libver=random.choice(["earliest", "latest"])) as file:
        fill(file)
    content = memory.getvalue()
    way = random.randrange(12)
    if way == 0:
        return content[:random.randrange(len(content))]
    if way == 1:
        for _ in range(random.choice([1, 5, 50])):
            at = random.randrange(len(content))
            content = content[:at] + bytes([random.randrange(256)]) + content[at + 1:]
    if way == 2:
        return random.choice([b"", b"\x89HDF\r\n\x1a\n", content[:100] + b"\xff" * 2000])
    return content


def edges(random):
    n = random.randint(1, 20)

    def fill(file):
        for name in ("source", "target"):
            values = numpy.array([random.randint(0, 2) for _ in range(n)], random.choice(["i8", "u4", "i4"]))
            if random.random() < 0.1:
                _odd_set(file, name, values, random)
            else:
                file[name] = values
        for name, usual in (("weight", 10.0), ("delay", 1.5)):
            if random.random() < 0.1:
                _odd_set(file, name, numpy.full(n, usual), random)
            elif random.random() < 0.7:
                file[name] = numpy.full(n + (random.random() < 0.05), usual)
    return _finish(fill, random)


def values(random):
    def fill(file):
        for name, shape in (("v", (random.randint(1, 12),)), ("m", (random.randint(1, 12), random.choice([1, 2, 3]))),
                            ("labels", (3,))):
            content = numpy.cumsum(numpy.ones(shape), axis=0)
            if random.random() < 0.25:
                _odd_set(file, name, content, random)
            else:
                file[name] = content
        file["g/v"] = numpy.ones(4)
    return _finish(fill, random)


def make(kind, random):
    """Name and bytes of a data file: edges, values (HDF5) or table (HDF5 or CSV)."""
    if kind == "edges":
        return "edges.h5", edges(random)
    if kind == "values" or random.random() < 0.4:
        return "data.h5", values(random)
    return "data.csv", csv(random)
