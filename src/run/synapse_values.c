#include "run/synapse_values.h"

#include "base/memory.h"
#include "network/given.h"
#include "network/synapse_order.h"
#include "record/kind.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What does not change. */
static const char *const fixed[] = {"source", "target", "delay"};
enum { FIXED = sizeof fixed / sizeof *fixed, SOURCES = 0, TARGETS, DELAYS };
static const volley_static_value static_values[FIXED] = {VOLLEY_STATIC_SOURCE, VOLLEY_STATIC_TARGET,
                                                         VOLLEY_STATIC_DELAY};

/* The number of a text among those; -1: none. */
static int find_fixed(const char *state) {
  for (int k = 0; k < FIXED; k++)
    if (strcmp(fixed[k], state) == 0) return k;
  return -1;
}

/* The number of a state among those that can be recorded; a fault if there is none. */
static int find_state(const volley_experiment *experiment, const volley_recorder *recorder, const char *state) {
  const volley_projection *projection = &experiment->projections[recorder->projection];
  const volley_choices choices = volley_record_weights.choices(experiment, recorder);
  for (int k = 0; k < choices.n; k++) {
    const char *const *name = (const void *)((const char *)choices.table + (size_t)k * choices.stride);
    if (strcmp(*name, state) == 0) return k;
  }
  volley_fault(VOLLEY_USAGE, NULL, "synapses of '%s' (%s) have no state '%s'", projection->name, choices.of, state);
  return -1;
}

/* Adds up what each rank has, where it is 0 elsewhere. Collective. */
static void gather(const volley_network *network, double *values, uint64_t n) {
  for (uint64_t from = 0; from < n; from += INT32_MAX) {
    const uint64_t some = n - from < INT32_MAX ? n - from : INT32_MAX;
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, values + from, (int)some, MPI_DOUBLE, MPI_SUM, network->comm));
  }
}

/* Puts what this rank has of a projection that learns into values; number: of what is fixed, or -1. */
static void look(const volley_network *network, void *own, const volley_trace_columns *columns, int number,
                 int64_t step, double *values) {
  double *row = volley_alloc(columns->count, sizeof *row, "states of synapses");
  for (int b = 0; b < network->n_blocks && number < 0; b++) {
    volley_record_weights.before(own, b, step, row);
    volley_record_weights.sample(own, b, 0, step, row);
  }
  for (uint64_t c = 0; c < columns->count; c++)
    values[columns->columns[c]] = number == SOURCES   ? columns->sources[c]
                                  : number == TARGETS ? columns->targets[c]
                                  : number == DELAYS  ? columns->delays[c]
                                                      : row[c];
  free(row);
}

static volley_status look_at_static(volley_network *network, int projection, const char *state,
                                    const volley_reader *reader, double **values, uint64_t *n) {
  const int number = find_fixed(state);
  if (number < 0 && strcmp(state, "weight") != 0)
    volley_fault(VOLLEY_USAGE, NULL, "synapses of '%s' do not learn: they have no state '%s', but a weight",
                 network->experiment->projections[projection].name, state);
  VOLLEY_TRY(volley_agree(network->comm));
  VOLLEY_TRY(volley_static_look(network, projection, number < 0 ? VOLLEY_STATIC_WEIGHT : static_values[number], reader,
                                values, n));
  gather(network, *values, *n);
  return VOLLEY_OK;
}

volley_status volley_synapse_values(volley_network *network, int projection, const char *state, int64_t step,
                                    const volley_reader *reader, double **values, uint64_t *n) {
  const volley_experiment *experiment = network->experiment;
  const volley_projection *p = &experiment->projections[projection];
  volley_recorder recorder = {.name = p->name, .kind = &volley_record_weights, .projection = projection};
  volley_range all[2] = {{0, experiment->populations[p->source].size, 0},
                         {0, experiment->populations[p->target].size, 0}};
  recorder.sources = (volley_selection){&all[0], 1, all[0].count};
  recorder.neurons = (volley_selection){&all[1], 1, all[1].count};
  *values = NULL;
  *n = 0;
  if (!p->plasticity.model) return look_at_static(network, projection, state, reader, values, n);
  const int number = find_fixed(state);
  recorder.state = number < 0 ? find_state(experiment, &recorder, state) : 0;
  VOLLEY_TRY(volley_agree(network->comm));
  volley_trace_columns columns = {0};
  volley_record_weights.count(experiment, network, &recorder);
  void *own = volley_record_weights.create(network, NULL, &recorder, &columns);
  *values = own ? volley_alloc_or_fault(recorder.synapses + 1, sizeof **values, "states of synapses") : NULL;
  *n = recorder.synapses;
  if (volley_all(*values != NULL, network->comm)) {
    look(network, own, &columns, number, step, *values);
    gather(network, *values, *n);
  }
  if (own) volley_record_weights.destroy(own);
  free(columns.columns);
  free(columns.sources);
  free(columns.targets);
  free(columns.delays);
  return volley_agree_one(network->comm);
}

