#include "app/attractor.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { CELLS = 10, N_CELLS = CELLS * CELLS, FEWEST = 10 /* maxima of the supervisor that make a map */ };
static const double least =
    0.1; /* of the range: by so much a course rises to a maximum and falls from it, as `volley plot` has it */

/* Rows of a course: [rows][dimension]. */
typedef struct course {
  const double *values;
  int64_t rows;
  int dimension;
} course;

/* Maxima of the last dimension, one after another. */
typedef struct maxima {
  double *values;         /* [n] */
  int64_t n, first, last; /* rows of the first and the last one */
} maxima;

static double value_of(const course *c, int64_t row, int d) { return c->values[row * c->dimension + d]; }

typedef struct range {
  double low, high;
} range;

static range range_of(const course *c, int d) {
  range r = {INFINITY, -INFINITY};
  for (int64_t row = 0; row < c->rows; row++) {
    r.low = fmin(r.low, value_of(c, row, d));
    r.high = fmax(r.high, value_of(c, row, d));
  }
  return r;
}

/* Cell of a value in a range; the upper bound belongs to the last one. -1: outside. */
static int cell_of(double value, range r) {
  const double place = CELLS * (value - r.low) / (r.high - r.low);
  return place >= 0 && place < CELLS ? (int)place : value == r.high ? CELLS - 1 : -1;
}

/* Shares of the time in each cell; what is outside is in none. */
static void count_cells(const course *c, range x, range y, double shares[N_CELLS]) {
  for (int k = 0; k < N_CELLS; k++) shares[k] = 0;
  for (int64_t row = 0; row < c->rows; row++) {
    const int column = cell_of(value_of(c, row, 0), x), line = cell_of(value_of(c, row, c->dimension - 1), y);
    if (column >= 0 && line >= 0) shares[line * CELLS + column] += 1 / (double)c->rows;
  }
}

static double overlap_of(const course *c, const course *reference) {
  const range x = range_of(reference, 0), y = range_of(reference, reference->dimension - 1);
  double mine[N_CELLS], theirs[N_CELLS], sum = 0;
  count_cells(c, x, y, mine);
  count_cells(reference, x, y, theirs);
  for (int k = 0; k < N_CELLS; k++) sum += fmin(mine[k], theirs[k]);
  return sum;
}

static maxima find_maxima(const course *c) {
  const range r = range_of(c, c->dimension - 1);
  const double step = least * (r.high - r.low);
  maxima m = {.values = volley_alloc((size_t)c->rows, sizeof *m.values, "maxima")};
  double high = value_of(c, 0, c->dimension - 1), low = high;
  int64_t at = 0;
  bool rises = false;
  for (int64_t row = 0; row < c->rows; row++) {
    const double value = value_of(c, row, c->dimension - 1);
    if (value > high) at = row;
    high = fmax(high, value);
    low = fmin(low, value);
    if (rises && value < high - step) {
      if (m.n == 0) m.first = at;
      m.last = at;
      m.values[m.n++] = high;
      rises = false;
      low = value;
    } else if (!rises && value > low + step) {
      rises = true;
      high = value;
      at = row;
    }
  }
  return m;
}

/* A maximum and the next one. */
typedef struct link {
  double now, next;
} link;

static int compare_links(const void *a, const void *b) {
  const double x = ((const link *)a)->now, y = ((const link *)b)->now;
  return x < y ? -1 : x > y;
}

static int compare_numbers(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* What follows a maximum by the map, n links in their order: linear in between, beyond its ends that of the end. */
static double follow(const link *map, int64_t n, double now) {
  int64_t above = 0;
  while (above < n && map[above].now < now) above++;
  if (above == 0 || above == n) return map[above ? n - 1 : 0].next;
  const link a = map[above - 1], b = map[above];
  return b.now > a.now ? a.next + (b.next - a.next) * (now - a.now) / (b.now - a.now) : a.next;
}

static double deviation_of(const maxima *m) {
  double sum = 0, squares = 0;
  for (int64_t k = 0; k < m->n; k++) sum += m->values[k];
  for (int64_t k = 0; k < m->n; k++) squares += pow(m->values[k] - sum / (double)m->n, 2);
  return sqrt(squares / (double)m->n);
}

/* Median distance of the maxima that follow others from the map of a reference. */
static double distance_of(const maxima *m, const maxima *reference) {
  const int64_t n = reference->n - 1, count = m->n - 1;
  if (n < FEWEST || count < 1) return NAN;
  link *map = volley_alloc((size_t)n, sizeof *map, "maxima");
  double *distances = volley_alloc((size_t)count, sizeof *distances, "maxima");
  for (int64_t k = 0; k < n; k++) map[k] = (link){reference->values[k], reference->values[k + 1]};
  qsort(map, (size_t)n, sizeof *map, compare_links);
  for (int64_t k = 0; k < count; k++) distances[k] = fabs(m->values[k + 1] - follow(map, n, m->values[k]));
  qsort(distances, (size_t)count, sizeof *distances, compare_numbers);
  const double median = 0.5 * (distances[count / 2] + distances[(count - 1) / 2]) / deviation_of(reference);
  free(distances);
  free(map);
  return median;
}

static volley_likeness likeness_of(const course *c, const course *reference, double interval_ms) {
  volley_likeness found = {.overlap = overlap_of(c, reference), .between = NAN};
  const maxima mine = find_maxima(c), theirs = find_maxima(reference);
  found.map = distance_of(&mine, &theirs);
  if (mine.n > 1) found.between = 1e-3 * interval_ms * (double)(mine.last - mine.first) / (double)(mine.n - 1);
  free(mine.values);
  free(theirs.values);
  return found;
}

volley_attractor volley_attractor_measure(const volley_readout_record *record) {
  const volley_likeness none = {NAN, NAN, NAN};
  const double row = round((record->learning_stop_ms - record->start_ms) / record->interval_ms);
  if (!record->is_chaotic || !(row > 0 && row < (double)record->rows)) return (volley_attractor){none, none};
  const int64_t end = (int64_t)row, rows = (int64_t)record->rows - end, k = record->dimension;
  const course reference = {record->supervisor, end, record->dimension};
  const course output = {record->output + end * k, rows, record->dimension};
  const course supervisor = {record->supervisor + end * k, rows, record->dimension};
  return (volley_attractor){likeness_of(&output, &reference, record->interval_ms),
                            likeness_of(&supervisor, &reference, record->interval_ms)};
}
