"""What the program knows of models: names, parameters, states, receptors, units, defaults, bounds."""
from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable
from typing import Any

from . import program
from .errors import UnknownName


@functools.cache
def tables(plugins: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """The tables of `volley models`, by sort ("neurons", "synapses", "stimuli") and name, with those of plugins (paths)."""
    return json.loads(program.call(["models", "--json", *(word for path in plugins for word in ("--plugin", path))]))


def unknown(what: str, name: str, known: Iterable[str]) -> UnknownName:
    """The exception for a name that is not known, with the nearest that is."""
    near = difflib.get_close_matches(name, list(known), 1)
    return UnknownName(f"{what} '{name}'; " + (f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(known)}"))


def find(sort: str, name: str, plugins: tuple[str, ...] = ()) -> dict[str, Any]:
    """The table of one model. Raises VolleyError where there is none of that name."""
    known = tables(plugins)[sort]
    if name not in known:
        raise unknown("unknown model", name, known)
    return known[name]


def describe(name: str) -> str:
    """What `volley models NAME` says of a model of neurons or synapses, or of a stimulus."""
    return program.call(["models", name])
