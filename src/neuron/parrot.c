/* Repeats its input: each spike that arrives in a step is sent on in the same step, as often as it arrives. Any stimulus
 * becomes a population of sources in this way. */
#include "neuron/events.h"

#include <stddef.h>

enum { SPIKES };

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "", VOLLEY_COUNTS, -1, "spikes to repeat"},
};

static void prepare(const double *p, double dt, double *c) {
  (void)p;
  (void)dt;
  (void)c;
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 0;
}

void volley_repeat_input(volley_slice *slice, volley_spike_list *spikes) {
  double *input = slice->inputs[SPIKES];
  for (uint32_t i = 0; i < slice->count; i++) {
    for (double left = input[i]; left > 0; left -= 1) volley_spike_push(spikes, slice->offset + i);
    input[i] = 0;
  }
}

static void prepare_events(const double *p, double *c) { (void)p, (void)c; }

static void stay(const double *c, double *y, double h, double current, bool held) {
  (void)c, (void)y, (void)h, (void)current, (void)held;
}

static bool repeat(const double *c, double *y, int receptor, double weight, double left) {
  (void)c, (void)y, (void)receptor, (void)weight, (void)left;
  return true;
}

static double fire(const double *c, double *y) {
  (void)c, (void)y;
  return 0;
}

const volley_neuron_events volley_repeat_events = {
    .refractory = -1, .prepare = prepare_events, .advance = stay, .arrive = repeat, .fire = fire};

const volley_neuron_model volley_parrot = {
    .name = "parrot",
    .doc = "repeats each spike that it receives, with the delay of the connection that brought it",
    .reference = "NEST parrot_neuron",
    VOLLEY_RECEPTORS(receptors),
    .receptor_of_sign = {SPIKES, SPIKES},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = volley_repeat_input,
    .events = &volley_repeat_events,
};
