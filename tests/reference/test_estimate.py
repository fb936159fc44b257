"""The memory that volley check announces is within 10 % of the peak of a run: microcircuit at scale 0.1."""
from estimate import compare_memory, finish

compare_memory(0.1, "10.5 s")
finish()