/* Values that are set. */
typedef struct setting {
  const volley_network *network;
  const volley_projection *projection;
  int state;
  const double *values;
  volley_plastic_table *plastic; /* of the present block */
  bool is_checked;
  uint64_t wrong; /* the first number that is, UINT64_MAX: none */
  const char *why;
} setting;

/* What is wrong with a value of a synapse; NULL: nothing. */
static const char *find_wrong(const setting *s, const volley_plastic_group *group, double value) {
  const volley_neuron_model *target = s->network->experiment->populations[s->projection->target].model;
  const int *of_sign = target->receptor_of_sign;
  const volley_state_info *info = &s->plastic->model->states[s->state];
  double low = info->min, high = info->max;
  if (!(fabs(value) <= (double)FLT_MAX)) return "is no number that can be kept";
  if (s->state == 0) s->plastic->model->range(s->projection->plasticity.parameters, &low, &high);
  if (value < low || value > high) return "is out of the range of its model";
  if (s->state > 0) return NULL;
  if (s->projection->receptor != VOLLEY_RECEPTOR_BY_SIGN)
    return value < 0 && target->receptors[group->receptor].weights == VOLLEY_CONDUCTANCE
               ? "is negative, but its receptor is a conductance"
               : NULL;
  return value != 0 && of_sign[value < 0] != group->receptor ? "has another sign than before: it stays at its receptor"
                                                             : NULL;
}

static void take(void *context, uint32_t g, uint32_t synapse, uint64_t number) {
  setting *s = context;
  const volley_plastic_group *group = &s->plastic->groups[g];
  const double value = s->values[number];
  if (s->is_checked) {
    s->plastic->states[s->state][group->first + synapse] = value;
    return;
  }
  const char *why = find_wrong(s, group, value);
  if (why && number < s->wrong) s->wrong = number, s->why = why;
}

static void go_through(setting *s, const volley_synapse_order *order) {
  for (int b = 0; b < s->network->n_blocks; b++) {
    s->plastic = volley_block_plastic(&s->network->blocks[b], order->projection);
    if (s->plastic) volley_synapse_order_walk(order, &s->network->blocks[b], s->plastic, take, s);
  }
}

/* Looks at all values. Collective, agreed status. */
static volley_status check(setting *s, const volley_synapse_order *order, uint64_t n) {
  const uint64_t total = volley_synapse_order_total(order);
  if (n != total)
    volley_fault(VOLLEY_USAGE, NULL, "%llu values are given, but '%s' has %llu synapses", (unsigned long long)n,
                 s->projection->name, (unsigned long long)total);
  VOLLEY_TRY(volley_agree(s->network->comm));
  go_through(s, order);
  if (s->wrong != UINT64_MAX)
    volley_fault(VOLLEY_USAGE, NULL, "%s %llu of '%s', %g, %s", s->projection->plasticity.model->states[s->state].name,
                 (unsigned long long)s->wrong, s->projection->name, s->values[s->wrong], s->why);
  return volley_agree_first(s->wrong, s->network->comm);
}

volley_status volley_synapse_values_set(volley_network *network, int p, const char *state, int64_t step,
                                        const double *values, uint64_t n) {
  const volley_projection *projection = &network->experiment->projections[p];
  const volley_synapse_model *model = projection->plasticity.model;
  setting s = {.network = network, .projection = projection, .state = -1, .values = values, .wrong = UINT64_MAX};
  for (int k = 0; k < model->n_states; k++)
    if (strcmp(model->states[k].name, state) == 0) s.state = k;
  if (s.state < 0)
    volley_fault(VOLLEY_USAGE, NULL, "synapses of '%s' (%s) have no state '%s' that can be set", projection->name,
                 model->name, state);
  VOLLEY_TRY(volley_agree(network->comm));
  volley_synapse_order order = volley_synapse_order_make(network, p, NULL, NULL);
  volley_status status = volley_agree_one(network->comm);
  if (status == VOLLEY_OK) status = check(&s, &order, n);
  for (int b = 0; b < network->n_blocks && status == VOLLEY_OK; b++) {
    s.plastic = volley_block_plastic(&network->blocks[b], p);
    if (s.plastic) volley_plastic_table_catch_up(s.plastic, step);
  }
  s.is_checked = true;
  if (status == VOLLEY_OK) go_through(&s, &order);
  volley_synapse_order_release(&order);
  return status;
}
