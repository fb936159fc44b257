#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

/* Finds the ranges; owned by the caller: free(selected.ranges). */
static volley_selected select_neurons(const volley_experiment *experiment, const volley_stimulus *stimulus,
                                      const volley_slice *slice) {
  const volley_population *target = &experiment->populations[stimulus->target];
  volley_selected selected = {0};
  uint32_t column;
  for (uint32_t i = 0; i < slice->count; i++) {
    if (!volley_selection_column(&stimulus->neurons, volley_index_in(target, slice->gids[i]), &column)) continue;
    volley_neuron_range *last = selected.n_ranges > 0 ? &selected.ranges[selected.n_ranges - 1] : NULL;
    selected.count++;
    if (last && last->first + last->count == i) {
      last->count++;
      continue;
    }
    selected.ranges =
        volley_grow(selected.ranges, (size_t)selected.n_ranges + 1, sizeof *selected.ranges, "a stimulus");
    selected.ranges[selected.n_ranges++] = (volley_neuron_range){i, 1};
  }
  return selected;
}

uint32_t *volley_selected_columns(const volley_experiment *experiment, const volley_stimulus *stimulus,
                                  const volley_slice *slice, const volley_selected *selected) {
  const volley_population *target = &experiment->populations[stimulus->target];
  uint32_t *columns = volley_alloc(selected->count, sizeof *columns, "a stimulus"), *at = columns;
  for (int r = 0; r < selected->n_ranges; r++) {
    const volley_gid *gids = slice->gids + selected->ranges[r].first;
    for (uint32_t i = 0; i < selected->ranges[r].count; i++) {
      volley_selection_column(&stimulus->neurons, volley_index_in(target, gids[i]), at++);
    }
  }
  return columns;
}

int volley_stimulus_receptor(const volley_experiment *experiment, const volley_stimulus *stimulus) {
  if (stimulus->receptor != VOLLEY_RECEPTOR_BY_SIGN) return stimulus->receptor;
  return experiment->populations[stimulus->target].model->receptor_of_sign[stimulus->weight < 0];
}

/* What a spike adds there. */
static volley_each weights_of(const volley_experiment *experiment, int number, const volley_slice *slice,
                              const volley_selected *selected) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_neuron_model *model = experiment->populations[stimulus->target].model;
  const int receptor = volley_stimulus_receptor(experiment, stimulus);
  volley_each weights = volley_each_of(experiment, number, "weight", stimulus->weight, slice, selected);
  weights.all = volley_receptor_weight(model, receptor, weights.all);
  for (uint32_t i = 0; weights.own && i < selected->count; i++)
    weights.own[i] = volley_receptor_weight(model, receptor, weights.own[i]);
  return weights;
}

int64_t volley_stimulus_delay(const volley_experiment *experiment, const volley_stimulus *stimulus) {
  const int64_t steps = isnan(stimulus->delay) ? 1 : volley_steps(experiment, stimulus->delay);
  const volley_neuron_model *model = experiment->populations[stimulus->target].model;
  return (steps > 1 ? steps : 1) + volley_receptor_lag(model, volley_stimulus_receptor(experiment, stimulus));
}

int64_t volley_stimulus_steps(const volley_experiment *experiment, const volley_stimulus *stimulus, double time) {
  const double dt = experiment->simulation.dt;
  const bool moves = stimulus->allow_offgrid_times && !volley_is_whole_steps(time, dt);
  return volley_steps(experiment, moves ? ceil(time / dt) * dt : time);
}

volley_window volley_stimulus_window(const volley_experiment *experiment, const volley_stimulus *stimulus,
                                     int64_t shift) {
  const int64_t end = isinf(stimulus->stop) ? INT64_MAX : volley_steps(experiment, stimulus->stop) + shift;
  return (volley_window){volley_steps(experiment, stimulus->start) + shift, end};
}

volley_span_of_time volley_stimulus_span(const volley_stimulus *stimulus) {
  return (volley_span_of_time){stimulus->start, stimulus->stop, isnan(stimulus->delay) ? 0 : stimulus->delay};
}

void volley_add_spikes(int receptor, const volley_each *weight, volley_slice *slice, const volley_selected *selected) {
  for (uint32_t r = 0, k = 0; r < (uint32_t)selected->n_ranges; r++) {
    double *input = slice->inputs[receptor] + selected->ranges[r].first;
    for (uint32_t i = 0; i < selected->ranges[r].count; i++, k++) input[i] += volley_each_at(weight, k);
  }
}

void volley_add_current(volley_slice *slice, const volley_selected *selected, double current) {
  if (slice->current_stride == 0) {
    slice->current[0] += current;
    return;
  }
  for (int r = 0; r < selected->n_ranges; r++) {
    double *to = slice->current + selected->ranges[r].first;
    for (uint32_t i = 0; i < selected->ranges[r].count; i++) to[i] += current;
  }
}

void volley_add_currents(volley_slice *slice, const volley_selected *selected, const volley_each *currents,
                         double factor) {
  const double *from = currents->own;
  if (!from) {
    volley_add_current(slice, selected, factor * currents->all);
    return;
  }
  for (int r = 0; r < selected->n_ranges; r++) {
    double *to = slice->current + selected->ranges[r].first;
    for (uint32_t i = 0; i < selected->ranges[r].count; i++) to[i] += factor * *from++;
  }
}

/* Any generator. */
typedef struct common {
  VOLLEY_GENERATOR;
} common;

volley_generator *volley_generator_create(const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_stimulus_kind *kind = stimulus->kind;
  const volley_selected selected = select_neurons(experiment, stimulus, slice);
  if (selected.count == 0) return NULL;
  common *made = volley_alloc(1, kind->generator, "a stimulus");
  made->selected = selected;
  made->window =
      volley_stimulus_window(experiment, stimulus, kind->is_current ? 0 : volley_stimulus_delay(experiment, stimulus));
  made->span = volley_stimulus_span(stimulus);
  made->receptor = kind->is_current ? -1 : volley_stimulus_receptor(experiment, stimulus);
  if (!kind->is_current) made->weight = weights_of(experiment, number, slice, &selected);
  volley_generator *generator = (void *)made;
  if (kind->create) kind->create(generator, experiment, number, slice);
  return generator;
}

void volley_generator_destroy(const volley_stimulus_kind *kind, volley_generator *generator) {
  if (kind->destroy) kind->destroy(generator);
  free(((common *)(void *)generator)->weight.own);
  free(((common *)(void *)generator)->selected.ranges);
  free(generator);
}
