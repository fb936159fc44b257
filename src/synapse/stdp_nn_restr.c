/* Spike-timing dependent plasticity of nearest neighbours, restricted to spikes with none of either side between them. */
#include "synapse/stdp.h"

/* Whether a spike of the target reached the synapse after the source's last one; k: spikes of the target up to it. */
static inline bool is_after(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k) {
  return k > 0 && volley_arrival(b, pairs, k - 1) > b->last;
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  if (arrival == b->last || is_after(b, pairs, k)) return weight;
  return volley_stdp_facilitate(b->constants->parameters, weight, pairs->power, volley_source_trace(b, PLUS, arrival));
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight) {
  if (!is_after(b, pairs, pairs->end)) return weight;
  return volley_stdp_depress(b->constants->parameters, loss, weight, pairs->power,
                             volley_target_trace(b, MINUS, pairs));
}

static const volley_pairing pairing = {at_target, at_source, {volley_stdp_rest, MU_PLUS}, {volley_stdp_part, MU_MINUS}};

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters;
  volley_pairing_spike(b, input, pairing, p[ALPHA] * p[LAMBDA]);
}

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

static const volley_synapse_events events = {
    .at_target = volley_stdp_at_target, .at_source = volley_stdp_at_source, .pairs_next = true};

const volley_synapse_model volley_synapse_stdp_nn_restr = {
    .name = "stdp_nn_restr",
    .doc = "spike-timing dependent plasticity of nearest neighbours, restricted: pairs with no spike between them",
    .equations =
        "as stdp_nn_symm, but only the first spike of the target after one of the source makes the weight grow, "
        "and a spike of the source makes it shrink only if the target has spiked since the one before",
    .reference = "Morrison, Diesmann & Gerstner 2008, figure 7C. NEST's stdp_nn_restr_synapse",
    VOLLEY_STDP_TABLES,
    VOLLEY_TRACED_STATES(volley_stdp_states),
    .nearest = true,
    .spike = spike,
    .catch_up = catch_up,
    .events = &events,
};
