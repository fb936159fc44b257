/* What it takes to draw synapses by distance, beside pairwise_bernoulli of one probability: ns a synapse of the walk, and of it
 * with values. bench_space [NEURONS [INDEGREE [TARGETS]]]: neurons on a periodic sheet of extent 1, of which the targets in
 * one place are drawn. */
#include "space/space.h"
#include "rule/walk.h"
#include "support/experiments.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Draws all edges onto the targets, and prints what it takes. */
static void measure(volley_experiment *e, const char *name, const char *rule, const volley_profile *profile,
                    double number, uint32_t targets) {
  volley_projection *projection = experiment_add_projection(e, 0, 0, rule);
  const int p = e->n_projections - 1;
  volley_gid *gids = malloc(targets * sizeof *gids);
  for (uint32_t i = 0; i < targets; i++) gids[i] = e->neurons / 2 - targets / 2 + i;
  projection->profile = profile;
  projection->probability = number / (double)e->neurons;
  projection->number = rule[0] == 'p' ? 0 : (uint64_t)number;
  printf("%-34s", name);
  for (int values = 0; values < 2; values++) {
    uint64_t n = 0;
    volley_walk *walk = volley_walk_create(e, NULL);
    const double begin = seconds();
    for (uint32_t first = 0; first < targets; first += 1024) {
      volley_walk_begin(walk, p, gids + first, targets - first < 1024 ? targets - first : 1024);
      for (const volley_edges *edges; (edges = volley_walk_next(walk)); n += edges->n)
        if (values) volley_walk_draw_values(walk, NULL);
    }
    if (!values) printf(" %9.1f synapses a neuron", (double)n / targets);
    printf(" %8.1f ns", 1e9 * (seconds() - begin) / (double)n);
    volley_walk_destroy(walk);
  }
  printf("\n");
  free(gids);
}

int main(int n_words, char **words) {
  const uint32_t neurons = n_words > 1 ? (uint32_t)atol(words[1]) : 1000000;
  const double indegree = n_words > 2 ? atof(words[2]) : 1000;
  const uint32_t targets = n_words > 3 ? (uint32_t)atol(words[3]) : 2048;
  MPI_Init(NULL, NULL);
  volley_experiment *e = experiment_make(1);
  volley_population *sheet = experiment_add_population(e, "sheet", "iaf_psc_exp", neurons);
  volley_position_plan plan = {
      .arrangement = VOLLEY_ARRANGED_UNIFORM, .dimensions = 2, .extent = {1, 1}, .periodic = {true, true}};
  sheet->positions = &plan;
  const double begin = seconds();
  if (volley_spaces_load(e, NULL, MPI_COMM_SELF) != VOLLEY_OK) return 1;
  printf("%u neurons: boxes %.3f s\n%34s %34s %11s\n", neurons, seconds() - begin, "", "drawn", "with values");
  const double peaks[] = {0.1, 0.5, 1}, pi = 3.14159265358979323846;
  measure(e, "pairwise_bernoulli", "pairwise_bernoulli", NULL, indegree, targets);
  volley_profile f[10] = {{0}};
  for (int k = 0; k < 9; k++) {
    char name[64];
    static const char *const shapes[] = {"gaussian", "exponential", "box"};
    f[k] = (volley_profile){.value = peaks[k % 3], .min = 0, .max = INFINITY, .cutoff = INFINITY};
    f[k].shape =
        (volley_profile_shape[]){VOLLEY_PROFILE_GAUSSIAN, VOLLEY_PROFILE_EXPONENTIAL, VOLLEY_PROFILE_BOX}[k / 3];
    f[k].width = sqrt(indegree / neurons / f[k].value / pi / (k / 3 < 2 ? 2 : 1));
    snprintf(name, sizeof name, "%s, at most %g", shapes[k / 3], f[k].value);
    measure(e, name, "pairwise_bernoulli", &f[k], indegree, targets);
  }
  measure(e, "fixed_indegree", "fixed_indegree", NULL, indegree, targets);
  measure(e, "fixed_indegree, gaussian", "fixed_indegree", &f[0], indegree, targets);
  volley_experiment_destroy(e);
  MPI_Finalize();
  return 0;
}
