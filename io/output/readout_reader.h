/* Reads what an output holds of readouts: output and supervisor side by side. One process. */
#ifndef VOLLEY_IO_OUTPUT_READOUT_READER_H
#define VOLLEY_IO_OUTPUT_READOUT_READER_H

#include "base/memory.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* A readout of which both were recorded at the same times. Row k is at (k + 1) * interval_ms after start_ms. */
typedef struct volley_readout_record {
  const char *name;
  uint64_t rows;
  int dimension;
  double start_ms, interval_ms;
  double learning_start_ms, learning_stop_ms;
  bool is_comparable;          /* errors after learning, at the best shift in time, say whether it was learned */
  bool is_chaotic;             /* the supervisor: what was learned is its attractor */
  double *output, *supervisor; /* [rows][dimension] */
} volley_readout_record;

/* Finds and reads them all; *records and all that hangs on it is the arena's, *n may be 0. Returns VOLLEY_USAGE with a
 * fault if the file cannot be read. */
volley_status volley_readout_records_read(const char *path, volley_arena *arena, volley_readout_record **records,
                                          int *n);

#endif
