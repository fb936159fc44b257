/* Numbers with units: a bare number has the documented unit, "20 ms" or "0.5 nA" is converted and checked. */
#ifndef VOLLEY_BASE_UNITS_H
#define VOLLEY_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>

/* Converts text ("20", "20 ms", "0.02s", "8 kHz", ".inf") to a number in `unit` ("ms", "mV", "Hz", ...; "" is a pure
 * number; a composite unit such as "mV/ms" can only be repeated as it is). Returns true and sets *value, which may be
 * infinite or NaN where the text says so; otherwise false, and `why` (of `size` bytes) says what is wrong and what
 * would be right. */
bool volley_unit_convert(const char *text, const char *unit, double *value, char *why, size_t size);

/* What a number in `unit` is, for messages: "a time in ms", "a pure number", "a number in mV/ms". Written into buffer,
 * which is returned. */
const char *volley_unit_describe(const char *unit, char *buffer, size_t size);

#endif
