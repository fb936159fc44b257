/* Correlated Poisson spike trains (Kuhn, Aertsen & Rotter 2003, "Higher-order statistics of input ensembles and the response of
 * simple model neurons": multiple interaction process): one mother train, of whose spikes each neuron gets each with a
 * probability. All ranks know the mother's spikes: how many there are in a step is a function of the stimulus and the step. */
#include "stimulus/selected.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>

static const double max_mean = 16; /* spikes of one part of a step: the sum of its probabilities is exact */

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_key mother, copies;
  double mean; /* of the mother's spikes in a step */
  volley_each p_copy;
};

typedef struct parameters {
  double rate; /* Hz, of the mother */
  double p_copy;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"rate", "Hz", 0, 0, 1e7, .required = true, AT(rate), .doc = "rate of the mother train"},
    {"p_copy", "", 1, 0, 1, .own = true, AT(p_copy),
     .doc =
         "probability with which a neuron gets a spike of the mother: its rate is rate p_copy, and the correlation of "
         "the counts of two neurons is sqrt(p_copy p_copy') at any width of the bins; 1: all get the same spikes"},
};

static void create(volley_generator *g, const volley_experiment *experiment, int number, volley_slice *slice) {
  const parameters *p = experiment->stimuli[number].parameters;
  g->mother = volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_MOTHER, (uint32_t)number);
  g->copies = volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_COPY, (uint32_t)number);
  g->mean = p->rate * experiment->simulation.dt * 1e-3;
  g->p_copy = volley_each_of(experiment, number, "p_copy", p->p_copy, slice, &g->selected);
}

/* A Poisson number by inversion. */
static uint64_t draw_poisson(volley_stream *stream, double mean) {
  const double parts = ceil(mean / max_mean);
  uint64_t n = 0;
  for (double part = 0; part < parts; part++) {
    double probability = exp(-mean / parts);
    const double u = volley_stream_uniform(stream);
    uint64_t k = 0;
    for (double sum = probability; u > sum && probability > 0; sum += probability)
      probability *= mean / parts / (double)++k;
    n += k;
  }
  return n;
}

static void apply(volley_generator *g, volley_slice *slice, int64_t step) {
  if (step < g->window.first || step >= g->window.end) return;
  volley_stream mother = volley_stream_of(g->mother, 0, (uint32_t)step);
  const uint64_t n = draw_poisson(&mother, g->mean);
  if (n == 0) return;
  for (uint32_t r = 0, k = 0; r < (uint32_t)g->selected.n_ranges; r++) {
    const volley_neuron_range range = g->selected.ranges[r];
    double *input = slice->inputs[g->receptor] + range.first;
    for (uint32_t i = 0; i < range.count; i++, k++) {
      volley_stream own = volley_stream_of(g->copies, slice->gids[range.first + i], (uint32_t)step);
      const double p = volley_each_at(&g->p_copy, k);
      input[i] += volley_each_at(&g->weight, k) * (double)(p == 1 ? n : volley_binomial(&own, n, p));
    }
  }
}

static void destroy(volley_generator *g) { free(g->p_copy.own); }

const volley_stimulus_kind volley_stimulus_mip = {
    .name = "mip",
    .doc = "correlated Poisson spike trains, one for each neuron, that are copied from one mother train; NEST's "
           "mip_generator. With p_copy 1 one train for all",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
