/* The table of a sweep: a row for each run, with what its output says. */
#ifndef VOLLEY_APP_SWEEP_TABLE_H
#define VOLLEY_APP_SWEEP_TABLE_H

#include "app/sweep_axes.h"

/* Where the output of a run lies, from the arena; run: from 0, files from 1. */
const char *volley_sweep_output(const char *folder, int64_t run, volley_arena *arena);

/* Writes FOLDER/table.csv: of each run its number, the values of the axes, its exit code (-1: not begun) and, where it was done, spikes and
 * digest, and rate (Hz), CV and synchrony of every population, as `volley info` has them. Columns are those of the first
 * run that was done. codes: [axes->runs]. One process. Returns VOLLEY_FAILURE with a fault if it cannot be written. */
volley_status volley_sweep_write_table(const char *folder, const volley_axes *axes, const int *codes);

#endif
