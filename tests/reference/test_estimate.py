"""The memory that volley check announces is within 10 % of the peak of a run: microcircuit at scale 0.1, FORCE."""
from estimate import compare_force, compare_microcircuit, finish

compare_microcircuit(0.1, "10.5 s")
compare_force(4000)
finish()
