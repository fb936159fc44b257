"""Volley from Python: open what a run has written, describe experiments, run them.

    import volley
    run = volley.open("first.h5")
    run.rates()                       # {"E": 4.1, "I": 4.4} Hz
    run.spikes["E"].times             # NumPy, in ms; .ids beside it
    run.traces["E"].between(0, 100)   # times and values of these ms only
"""
from . import models
from .checkpoint import Checkpoint
from .errors import UnknownName, VolleyError
from .job import Job
from .network import Network, load
from .output import Eigenvalues, Rows, Run, Spikes, Traces, Weights, open, trials  # noqa: A004
from .simulation import Simulation, resume

__all__ = ["Checkpoint", "Eigenvalues", "Job", "Network", "Rows", "Run", "Simulation", "Spikes", "Traces", "UnknownName", "VolleyError", "Weights", "load",
           "models", "open", "resume", "trials"]
