#include "app/sweep_axes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 1000000 /* values, and runs */ };

static volley_status complain(const char *text, const char *why) {
  return volley_fault(VOLLEY_USAGE, NULL, "--over %s: %s; give KEY=1..5, KEY=10:50:5 pA or KEY=a,b,c", text, why);
}

/* from, from + step, ... up to `to`, which a rounding error does not leave out. */
static volley_status spread(const char *text, double from, double to, double step, const char *unit,
                            volley_arena *arena, volley_axis *axis) {
  const double n = floor((to - from) / step * (1 + 1e-12) + 1e-9) + 1;
  if (!isfinite(from) || !isfinite(to) || !(n >= 1)) return complain(text, "the last value is never reached");
  if (n > MOST) return complain(text, "these are more than a million values");
  axis->n = (int)n;
  axis->values = volley_arena_alloc(arena, (size_t)axis->n, sizeof *axis->values);
  for (int v = 0; v < axis->n; v++)
    axis->values[v] = volley_arena_format(arena, "%.12g%s%s", from + v * step, *unit ? " " : "", unit);
  return VOLLEY_OK;
}

/* Values between commas that stand outside of brackets and quotation marks. */
static void split(const char *values, volley_arena *arena, volley_axis *axis) {
  axis->values = volley_arena_alloc(arena, strlen(values) + 1, sizeof *axis->values);
  int depth = 0;
  char quote = 0;
  const char *begin = values;
  for (const char *c = values;; c++) {
    if (quote && *c == quote)
      quote = 0;
    else if (!quote && (*c == '"' || *c == '\''))
      quote = *c;
    else if (!quote && *c && strchr("[{", *c))
      depth++;
    else if (!quote && *c && strchr("]}", *c))
      depth--;
    if (*c && (*c != ',' || depth > 0 || quote)) continue;
    while (*begin == ' ') begin++;
    axis->values[axis->n++] = volley_arena_format(arena, "%.*s", (int)(c - begin), begin);
    if (!*c) return;
    begin = c + 1;
  }
}

static volley_status read_axis(const char *text, volley_arena *arena, volley_axis *axis) {
  const char *equals = strchr(text, '=');
  double from, to, step;
  long long first, last;
  int end = 0;
  if (!equals || equals == text || !equals[1]) return complain(text, "a key and values are missing");
  const char *values = equals + 1;
  axis->key = volley_arena_format(arena, "%.*s", (int)(equals - text), text);
  if (sscanf(values, "%lld..%lld%n", &first, &last, &end) == 2 && !values[end])
    return spread(text, (double)first, (double)last, first <= last ? 1 : -1, "", arena, axis);
  if (sscanf(values, "%lf:%lf:%lf%n", &from, &to, &step, &end) == 3) {
    const char *unit = values + end + strspn(values + end, " ");
    return step == 0 ? complain(text, "a step of 0") : spread(text, from, to, step, unit, arena, axis);
  }
  split(values, arena, axis);
  for (int v = 0; v < axis->n; v++)
    if (!axis->values[v][0]) return complain(text, "a value is empty");
  return VOLLEY_OK;
}

volley_status volley_axes_read(const char *const *texts, int n, volley_arena *arena, volley_axes *out) {
  volley_status status = VOLLEY_OK;
  *out = (volley_axes){.axes = volley_arena_alloc(arena, (size_t)n + 1, sizeof *out->axes), .n = n, .runs = 1};
  for (int a = 0; a < n; a++) {
    if (read_axis(texts[a], arena, &out->axes[a]) != VOLLEY_OK) status = VOLLEY_USAGE;
    for (int b = 0; b < a && status == VOLLEY_OK; b++)
      if (strcmp(out->axes[a].key, out->axes[b].key) == 0) status = complain(texts[a], "this key stands twice");
    if (status != VOLLEY_OK) continue;
    out->runs *= out->axes[a].n;
    if (out->runs > MOST) return complain(texts[a], "these are more than a million runs");
  }
  return status;
}

int volley_axes_value(const volley_axes *axes, int a, int64_t run) {
  for (int b = axes->n - 1; b > a; b--) run /= axes->axes[b].n;
  return (int)(run % axes->axes[a].n);
}

const char *volley_axes_setting(const volley_axes *axes, int a, int64_t run, volley_arena *arena) {
  return volley_arena_format(arena, "%s=%s", axes->axes[a].key, axes->axes[a].values[volley_axes_value(axes, a, run)]);
}
