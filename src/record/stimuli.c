/* What a stimulus gives to neurons: of currents the mean over the steps since the row before, of others the weight of all
 * spikes that came in them. A generator is a function of the step: the recorder has its own, which give to nobody. */
#include "record/probes.h"

#include "base/memory.h"
#include "stimulus/selected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The stimulus as a change leaves it, until the next one. */
typedef struct version {
  int64_t from;           /* the first step that sees it */
  volley_experiment then; /* with stimuli of its own, of which this one is as it is then */
} version;

/* The stimulus at a slice. */
typedef struct given {
  volley_slice slice;          /* that of the network, but for where input goes */
  int version;                 /* of which the generator is */
  volley_generator *generator; /* NULL: none of its neurons is reached */
  double *values;              /* [count] */
} given;

typedef struct stimuli {
  volley_probes probes;
  const volley_recorder *recorder;
  const volley_stimulus *stimulus;
  version *versions; /* [n_versions] */
  int n_versions;
  given **blocks; /* [n_blocks][n_slices] */
} stimuli;

static void destroy(void *own) {
  stimuli *s = own;
  const volley_network *network = s->probes.network;
  for (int b = 0; s->blocks && b < network->n_blocks; b++) {
    for (int k = 0; s->blocks[b] && k < network->blocks[b].n_slices; k++) {
      given *g = &s->blocks[b][k];
      if (g->generator) volley_generator_destroy(s->stimulus->kind, g->generator);
      free(g->values);
    }
    free(s->blocks[b]);
  }
  free(s->blocks);
  for (int v = 0; v < s->n_versions; v++) free(s->versions[v].then.stimuli);
  free(s->versions);
  volley_probes_release(&s->probes);
  free(s);
}

static void add_version(stimuli *s, int64_t from, const volley_stimulus *stimulus) {
  const volley_experiment *experiment = s->probes.network->experiment;
  const size_t n = (size_t)experiment->n_stimuli;
  s->versions = volley_grow(s->versions, (size_t)s->n_versions + 1, sizeof *s->versions, "a recorder of a stimulus");
  version *added = &s->versions[s->n_versions++];
  *added = (version){.from = from, .then = *experiment};
  added->then.stimuli = volley_alloc(n, sizeof *stimulus, "a recorder of a stimulus");
  memcpy(added->then.stimuli, experiment->stimuli, n * sizeof *stimulus);
  added->then.stimuli[s->recorder->stimulus] = *stimulus;
}

/* A row may lie before and behind a change, and a checkpoint anywhere: what a step is given depends on the step alone. */
static void make_versions(stimuli *s) {
  const volley_experiment *experiment = s->probes.network->experiment;
  const volley_stimulus *first = experiment->first_stimuli ? experiment->first_stimuli : experiment->stimuli;
  add_version(s, INT64_MIN, &first[s->recorder->stimulus]);
  for (int c = 0; c < experiment->n_changes; c++)
    if (experiment->changes[c].stimulus == s->recorder->stimulus)
      add_version(s, experiment->changes[c].step, experiment->changes[c].renewed);
}

static void go_to_step(const stimuli *s, given *g, int64_t step) {
  int v = g->version;
  while (v + 1 < s->n_versions && s->versions[v + 1].from <= step) v++;
  if (v == g->version) return;
  if (g->generator) volley_generator_destroy(s->stimulus->kind, g->generator);
  g->generator = volley_generator_create(&s->versions[v].then, s->recorder->stimulus, &g->slice);
  g->version = v;
}

static given make_given(const stimuli *s, const volley_slice *slice) {
  given made = {.slice = *slice, .values = volley_alloc(slice->count, sizeof *made.values, "a recorder of a stimulus")};
  made.slice.current = made.values;
  made.slice.current_stride = 1;
  for (int r = 0; r < VOLLEY_MAX_RECEPTORS; r++) made.slice.inputs[r] = made.values;
  made.generator = volley_generator_create(&s->versions[0].then, s->recorder->stimulus, &made.slice);
  return made;
}

