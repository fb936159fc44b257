"""The memory that volley check announces is within 10 % of the peak of a run: microcircuit at full scale."""
from estimate import compare_microcircuit, finish

compare_microcircuit(1, "1 s")
finish()
