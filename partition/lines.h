/* Groups of populations, each on ranks of its own. The neurons of a group stand on a line on which each is as long as it costs,
 * population by population, and the line is cut into one piece a rank. Nothing is kept of single neurons or, where ranks are
 * alike, of ranks. */
#ifndef VOLLEY_PARTITION_LINES_H
#define VOLLEY_PARTITION_LINES_H

#include "partition/partition.h"

/* Where a population stands. */
typedef struct volley_line {
  double begin, cost, length; /* of the population and of one neuron; the group's whole line */
  int first, ranks;           /* of the group */
} volley_line;

typedef struct volley_lines {
  double *ends; /* [ranks] parts of the line before the end of each rank, where there is one group; NULL: equal ones */
  volley_line lines[]; /* [n_populations] */
} volley_lines;

/* Lines of groups: of which each population is, and which ranks they have: group g from firsts[g] to firsts[g + 1]. ends, which
 * may be NULL, becomes the lines'. costs: [n_populations], > 0. Owned by the caller: volley_lines_destroy(). Not collective. */
volley_lines *volley_lines_create(const volley_experiment *experiment, const int *groups, const int *firsts,
                                  const double *costs, double *ends);

/* The functions of a partitioner whose state is such lines. */
void volley_lines_destroy(void *lines);
int volley_lines_owner(const volley_owners *owners, int population, uint32_t index);
uint32_t volley_lines_count(const volley_owners *owners, int population, int rank);
uint64_t volley_lines_next(const volley_owners *owners, int population, uint64_t index, int rank);

#endif
