"""Every link of README, CONTRIBUTING, CHANGELOG and docs/*.md leads to a file of the repository, and to a heading that is there; no page has a section twice;
every picture of docs/pictures is shown by a page. The recipes of jobs/recipes name options of CMake that exist."""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import SOURCE, expect, finish  # noqa: E402


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def prose(path):
    """The page without its blocks and words of code."""
    text = re.sub(r"^```.*?^```", "", read(path), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", lambda match: re.sub(r"[\[\]()]", "", match[0]), text)


def headings(path):
    return re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", read(path), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)


def anchors(path):
    """The names of a page's headings, as GitHub and mkdocs make them."""
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings(path)}


def is_kept(path):
    """Whether git knows it, or would; without git all files count."""
    ignored = subprocess.run(["git", "-c", "safe.directory=*", "-C", SOURCE, "check-ignore", "-q", path], capture_output=True,
                             check=False).returncode
    return ignored != 0


def check_links(pages):
    seen, shown = 0, set()
    for page in pages:
        for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(page), target)) if target else page
            seen += 1
            shown.add(path)
            expect(os.path.exists(os.path.join(SOURCE, path)), f"{page}: {link} leads nowhere")
            expect(is_kept(path) if not path.endswith(".md") else True, f"{page}: {link} leads to a file that git ignores")
            if anchor and path.endswith(".md") and os.path.exists(os.path.join(SOURCE, path)):
                expect(anchor in anchors(path), f"{page}: {link}: no such heading")
    expect(seen > 150, f"only {seen} links were found")
    return shown


def check_sources():
    """No cell of the tables of docs/sources.md is empty: where there is nothing, the reason stands there. Its experiments (E is the
    folder; one word of several in braces) are there."""
    rows = re.findall(r"^\|.*\|$", read("docs/sources.md"), re.MULTILINE)
    expect(len(rows) > 80, f"only {len(rows)} rows in docs/sources.md")
    for row in rows:
        expect(row.count("|") == 6 and all(cell.strip() for cell in row.strip("|").split("|")), f"docs/sources.md: an empty cell: {row}")
    named = re.findall(r"`[^`]*?\bE/([\w/{},*.]+)", "\n".join(rows))
    expect(len(named) > 30, f"only {len(named)} experiments in docs/sources.md")
    for name in named:
        before, words, after = re.fullmatch(r"([^{]*)(?:\{(.*)\})?([^}]*)", name).groups()
        for word in (words or "").split(","):
            path = os.path.join("jobs", "experiments", before + word + after)
            expect(glob.glob(os.path.join(SOURCE, path)), f"docs/sources.md: {path} is not there")


def main():
    pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md",
             *sorted(os.path.relpath(path, SOURCE) for path in glob.glob(os.path.join(SOURCE, "docs", "*.md")))]
    shown = check_links(pages)
    for path in glob.glob(os.path.join(SOURCE, "docs", "pictures", "*.png")):
        picture = os.path.relpath(path, SOURCE)
        expect(picture in shown, f"{picture} is on no page")
    for page in pages:
        found = headings(page)
        expect(len(found) == len(set(found)), f"{page} has a section twice: {sorted(name for name in found if found.count(name) > 1)}")
    check_sources()
    recipe = read("jobs/recipes/spack/packages/volley/package.py")
    compile(recipe, "package.py", "exec")
    cmake = "".join(read(os.path.relpath(path, SOURCE)) for path in glob.glob(os.path.join(SOURCE, "cmake", "*.cmake"))) + read(
        "CMakeLists.txt")
    options = set(re.findall(r'"(VOLLEY_[A-Z]+|BUILD_SHARED_LIBS)"', recipe))
    expect(len(options) > 4, f"the recipe for Spack has the options {options} only")
    for option in options:
        expect(re.search(rf"(option|set)\({option} ", cmake), f"{option} of the recipe for Spack is no option of CMake")
    finish()


if __name__ == "__main__":
    main()
