#include "stimulus/own.h"

#include "stimulus/selected.h"

#include <stdlib.h>
#include <string.h>

const volley_own *volley_own_find(const volley_stimulus *stimulus, const char *key) {
  for (int k = 0; k < stimulus->n_own; k++)
    if (strcmp(stimulus->own[k].key, key) == 0) return &stimulus->own[k];
  return NULL;
}

bool volley_own_exceeds(const volley_stimulus *stimulus, const char *key, double all, double most) {
  const volley_own *own = volley_own_find(stimulus, key);
  if (!own) return !(all <= most);
  volley_distribution cut = own->value;
  for (int i = 0; cut.given && i < cut.n_given; i++)
    if (cut.given[i] > most) return true;
  if (cut.kind == VOLLEY_DATASET || volley_distribution_greatest(&cut) <= most) return false;
  cut.max = most;
  cut.redraw = true;
  return volley_distribution_acceptance(&cut) < volley_distribution_acceptance(&own->value);
}

volley_each volley_each_of(const volley_experiment *experiment, int number, const char *key, double all,
                           const volley_slice *slice, const volley_selected *selected) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_own *own = volley_own_find(stimulus, key);
  if (!own) return (volley_each){.all = all};
  const volley_key random = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_STIMULUS, (uint32_t)number);
  const double *given = own->value.given;
  uint32_t *columns = volley_selected_columns(experiment, stimulus, slice, selected), n = 0;
  double *values = volley_alloc(selected->count, sizeof *values, "a stimulus");
  for (int r = 0; r < selected->n_ranges; r++)
    for (uint32_t i = 0; i < selected->ranges[r].count; i++, n++) {
      if (given)
        values[n] = given[columns[n]];
      else
        volley_distribution_draw(&own->value, random, slice->gids[selected->ranges[r].first + i], own->stream, 1,
                                 &values[n]);
      values[n] *= own->factor;
    }
  free(columns);
  return (volley_each){.all = all, .own = values};
}
