/* Spike-timing dependent plasticity of nearest neighbours, centred on the spikes of the source: each pairs with the last
 * spike of the target before it and with the first one after it. So a synapse has a trace of the source of its own, which
 * its target's spikes end. */
#include "synapse/stdp.h"

enum { WEIGHT, K_PLUS };

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
    {"K_plus", "", -1, 0, VOLLEY_ANY, "trace of the source since the target's last spike"},
    {"K_minus", "", -1, 0, VOLLEY_ANY, "trace of the target"},
};

/* Brings one synapse through the spikes of its target up to `now`. At equal times a spike of the target finds no trace of
 * that of the source, and leaves it. */
static void take_pairs(const volley_synapse_view *b, uint32_t i, const volley_pairs *pairs) {
  const double *p = b->constants->parameters;
  const volley_trace *of = &b->constants->traces[PLUS];
  double weight = b->states[WEIGHT][i], trace = b->states[K_PLUS][i];
  int64_t at = b->since;
  for (uint32_t k = pairs->first; k < pairs->end; k++) {
    const int64_t arrival = volley_arrival(b, pairs, k);
    const double spiked = arrival == b->last ? 1 : 0, found = trace * volley_decay_at(of, arrival - at) - spiked;
    if (volley_learns(b->constants, arrival))
      weight = volley_stdp_facilitate(p, weight, volley_stdp_power_of_rest(p, weight), found);
    trace = spiked;
    at = arrival;
  }
  b->states[WEIGHT][i] = weight;
  b->states[K_PLUS][i] = trace * volley_decay_at(of, b->now - at);
}

static void catch_up(volley_synapse_view *b) {
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    take_pairs(b, i, &pairs);
  }
}

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters, loss = p[ALPHA] * p[LAMBDA];
  const bool learns = volley_learns(b->constants, b->now);
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    take_pairs(b, i, &pairs);
    double *weight = &b->states[WEIGHT][i];
    if (learns)
      *weight = volley_stdp_depress(p, loss, *weight, volley_stdp_power_of_part(p, *weight),
                                    volley_target_trace(b, MINUS, &pairs));
    b->states[K_PLUS][i]++;
    input[b->ids[i]] += b->sign * *weight;
  }
}

static void look(volley_synapse_view *b, int k, double *out) {
  (void)k;
  volley_look_at_traces(b, MINUS, out);
}

static const volley_synapse_events events = {
    .at_target = volley_stdp_at_target, .at_source = volley_stdp_at_source, .is_centred = true};

const volley_synapse_model volley_synapse_stdp_nn_pre_centered = {
    .name = "stdp_nn_pre_centered",
    .doc = "spike-timing dependent plasticity of nearest neighbours, centred on the spikes of the source",
    .equations = "as stdp; each spike of the source pairs with the last one of the target before it and the first one "
                 "after it: K_plus grows by 1 at a spike of the source and is set to 0 by one of the target, which has "
                 "found it; K_minus is set to 1 at a spike of the target",
    .reference = "Morrison, Diesmann & Gerstner 2008, figure 7B. NEST's stdp_nn_pre_centered_synapse",
    VOLLEY_STDP_TABLES,
    .states = states,
    .n_states = 2,
    .n_recordables = 3,
    .look = look,
    .nearest = true,
    .spike = spike,
    .catch_up = catch_up,
    .events = &events,
};
