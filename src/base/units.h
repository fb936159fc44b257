/* Numbers with units: a bare number has the documented unit, "20 ms" or "0.5 nA" is converted and checked. Units take
 * prefixes from f to G; minutes (min) and hours (h) take none. */
#ifndef VOLLEY_BASE_UNITS_H
#define VOLLEY_BASE_UNITS_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Converts text ("20", "20 ms", "0.02s", "8 kHz", ".inf") to a number in `unit` ("ms", "mV", "Hz", ...; "" is a pure
 * number; a composite unit such as "mV/ms" can only be repeated as it is). Returns true and sets *value, which may be
 * infinite or NaN where the text says so; otherwise false, and `why` (of `size` bytes) says what is wrong and what
 * would be right. */
bool volley_unit_convert(const char *text, const char *unit, double *value, char *why, size_t size);

/* Length of the decimal number that text begins with ("-1.5e3"); 0 if there is none. */
size_t volley_decimal_length(const char *text);

/* A span of real time in seconds, above 0: "90 s", "30 min", "2 h", or as SLURM writes it: "01:30:00", "30:00" (minutes
 * and seconds), "1-12" and "1-12:00:00" (days and hours). A bare number is refused, for nobody knows its unit. Returns as
 * volley_unit_convert(). */
bool volley_wall_time(const char *text, double *seconds, char *why, size_t size);

/* What a number in `unit` is, for messages: "a time in ms", "a pure number", "a number in mV/ms". Written into buffer,
 * which is returned. */
const char *volley_unit_describe(const char *unit, char *buffer, size_t size);

/* A time in steps of dt, to the nearest whole one; halves go up as they are written in decimals: 0.15 ms are 2 steps of 0.1
 * ms, though 0.15 / 0.1 is less than 1.5 in binary. Everything that is rounded to steps is rounded here. */
static inline double volley_round_steps(double time, double dt) {
  const double steps = time / dt;
  return floor(steps + 4 * DBL_EPSILON * fabs(steps) + 0.5); /* the quotient of two rounded numbers, rounded */
}

/* Whether a time is a whole number of steps but for its last digits. */
bool volley_is_whole_steps(double time, double dt);

#endif
