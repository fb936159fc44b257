"""The memory that volley check announces is within 10 % of the peak of a run: microcircuit at full scale."""
from estimate import compare_memory, finish

compare_memory(1, "1 s")
finish()
