/* Theta neuron whose phase jumps with each arriving spike, in closed form.
 * Ermentrout & Kopell (1986), SIAM J. Appl. Math. 46: 233-253.
 *
 *   dV/dt = 1 - cos V + pi^2 (1 + cos V) (I_e + I), t in seconds;   V >= pi: a spike, V = -pi
 *
 * x = tan(V / 2) obeys dx/dt = x^2 + pi^2 (I_e + I) and jumps by pi^2 times the weight of a spike, which is the area of a
 * current that is as short as can be: theta with tau_rise 0 and tau_decay towards 0. */
#include "neuron/by_events.h"
#include "neuron/riccati.h"

#include <stddef.h>

enum { I_e, N_PARAMETERS };
enum { V_m, N_STATES };
enum { SPIKES };

static const double pi = 0x1.921fb54442d18p+1, per_ms = 1e-3;

static const volley_key_info parameters[N_PARAMETERS] = {
    [I_e] = {"I_e", "", 0, -INFINITY, INFINITY, .doc = "constant input current; alone it gives sqrt(I_e) Hz"},
};

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "", -1, 0, -0x1.921fb54442d18p+1, 0x1.921fb54442d18p+1, "phase in radians"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "s", VOLLEY_SIGNED, -1, "jump of tan(V / 2), over pi^2: the area of a current"},
};

enum { DRIVE, N_EVENT_COEFFICIENTS };

static void prepare_events(const double *p, double *c) { c[DRIVE] = p[I_e]; }

static void prepare(const double *p, double dt, double *c) {
  prepare_events(p, c);
  c[N_EVENT_COEFFICIENTS + VOLLEY_STEP_LENGTH] = dt;
  c[N_EVENT_COEFFICIENTS + VOLLEY_STEP_REFRACTORY] = 0;
}

static double mean_current(const double *p, int receptor) {
  (void)p, (void)receptor;
  return 1;
}

static double drive(const double *c, double current) { return pi * pi * (c[DRIVE] + current); }

static void advance(const double *c, double *y, double h, double current, bool held) {
  (void)held;
  y[V_m] = 2 * atan(volley_riccati_at(tan(y[V_m] / 2), per_ms, drive(c, current), h));
}

static double next(const double *c, const double *y, double current, double horizon) {
  (void)horizon;
  return volley_riccati_time(tan(y[V_m] / 2), per_ms, drive(c, current), INFINITY);
}

static bool arrive(const double *c, double *y, int receptor, double weight, double left) {
  (void)c, (void)receptor, (void)left;
  if (weight != 0) y[V_m] = 2 * atan(tan(y[V_m] / 2) + pi * pi * weight);
  return false;
}

static double fire(const double *c, double *y) {
  (void)c;
  y[V_m] = -pi;
  return 0;
}

static const volley_neuron_events events = {.n_coefficients = N_EVENT_COEFFICIENTS,
                                            .refractory = -1,
                                            .prepare = prepare_events,
                                            .advance = advance,
                                            .next = next,
                                            .arrive = arrive,
                                            .fire = fire};

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update_by_events(slice, spikes, &events, N_STATES);
}

const volley_neuron_model volley_theta_delta = {
    .name = "theta_delta",
    .doc = "theta neuron whose phase jumps with each arriving spike, in closed form",
    .reference = "Ermentrout & Kopell (1986)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_EVENT_COEFFICIENTS + VOLLEY_N_STEP,
    .current_unit = "",
    .receptor_of_sign = {SPIKES, SPIKES},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
    .events = &events,
};
