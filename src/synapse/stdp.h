/* What stdp shares with its variants, which pair other spikes: parameters, traces and steps. */
#ifndef VOLLEY_SYNAPSE_STDP_H
#define VOLLEY_SYNAPSE_STDP_H

#include "synapse/pairing.h"

#include <math.h>

enum { LAMBDA, ALPHA, TAU_PLUS, TAU_MINUS, MU_PLUS, MU_MINUS, WMAX, N_PARAMETERS };
enum { PLUS, MINUS, N_TRACES }; /* of the source, of the target */

extern const volley_key_info volley_stdp_parameters[N_PARAMETERS];
extern const volley_state_info
    volley_stdp_states[1 + N_TRACES]; /* the weight, and what recorders find beside it: the traces */
extern const volley_trace_info volley_stdp_traces[N_TRACES];
extern const char *const volley_stdp_row_states[2];

const char *volley_stdp_check(const double *values);
void volley_stdp_range(const double *values, double *low, double *high);
void volley_stdp_spike(volley_synapse_view *view, double *input);
void volley_stdp_catch_up(volley_synapse_view *view);
double volley_stdp_at_target(const double *parameters, const double *traces, double weight);
double volley_stdp_at_source(const double *parameters, const double *traces, double weight);
extern const volley_synapse_events volley_stdp_events;

/* The members of a model that are stdp's. */
#define VOLLEY_STDP_TABLES                                                                                             \
  VOLLEY_PARAMETERS(volley_stdp_parameters), VOLLEY_TRACES(volley_stdp_traces),                                        \
      VOLLEY_ROW_STATES(volley_stdp_row_states), .keeps_past = true, .check = volley_stdp_check,                       \
                                                 .range = volley_stdp_range

/* What the powers mu_plus and mu_minus are taken of. */
static inline double volley_stdp_rest(const double *p, double weight) { return 1 - weight / p[WMAX]; }
static inline double volley_stdp_part(const double *p, double weight) { return weight / p[WMAX]; }

/* The weight after a spike of the target, or of the source, that finds this trace of the other. */
static inline double volley_stdp_facilitate(const double *p, double weight, double power, double trace) {
  if (!(trace > 0)) return weight;
  const double w = weight / p[WMAX];
  const double next = w + p[LAMBDA] * power * trace;
  return next < 1 ? next * p[WMAX] : p[WMAX];
}

static inline double volley_stdp_depress(const double *p, double loss, double weight, double power, double trace) {
  if (!(trace > 0)) return weight;
  const double w = weight / p[WMAX];
  const double next = w - loss * power * trace;
  return next > 0 ? next * p[WMAX] : 0;
}

/* The powers of a synapse by itself. */
static inline double volley_stdp_power(double x, double mu) { return mu == 0 ? 1 : mu == 1 ? x : pow(x, mu); }
static inline double volley_stdp_power_of_rest(const double *p, double weight) {
  return volley_stdp_power(volley_stdp_rest(p, weight), p[MU_PLUS]);
}
static inline double volley_stdp_power_of_part(const double *p, double weight) {
  return volley_stdp_power(volley_stdp_part(p, weight), p[MU_MINUS]);
}

#endif
