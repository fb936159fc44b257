"""Makes `import pyNN.volley` find the backend beside this file (docs/pynn.md). In the folder of PyNN itself it is found without this.

    python3 -m volley_pynn --register       # from now on, by a file in the user's site-packages; --remove takes it away
    python3 -m volley_pynn SCRIPT [WORDS]   # for one script

Imported, it does so for the process."""
from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence

HERE = os.path.dirname(os.path.abspath(__file__))


class Finder:
    """Finds pyNN.volley where nobody before has."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """As importlib asks for it."""
        folder = os.path.join(HERE, "pyNN", "volley")
        if name != "pyNN.volley":
            return None
        return importlib.util.spec_from_file_location(name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])


if Finder not in sys.meta_path:
    sys.meta_path.append(Finder)


def main(words: list[str]) -> None:
    """The commands above."""
    import runpy
    import site

    file = os.path.join(site.getusersitepackages(), "volley_pynn.pth")
    if words == ["--register"]:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "w", encoding="utf-8") as lines:
            lines.write(f"{HERE}\nimport volley_pynn\n")
        print(f"pyNN.volley is registered by {file}")
    elif words == ["--remove"]:
        if os.path.exists(file):
            os.remove(file)
    elif words and not words[0].startswith("-"):
        sys.argv = words
        sys.path[0] = os.path.dirname(os.path.abspath(words[0]))
        runpy.run_path(words[0], run_name="__main__")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