static void make(void *context) {
  stimuli *s = context;
  const volley_network *network = s->probes.network;
  make_versions(s);
  s->blocks = volley_alloc((size_t)network->n_blocks, sizeof *s->blocks, "a recorder of a stimulus");
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    s->blocks[b] = volley_alloc((size_t)block->n_slices, sizeof **s->blocks, "a recorder of a stimulus");
    for (int k = 0; k < block->n_slices; k++)
      if (block->slices[k].population == s->recorder->population) s->blocks[b][k] = make_given(s, &block->slices[k]);
  }
}

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  (void)readouts;
  stimuli *s = volley_alloc(1, sizeof *s, "a recorder of a stimulus");
  s->recorder = recorder;
  s->stimulus = &network->experiment->stimuli[recorder->stimulus];
  if (volley_probes_find(&s->probes, network, recorder, columns) == VOLLEY_OK &&
      volley_memory_try(make, s) == VOLLEY_OK)
    return s;
  destroy(s);
  return NULL;
}

static void sample(void *own, int block, int slice, int64_t step, double *row) {
  const stimuli *s = own;
  const volley_block_probes *probes = &s->probes.blocks[block];
  const int64_t steps = s->recorder->interval;
  given *g = &s->blocks[block][slice];
  if (probes->first[slice] == probes->first[slice + 1]) return;
  memset(g->values, 0, g->slice.count * sizeof *g->values);
  for (int64_t at = step - steps; at < step && g->generator; at++) {
    go_to_step(s, g, at);
    s->stimulus->kind->apply(g->generator, &g->slice, at);
  }
  for (size_t k = probes->first[slice]; k < probes->first[slice + 1]; k++) {
    const double sum = g->values[probes->probes[k].position];
    row[probes->probes[k].column] = s->stimulus->kind->is_current ? sum / (double)steps : sum;
  }
}

static const char *check(const volley_experiment *experiment, const volley_recorder *recorder, char *buffer,
                         size_t size) {
  (void)recorder;
  if (!experiment->simulation.continuous) return NULL;
  snprintf(buffer, size, "what stimuli give is recorded by steps, which this engine does not take");
  return buffer;
}

static volley_state_info value(const volley_experiment *experiment, const volley_recorder *recorder) {
  const volley_stimulus *stimulus = &experiment->stimuli[recorder->stimulus];
  const volley_neuron_model *model = experiment->populations[stimulus->target].model;
  if (stimulus->kind->is_current)
    return (volley_state_info){.name = "current", .unit = model->current_unit ? model->current_unit : "pA"};
  return (volley_state_info){.name = "weight",
                             .unit = model->receptors[volley_stimulus_receptor(experiment, stimulus)].unit};
}

static int attributes(const volley_experiment *experiment, const volley_recorder *recorder,
                      volley_attribute list[VOLLEY_MAX_ATTRIBUTES]) {
  const int n = volley_population_attributes(experiment, recorder, list);
  list[n] = (volley_attribute){"stimulus", .text = experiment->stimuli[recorder->stimulus].name};
  return n + 1;
}

const volley_recorder_kind volley_record_stimuli = {.name = "stimuli",
                                                    .plural = "stimuli",
                                                    .of = VOLLEY_OF_STIMULUS,
                                                    .needs = "stimulus",
                                                    .takes = "neurons|interval",
                                                    .check = check,
                                                    .width = volley_neurons_width,
                                                    .create = create,
                                                    .destroy = destroy,
                                                    .sample = sample,
                                                    .group = "stimuli",
                                                    .is_optional = true,
                                                    .may_be_single = true,
                                                    .maps = VOLLEY_MAPS_NEURONS,
                                                    .value = value,
                                                    .attributes = attributes,
                                                    .column_bytes = 60,
                                                    .mapping_bytes = 24};
