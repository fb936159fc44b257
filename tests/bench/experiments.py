"""Every experiment of jobs/experiments over its whole duration, and what came out, as a row of a table each: neurons, spikes and what
`volley info` measures. An output that is there and whole is not made again, one that broke off goes on from its checkpoint.

    VOLLEY=build/release/volley python3 tests/bench/experiments.py FOLDER [PART ...]

PART: only experiments with one of these in their names; -PART: none with it. All together take some hours of a core."""
import glob
import json
import os
import subprocess
import sys

EXPERIMENTS = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "jobs", "experiments"))
VOLLEY = os.path.abspath(os.environ.get("VOLLEY", "build/release/volley"))


def info(output):
    """What `volley info --json` says, None of what cannot be read."""
    told = subprocess.run([VOLLEY, "info", output, "--json"], capture_output=True, text=True, check=False)
    return json.loads(told.stdout) if told.returncode == 0 else None


def make(file, output):
    """The whole run, or what is missing of it."""
    found = info(output) if os.path.exists(output) else None
    if found and found["complete"]:
        return found
    words = [VOLLEY, "run", file, "-o", output, "--progress", "off", "--threads", "1", "--checkpoint-every", "5 min wall",
             "--resume", "latest"]
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(f"{file}: exit code {done.returncode}: {done.stderr}", file=sys.stderr)
        return None
    return info(output)


def number(value):
    return "-" if value is None else f"{value:.3g}"


def measures(found):
    """Rates and CVs of populations, what readouts have learned, how images were taken."""
    parts = [f"{p['population']} {number(p['rate_hz'])} Hz, CV {number(p['cv'])}" for p in found["populations"] if p.get("rate_hz")]
    parts = parts[:2] + ["..."] * (len(parts) > 2)
    for r in found.get("readouts", []):
        parts.append(f"{r['readout']}: train {number(r['train'])}, win {number(r['win_mean'])}, "
                     f"period {number(r['period_s'])} ({number(r['supervisor_period_s'])}) s")
        if "attractor" in r:
            parts.append(f"overlap {number(r['attractor']['overlap'])} ({number(r['supervisor_attractor']['overlap'])})")
    parts += [f"{c['images']}{' taught' * bool(c.get('taught'))} {c['right']} of {c['shown']}" for c in found.get("classifications", [])]
    return "; ".join(parts) or "-"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, parts = sys.argv[1], sys.argv[2:]
    wanted, unwanted = [p for p in parts if p[0] != "-"], [p[1:] for p in parts if p[0] == "-"]
    os.makedirs(folder, exist_ok=True)
    failed = 0
    print("| experiment | model time, s | spikes | what came out | simulated in, s |\n|---|---|---|---|---|", flush=True)
    for file in sorted(glob.glob(os.path.join(EXPERIMENTS, "**", "*.yaml"), recursive=True)):
        name = os.path.relpath(file, EXPERIMENTS)[:-len(".yaml")]
        if wanted and not any(part in name for part in wanted) or any(part in name for part in unwanted):
            continue
        found = make(file, os.path.join(folder, name.replace("/", "_") + ".h5"))
        failed += found is None
        if found:
            print(f"| {name} | {found['duration_ms'] / 1000:g} | {found['spikes']} | {measures(found)} | {found['simulate_s']:.0f} |",
                  flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
