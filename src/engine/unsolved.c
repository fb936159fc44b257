#include "engine/unsolved.h"

#include <stdio.h>

void volley_report_unsolved(const volley_experiment *experiment, const volley_slice *slice, int64_t step) {
  const volley_population *population = &experiment->populations[slice->population];
  const uint32_t i = slice->given_up - 1;
  char text[1024] = "";
  size_t n = 0;
  for (int s = 0; s < population->model->n_states && n < sizeof text; s++) {
    const volley_state_info *info = &population->model->states[s];
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%s = %.6g%s%s", s > 0 ? ", " : "", info->name,
                          slice->states[s][i], *info->unit ? " " : "", info->unit);
  }
  volley_fault(VOLLEY_FAILURE, &population->place,
               "neuron %u of %s cannot be taken from %.10g to %.10g ms: its equations have no solution there that is "
               "finite and, where steps adapt, within the tolerance, or it spikes a thousand times. It is at %s. A "
               "weaker input, a smaller dt or other parameters are needed",
               volley_index_in(population, slice->gids[i]), population->name, (double)step * experiment->simulation.dt,
               (double)(step + 1) * experiment->simulation.dt, text);
}
