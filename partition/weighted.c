/* All neurons stand on one line on which each is as long as it costs; every rank gets an equal piece, or one that suits how fast
 * it is. */
#include "partition/cost.h"
#include "partition/lines.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What was measured, for example in another run (volley run --partition-from). */
typedef struct parameters {
  volley_list update, rates, speeds;
  double event;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"update", "ns", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_LIST, .filled = true, AT(update),
     .doc =
         "what a step of a neuron costs, for each population in their order; by default a rough figure by the model"},
    {"event", "ns", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO, AT(event),
     .doc = "what an event of a static synapse costs; by default a rough figure"},
    {"rates", "Hz", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, .filled = true, AT(rates),
     .doc = "of each population in their order; by default their `mean_rate`"},
    {"speeds", "", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_LIST, .filled = true, AT(speeds),
     .doc = "of each rank, in any unit; by default all are alike"},
};

static const parameters *own(const volley_experiment *experiment) {
  static const parameters otherwise = {.event = NAN};
  return experiment->simulation.partition_parameters ? experiment->simulation.partition_parameters : &otherwise;
}

static const char *refuses(const volley_experiment *experiment, int ranks, char *buffer, size_t size) {
  const parameters *p = own(experiment);
  const struct {
    const char *key, *what;
    int found, needed;
  } lists[] = {{"update", "populations", p->update.n, experiment->n_populations},
               {"rates", "populations", p->rates.n, experiment->n_populations},
               {"speeds", "ranks", p->speeds.n, ranks}};
  for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
    if (lists[l].found == 0 || lists[l].found == lists[l].needed) continue;
    snprintf(buffer, size, "'%s' has %d values, but there are %d %s, each of which needs one", lists[l].key,
             lists[l].found, lists[l].needed, lists[l].what);
    return buffer;
  }
  return NULL;
}

/* Parts of the line before the ends of ranks of these speeds. */
static double *find_ends(const volley_list *speeds) {
  double *ends = volley_alloc((size_t)speeds->n, sizeof *ends, "a partition"), sum = 0;
  for (int r = 0; r < speeds->n; r++) ends[r] = sum += speeds->values[r];
  for (int r = 0; r < speeds->n; r++) ends[r] /= sum;
  return ends;
}

static volley_status create(volley_owners *owners, const volley_reader *reader, MPI_Comm comm) {
  const volley_experiment *experiment = owners->experiment;
  const parameters *p = own(experiment);
  const size_t n = (size_t)experiment->n_populations;
  const double ns = 1e-9;
  double *costs = volley_alloc(n, 2 * sizeof *costs, "a partition"), *updates = costs + n;
  int *groups = volley_alloc(n, sizeof *groups, "a partition");
  (void)reader;
  (void)comm;
  for (int k = 0; k < p->update.n; k++) updates[k] = p->update.values[k] * ns;
  const volley_known_costs known = {p->update.n ? updates : NULL, p->rates.n ? p->rates.values : NULL, p->event * ns};
  volley_costs_find(experiment, &known, costs);
  owners->state = volley_lines_create(experiment, groups, (const int[]){0, owners->ranks}, costs,
                                      p->speeds.n ? find_ends(&p->speeds) : NULL);
  free(groups);
  free(costs);
  return VOLLEY_OK;
}

const volley_partitioner volley_partitioner_weighted = {
    .name = "weighted",
    .doc = "neurons in their order, cut into shares that cost alike by what models, synapses and rates say",
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
