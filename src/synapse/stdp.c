/* Spike-timing dependent plasticity of pairs. */
#include "synapse/stdp.h"

const volley_key_info volley_stdp_parameters[N_PARAMETERS] = {
    {"lambda", "", 0.01, 0, INFINITY, .doc = "step of learning, as a part of Wmax"},
    {"alpha", "", 1, 0, INFINITY, .doc = "depression as a part of potentiation"},
    {"tau_plus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the source's trace: window of potentiation"},
    {"tau_minus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the target's trace: window of depression"},
    {"mu_plus", "", 1, 0, INFINITY, .doc = "how potentiation depends on the weight; 0: additive, with a hard bound"},
    {"mu_minus", "", 1, 0, INFINITY, .doc = "how depression depends on the weight; 0: additive, with a hard bound"},
    {"Wmax", "weight", 100, -INFINITY, INFINITY, .doc = "greatest weight; negative for inhibitory synapses"},
};

const volley_state_info volley_stdp_states[1 + N_TRACES] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
    {"K_plus", "", -1, 0, VOLLEY_ANY, "trace of the source"},
    {"K_minus", "", -1, 0, VOLLEY_ANY, "trace of the target"},
};
const volley_trace_info volley_stdp_traces[N_TRACES] = {
    [PLUS] = {VOLLEY_OF_SOURCE, TAU_PLUS, VOLLEY_JUMP_1},
    [MINUS] = {VOLLEY_OF_TARGET, TAU_MINUS, VOLLEY_JUMP_1},
};
const char *const volley_stdp_row_states[2] = {"trace_before", "trace"};

const char *volley_stdp_check(const double *values) { return values[WMAX] == 0 ? "Wmax must not be 0" : NULL; }

void volley_stdp_range(const double *values, double *low, double *high) {
  *low = fmin(0, values[WMAX]);
  *high = fmax(0, values[WMAX]);
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  (void)k;
  return volley_stdp_facilitate(b->constants->parameters, weight, pairs->power, volley_source_trace(b, PLUS, arrival));
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight) {
  return volley_stdp_depress(b->constants->parameters, loss, weight, pairs->power,
                             volley_target_trace(b, MINUS, pairs));
}

static const volley_pairing pairing = {at_target, at_source, {volley_stdp_rest, MU_PLUS}, {volley_stdp_part, MU_MINUS}};

void volley_stdp_spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters;
  volley_pairing_spike(b, input, pairing, p[ALPHA] * p[LAMBDA]);
}

void volley_stdp_catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

/* From event to event. */
double volley_stdp_at_target(const double *p, const double *now, double weight) {
  return volley_stdp_facilitate(p, weight, volley_stdp_power_of_rest(p, weight), now[PLUS]);
}

double volley_stdp_at_source(const double *p, const double *now, double weight) {
  return volley_stdp_depress(p, p[ALPHA] * p[LAMBDA], weight, volley_stdp_power_of_part(p, weight), now[MINUS]);
}

const volley_synapse_events volley_stdp_events = {.at_target = volley_stdp_at_target,
                                                  .at_source = volley_stdp_at_source};

const volley_synapse_model volley_synapse_stdp = {
    .name = "stdp",
    .doc = "spike-timing dependent plasticity of pairs: additive (mu 0), multiplicative (mu 1) or by a power law",
    .equations =
        "with w = weight / Wmax: at a spike of the target w <- min(1, w + lambda (1 - w)^mu_plus K_plus), at one "
        "of the source w <- max(0, w - alpha lambda w^mu_minus K_minus); the traces K_plus of the source and "
        "K_minus of the target grow by 1 at a spike (pairing all) or are set to 1 (nearest) and decay with "
        "tau_plus and tau_minus",
    .reference = "Guetig, Aharonov, Rotter & Sompolinsky 2003; Morrison, Diesmann & Gerstner 2008. NEST's stdp_synapse",
    VOLLEY_STDP_TABLES,
    VOLLEY_TRACED_STATES(volley_stdp_states),
    .pairs = true,
    .spike = volley_stdp_spike,
    .catch_up = volley_stdp_catch_up,
    .events = &volley_stdp_events,
};
