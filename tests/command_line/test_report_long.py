"""The page of a scaling study, as a browser without a window shows it: four figures with curves, no errors, nothing from elsewhere;
and predicted times beside the measured ones."""
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, VOLLEY, expect, finish  # noqa: E402

SCALING = os.path.join(SOURCE, "jobs", "scaling")
LOOK = """<script>addEventListener('load', () => {
  const seen = [...document.querySelectorAll('svg')].map(svg => {
    const box = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll('circle, rect[fill^="#"]')].filter(mark => {
      const b = mark.getBoundingClientRect();
      return b.width > 0 && b.left >= box.left && b.right <= box.right + 1 && b.top >= box.top - 1 && b.bottom <= box.bottom + 1;
    });
    return Math.round(box.width) + 'x' + Math.round(box.height) + ':' + marks.length;
  });
  document.title = 'seen ' + seen.join(' ');
});</script>"""


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, env={**os.environ, "VOLLEY": VOLLEY})
    expect(done.returncode == 0, f"{words[0]} ends with code {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def look(browser, page, folder):
    """Width, height and marks of each figure as the browser lays them out."""
    copy = os.path.join(folder, "looked_at.html")
    with open(page, encoding="utf-8") as file, open(copy, "w", encoding="utf-8") as out:
        out.write(file.read().replace("</head>", LOOK + "</head>"))
    shown = run(browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,1600", f"--user-data-dir={folder}/browser",
                "--dump-dom", "file://" + copy)
    found = re.search("<title>seen ([^<]*)</title>", shown)
    expect(found is not None, f"the page did not load: {shown[:500]}")
    return [tuple(map(int, re.split("[x:]", figure))) for figure in found[1].split()]


def main():
    browser = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
    if not browser:
        print("there is no Chromium (on Debian: apt-get install chromium)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        study, net = os.path.join(folder, "study"), os.path.join(folder, "net.yaml")
        with open(net, "w", encoding="utf-8") as file:
            file.write(run(os.path.join(SCALING, "networks"), "balanced", "0.02", "--indegree", "0.01", "--ms", "50"))
        run("bash", os.path.join(SCALING, "strong.sbatch"), net, study, "1x1,2x1")
        run(os.path.join(SCALING, "report"), study)
        figures = look(browser, os.path.join(study, "report.html"), folder)
        expect(len(figures) == 4, f"figures: {figures}")
        expect(all(width > 300 and height > 200 and marks >= 2 for width, height, marks in figures), f"figures: {figures}")
        predicted = run(os.path.join(SCALING, "predict"), net, "--ranks", "1,2,4", "--cores", "2", "--study", study)
        lines = list(csv.DictReader(io.StringIO(predicted)))
        expect([bool(line["measured_update"]) for line in lines] == [True, True, False], f"predicted and measured: {lines}")
    finish()


if __name__ == "__main__":
    main()
