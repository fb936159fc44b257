/* Inhibitory plasticity that keeps the target's rate: symmetric in time, with a constant loss at spikes of the source. */
#include "synapse/pairing.h"

#include <math.h>

enum { ETA, ALPHA, TAU, TAU_MINUS, WMAX, N_PARAMETERS };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"eta", "weight", 0.001, -INFINITY, INFINITY, .doc = "growth at a spike of either side for a trace of 1"},
    {"alpha", "", 0.12, 0, INFINITY,
     .doc = "loss at a spike of the source, in eta; 2 rho_0 tau leads to the rate rho_0 of the target"},
    {"tau", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the source's trace"},
    {"tau_minus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the target's trace; in NEST the neuron's"},
    {"Wmax", "weight", 1, -INFINITY, INFINITY, .doc = "greatest weight; negative for inhibitory synapses"},
};

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
    {"K_plus", "", -1, 0, VOLLEY_ANY, "trace of the source"},
    {"K_minus", "", -1, 0, VOLLEY_ANY, "trace of the target"},
};
enum { PLUS, MINUS };
static const volley_trace_info traces[] = {
    [PLUS] = {VOLLEY_OF_SOURCE, TAU, VOLLEY_JUMP_1},
    [MINUS] = {VOLLEY_OF_TARGET, TAU_MINUS, VOLLEY_JUMP_1},
};
static const char *const row_states[] = {"trace_before", "trace"};

static const char *check(const double *values) { return values[WMAX] == 0 ? "Wmax must not be 0" : NULL; }

static void range(const double *values, double *low, double *high) {
  *low = fmin(0, values[WMAX]);
  *high = fmax(0, values[WMAX]);
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  (void)pairs, (void)k;
  const double *p = b->constants->parameters;
  return volley_change_size(weight, p[ETA] * volley_source_trace(b, PLUS, arrival), p[WMAX]);
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight) {
  const double *p = b->constants->parameters;
  const double grown = volley_change_size(weight, p[ETA] * volley_target_trace(b, MINUS, pairs), p[WMAX]);
  return volley_change_size(grown, -loss, p[WMAX]);
}

static const volley_pairing pairing = {.at_target = at_target, .at_source = at_source};

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters;
  volley_pairing_spike(b, input, pairing, p[ALPHA] * p[ETA]);
}

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

/* From event to event. */
static double change_at_target(const double *p, const double *now, double weight) {
  return volley_change_size(weight, p[ETA] * now[PLUS], p[WMAX]);
}

static double change_at_source(const double *p, const double *now, double weight) {
  return volley_change_size(volley_change_size(weight, p[ETA] * now[MINUS], p[WMAX]), -p[ALPHA] * p[ETA], p[WMAX]);
}

static const volley_synapse_events events = {.at_target = change_at_target, .at_source = change_at_source};

const volley_synapse_model volley_synapse_vogels_sprekeler = {
    .name = "vogels_sprekeler",
    .doc = "inhibitory plasticity that keeps the rates of its targets: symmetric in time, with a constant loss",
    .equations =
        "at a spike of the target |weight| <- |weight| + eta K_plus, at one of the source |weight| <- |weight| + "
        "eta K_minus and then |weight| - alpha eta, each within 0 and |Wmax|; the traces K_plus of the source "
        "and K_minus of the target grow by 1 at a spike and decay with tau and tau_minus",
    .reference = "Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011. NEST's vogels_sprekeler_synapse",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_TRACED_STATES(states),
    VOLLEY_TRACES(traces),
    VOLLEY_ROW_STATES(row_states),
    .keeps_past = true,
    .check = check,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
    .events = &events,
};
