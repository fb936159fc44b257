/* Reads what an output holds of recorders of rows over time: rates, sums, means, stimuli, dopamine. One process. */
#ifndef VOLLEY_IO_OUTPUT_ROW_READER_H
#define VOLLEY_IO_OUTPUT_ROW_READER_H

#include "base/memory.h"
#include "base/status.h"

#include <stdint.h>

typedef struct volley_row_record {
  const char *kind, *name, *of; /* of: the population, the stimulus, the projection */
  const char *value, *unit;     /* what was recorded */
  uint64_t rows, columns;       /* rows: within the window */
  double interval_ms;
  double mean, least, greatest; /* of all columns of these rows; NAN without rows */
} volley_row_record;

/* Finds them all and looks at their rows at start < t <= stop, in ms; *records and all that hangs on it is the arena's, *n may be
 * 0. Returns VOLLEY_USAGE with a fault if the file cannot be read. */
volley_status volley_row_records_read(const char *path, double start, double stop, volley_arena *arena,
                                      volley_row_record **records, int *n);

#endif
