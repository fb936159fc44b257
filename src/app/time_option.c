#include "app/time_option.h"

#include "base/units.h"

#include <math.h>

volley_status volley_time_option(const char *name, const char *text, double *ms) {
  char why[256];
  if (!text) return VOLLEY_OK;
  if (!volley_unit_convert(text, "ms", ms, why, sizeof why))
    return volley_fault(VOLLEY_USAGE, NULL, "--%s %s: %s", name, text, why);
  if (!isfinite(*ms)) return volley_fault(VOLLEY_USAGE, NULL, "--%s %s: give a finite time in ms", name, text);
  return VOLLEY_OK;
}
