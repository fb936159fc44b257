/* What a sweep goes over: keys with lists of values, and all combinations of them. */
#ifndef VOLLEY_APP_SWEEP_AXES_H
#define VOLLEY_APP_SWEEP_AXES_H

#include "base/memory.h"
#include "base/status.h"

#include <stdint.h>

typedef struct volley_axis {
  const char *key;
  const char **values; /* [n] as --set takes them */
  int n;
} volley_axis;

typedef struct volley_axes {
  volley_axis *axes; /* [n] */
  int n;
  int64_t runs; /* combinations */
} volley_axes;

/* Reads KEY=VALUES: 1..5 (whole numbers), 10:50:5 pA (from, to, step, and a unit), or a,b,c. texts: [n]; all that *out holds
 * is the arena's. Not collective. Adds a fault for each that is wrong and returns VOLLEY_USAGE. */
volley_status volley_axes_read(const char *const *texts, int n, volley_arena *arena, volley_axes *out);

/* Number of the value that axis a has in a run; the last axis changes fastest. run: from 0. */
int volley_axes_value(const volley_axes *axes, int a, int64_t run);

/* KEY=VALUE of axis a in a run, from the arena. */
const char *volley_axes_setting(const volley_axes *axes, int a, int64_t run, volley_arena *arena);

#endif
