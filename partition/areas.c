/* Every area has ranks of its own, as many as suit what it costs: where spikes within an area come sooner or are more than those
 * between areas. An area is a population, or all populations whose names begin alike. */
#include "partition/cost.h"
#include "partition/lines.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct parameters {
  const char *separator;
  volley_list ranks;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"separator", .type = VOLLEY_KEY_TEXT, AT(separator),
     .doc = "populations whose names are alike up to the first of these are one area: `_` of V1_E and V1_I; by default "
            "each population is one"},
    {"ranks", "", VOLLEY_NO_DEFAULT, 0, INT32_MAX, .type = VOLLEY_KEY_LIST, .filled = true, AT(ranks),
     .doc = "how many ranks each area gets, in the order of the areas' first populations; by default what it costs"},
};

static const parameters *own(const volley_experiment *experiment) {
  static const parameters otherwise = {0};
  return experiment->simulation.partition_parameters ? experiment->simulation.partition_parameters : &otherwise;
}

/* Bytes of a population's name that name its area. */
static int name_length(const volley_experiment *experiment, int p) {
  const char *name = experiment->populations[p].name, *separator = own(experiment)->separator;
  const char *end = separator && *separator ? strstr(name, separator) : NULL;
  return (int)(end ? (size_t)(end - name) : strlen(name));
}

/* The area of each population: groups[n_populations]. Returns how many there are. first, if it is not NULL, gets the first
 * population of each. */
static int find_areas(const volley_experiment *experiment, int *groups, int *first) {
  int n = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    const int length = name_length(experiment, p);
    int g = 0;
    while (g < n && (name_length(experiment, first[g]) != length ||
                     strncmp(experiment->populations[first[g]].name, experiment->populations[p].name, (size_t)length)))
      g++;
    groups[p] = g;
    if (g == n) first[n++] = p;
  }
  return n;
}

static const char *check_ranks(const volley_experiment *experiment, int areas, const int *first, int ranks,
                               char *buffer, size_t size) {
  const volley_list *given = &own(experiment)->ranks;
  double sum = 0;
  if (areas > ranks) {
    snprintf(buffer, size, "there are %d areas, but %s: each area needs a rank of its own", areas,
             volley_count((uint64_t)ranks, "rank").text);
    return buffer;
  }
  if (given->n > 0 && given->n != areas) {
    snprintf(buffer, size, "'ranks' has %d values, but there are %d areas", given->n, areas);
    return buffer;
  }
  for (int g = 0; g < given->n; g++) {
    sum += given->values[g];
    if (given->values[g] >= 1 && given->values[g] == floor(given->values[g])) continue;
    snprintf(buffer, size, "area '%.*s' gets %g ranks; it needs one at least, or more",
             name_length(experiment, first[g]), experiment->populations[first[g]].name, given->values[g]);
    return buffer;
  }
  if (given->n == 0 || sum == ranks) return NULL;
  snprintf(buffer, size, "the areas get %g ranks together, but there are %d", sum, ranks);
  return buffer;
}

static const char *refuses(const volley_experiment *experiment, int ranks, char *buffer, size_t size) {
  int *groups = volley_alloc((size_t)experiment->n_populations, 2 * sizeof *groups, "a partition");
  int *first = groups + experiment->n_populations;
  const int areas = find_areas(experiment, groups, first);
  const char *wrong = check_ranks(experiment, areas, first, ranks, buffer, size);
  free(groups);
  return wrong;
}

/* Ranks of areas that cost so much: one each, and every further one where a rank has most to do. */
static void share_ranks(const double *costs, int areas, int ranks, int *out) {
  double sum = 0;
  int left = ranks;
  for (int g = 0; g < areas; g++) sum += costs[g];
  for (int g = 0; g < areas; g++) {
    out[g] = (int)fmax(1, floor(costs[g] / sum * (ranks - areas)));
    left -= out[g];
  }
  for (; left > 0; left--) {
    int fullest = 0;
    for (int g = 1; g < areas; g++)
      if (costs[g] / out[g] > costs[fullest] / out[fullest]) fullest = g;
    out[fullest]++;
  }
}

static volley_status create(volley_owners *owners, const volley_reader *reader, MPI_Comm comm) {
  const volley_experiment *experiment = owners->experiment;
  const volley_list *given = &own(experiment)->ranks;
  const size_t n = (size_t)experiment->n_populations;
  int *groups = volley_alloc(n + 1, 4 * sizeof *groups, "a partition");
  int *first = groups + n, *ranks = first + n, *firsts = ranks + n;
  double *costs = volley_alloc(n, 2 * sizeof *costs, "a partition"), *sums = costs + n;
  (void)reader;
  (void)comm;
  const int areas = find_areas(experiment, groups, first);
  volley_costs_find(experiment, NULL, costs);
  for (size_t p = 0; p < n; p++) sums[groups[p]] += costs[p] * experiment->populations[p].size;
  share_ranks(sums, areas, owners->ranks, ranks);
  for (int g = 0; g < areas; g++) firsts[g + 1] = firsts[g] + (given->n ? (int)given->values[g] : ranks[g]);
  owners->state = volley_lines_create(experiment, groups, firsts, costs, NULL);
  free(costs);
  free(groups);
  return VOLLEY_OK;
}

const volley_partitioner volley_partitioner_areas = {
    .name = "areas",
    .doc = "ranks of its own for each population, or group of populations, cut into shares that cost alike",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .weighs = true,
    .refuses = refuses,
    .create = create,
    .destroy = volley_lines_destroy,
    .owner = volley_lines_owner,
    .count = volley_lines_count,
    .next = volley_lines_next,
};
