#include "record/kind.h"

#include "base/memory.h"
#include "model/nodes.h"

const volley_recorder_kind *const *volley_recorder_kinds(void) {
#define LISTED(name) &volley_record_##name,
  static const volley_recorder_kind *const kinds[] = {VOLLEY_RECORDER_KINDS(LISTED) NULL};
  return kinds;
}

const char *volley_recorded_name(const volley_experiment *experiment, const volley_recorder *recorder) {
  const volley_population *population = &experiment->populations[recorder->population];
  return recorder->of_nodes ? population->nodes->population : population->name;
}

bool volley_recorder_covers(const volley_experiment *experiment, const volley_recorder *recorder, int population) {
  const volley_nodes *nodes = recorder->of_nodes ? experiment->populations[recorder->population].nodes : NULL;
  if (!nodes) return population == recorder->population;
  return population >= nodes->first && population < nodes->first + nodes->count;
}

bool volley_recorder_takes(const volley_experiment *experiment, const volley_recorder *recorder, int population,
                           volley_gid gid, uint32_t *id, uint32_t *column) {
  const volley_population *of = &experiment->populations[population];
  const uint32_t index = volley_index_in(of, gid);
  *id = recorder->of_nodes ? volley_nodes_id(of->nodes, index) : index;
  return volley_selection_column(&recorder->neurons, *id, column);
}

uint64_t volley_recorder_width(const volley_experiment *experiment, const volley_recorder *recorder) {
  return recorder->kind->holds_spikes ? 0 : recorder->kind->width(experiment, recorder);
}

void volley_recorders_count(volley_experiment *experiment, const volley_network *network) {
  for (int r = 0; r < experiment->n_recorders; r++)
    if (experiment->recorders[r].kind->count)
      experiment->recorders[r].kind->count(experiment, network, &experiment->recorders[r]);
}

volley_choices volley_state_choices(const volley_experiment *experiment, const volley_recorder *recorder) {
  const volley_neuron_model *model = experiment->populations[recorder->population].model;
  if (!model) return (volley_choices){0};
  return (volley_choices){model->states, model->n_states, sizeof *model->states, "state of", model->name};
}

volley_state_info volley_state_value(const volley_experiment *experiment, const volley_recorder *recorder) {
  return experiment->populations[recorder->population].model->states[recorder->state];
}

uint64_t volley_neurons_width(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment;
  return recorder->neurons.count;
}

uint64_t volley_single_width(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment, (void)recorder;
  return 1;
}

int volley_population_attributes(const volley_experiment *experiment, const volley_recorder *recorder,
                                 volley_attribute attributes[VOLLEY_MAX_ATTRIBUTES]) {
  attributes[0] = (volley_attribute){"population", .text = volley_recorded_name(experiment, recorder)};
  attributes[1] = (volley_attribute){"recorded_neurons", VOLLEY_IS_COUNT, .count = recorder->neurons.count};
  return 2;
}

volley_trace_columns volley_columns_on_first(const volley_network *network, uint64_t width) {
  volley_trace_columns all = {.count = network->rank == 0 ? width : 0};
  all.columns = volley_alloc_or_fault(all.count, sizeof(uint64_t), "a recorder");
  for (uint64_t c = 0; c < all.count && all.columns; c++) all.columns[c] = c;
  return all;
}

volley_status volley_recorders_begin(volley_experiment *experiment, int64_t step) {
  experiment->begins = step;
  for (int r = 0; r < experiment->n_recorders; r++) {
    volley_recorder *recorder = &experiment->recorders[r];
    const int64_t since = step - recorder->start, interval = recorder->interval;
    if (since <= 0) continue;
    recorder->start += (recorder->kind->state ? since + interval - 1 : since) / interval * interval;
    if (recorder->start >= recorder->stop)
      volley_fault(VOLLEY_USAGE, &recorder->place, "nothing is recorded: the run begins at %.10g ms",
                   volley_time_of(experiment, step));
  }
  return volley_local_status();
}
