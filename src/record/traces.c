/* States of a population's neurons. */
#include "record/probes.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct traces {
  volley_probes probes;
  int *states; /* [populations of the experiment] number of the state in their models */
} traces;

static void destroy(void *own) {
  volley_probes_release(&((traces *)own)->probes);
  free(((traces *)own)->states);
  free(own);
}

/* Models of one recorder's neurons may have the state in different places. */
static int *find_states(const volley_experiment *experiment, const volley_recorder *recorder) {
  int *states = volley_alloc((size_t)experiment->n_populations, sizeof *states, "a trace recorder");
  const char *name = volley_state_value(experiment, recorder).name;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_neuron_model *model = experiment->populations[p].model;
    for (int k = 0; k < model->n_states && volley_recorder_covers(experiment, recorder, p); k++)
      if (strcmp(model->states[k].name, name) == 0) states[p] = k;
  }
  return states;
}

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  (void)readouts;
  traces *t = volley_alloc(1, sizeof *t, "a trace recorder");
  t->states = find_states(network->experiment, recorder);
  if (volley_probes_find(&t->probes, network, recorder, columns) == VOLLEY_OK) return t;
  destroy(t);
  return NULL;
}

static void sample(void *own, int block, int slice, int64_t step, double *row) {
  (void)step;
  const traces *t = own;
  const volley_block_probes *probes = &t->probes.blocks[block];
  if (probes->first[slice] == probes->first[slice + 1]) return;
  const volley_slice *of = &t->probes.network->blocks[block].slices[slice];
  const double *states = of->states[t->states[of->population]];
  for (size_t k = probes->first[slice]; k < probes->first[slice + 1]; k++)
    row[probes->probes[k].column] = states[probes->probes[k].position];
}

const volley_recorder_kind volley_record_traces = {.name = "traces",
                                                   .plural = "traces",
                                                   .of = VOLLEY_OF_POPULATION,
                                                   .needs = "population|states",
                                                   .takes = "neurons|interval",
                                                   .choice_key = "states",
                                                   .choices = volley_state_choices,
                                                   .takes_nodes = true,
                                                   .width = volley_neurons_width,
                                                   .create = create,
                                                   .destroy = destroy,
                                                   .sample = sample,
                                                   .group = "report",
                                                   .is_sonata = true,
                                                   .may_be_single = true,
                                                   .maps = VOLLEY_MAPS_NEURONS,
                                                   .value = volley_state_value,
                                                   .attributes = volley_population_attributes,
                                                   .column_bytes = 40,
                                                   .mapping_bytes = 24};
