#include "partition/lines.h"

#include "base/search.h"

#include <math.h>
#include <stdlib.h>

volley_lines *volley_lines_create(const volley_experiment *experiment, const int *groups, const int *firsts,
                                  const double *costs, double *ends) {
  const size_t n = (size_t)experiment->n_populations;
  volley_lines *lines = volley_alloc(1, sizeof *lines + n * sizeof *lines->lines, "a partition");
  double *lengths = volley_alloc(n, sizeof *lengths, "a partition"); /* of groups, of which there are no more */
  lines->ends = ends;
  for (size_t p = 0; p < n; p++) {
    const int g = groups[p];
    lines->lines[p] = (volley_line){lengths[g], costs[p], 0, firsts[g], firsts[g + 1] - firsts[g]};
    lengths[g] += costs[p] * experiment->populations[p].size;
  }
  for (size_t p = 0; p < n; p++) lines->lines[p].length = lengths[groups[p]];
  free(lengths);
  return lines;
}

void volley_lines_destroy(void *state) {
  volley_lines *lines = state;
  if (lines) free(lines->ends);
  free(lines);
}

/* A neuron is where its middle is. */
static int owner_of(const volley_lines *lines, int population, uint32_t index) {
  const volley_line *line = &lines->lines[population];
  const double at = (line->begin + (index + 0.5) * line->cost) / line->length;
  int piece = (int)fmin(at * line->ranks, line->ranks - 1);
  if (lines->ends) {
    piece = 0;
    VOLLEY_SEARCH(piece, line->ranks - 1, i, lines->ends[i] <= at)
  }
  return line->first + piece;
}

int volley_lines_owner(const volley_owners *owners, int population, uint32_t index) {
  return owner_of(owners->state, population, index);
}

/* The first neuron of a population whose owner is `rank` or comes after it; the size where there is none. */
static uint64_t first_from(const volley_owners *owners, int population, int rank) {
  uint64_t first = 0;
  const uint64_t size = owners->experiment->populations[population].size;
  VOLLEY_SEARCH(first, size, i, owner_of(owners->state, population, (uint32_t)i) < rank)
  return first;
}

uint32_t volley_lines_count(const volley_owners *owners, int population, int rank) {
  return (uint32_t)(first_from(owners, population, rank + 1) - first_from(owners, population, rank));
}

uint64_t volley_lines_next(const volley_owners *owners, int population, uint64_t index, int rank) {
  const uint64_t size = owners->experiment->populations[population].size;
  int owner = index < size ? owner_of(owners->state, population, (uint32_t)index) : rank + 1;
  if (owner < rank) {
    index = first_from(owners, population, rank);
    if (index < size) owner = owner_of(owners->state, population, (uint32_t)index);
  }
  return owner == rank ? index : UINT64_MAX;
}
