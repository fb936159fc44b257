#include "neuron/psc.h"

/* Time constants so near to each other that in the course of V an expansion to the second order of their difference is as good
 * as differences of exponentials, both to some 1e-10; and so near that V itself is better taken from its mean. */
static const double equal = 1e-3, near = 0.1;

void volley_psc_prepare(const volley_psc_parameters *p, double *c) {
  c[PSC_LEAK] = isinf(p->tau_m) ? 0 : 1 / p->tau_m;
  c[PSC_ELASTANCE] = 1 / p->C_m;
  for (int x = 0; x < VOLLEY_PSC_RECEPTORS; x++) {
    const double tau = p->tau[x];
    const double apart = isinf(p->tau_m) ? INFINITY : fabs(tau - p->tau_m) / fmin(tau, p->tau_m);
    const double span = isinf(p->tau_m) ? -tau : apart < equal ? 0 : tau * p->tau_m / (tau - p->tau_m);
    c[PSC_RATE + x] = 1 / tau;
    c[PSC_SPAN + x] = span;
    c[PSC_PART + x] = span / p->C_m;
    c[PSC_RISE + x] = exp(1) / tau;
    c[PSC_NEAR + x] = apart < near;
  }
  c[PSC_REST] = p->E_L;
  c[PSC_DRIVE] = p->I_e;
  c[PSC_RESISTANCE] = isinf(p->tau_m) ? 0 : p->tau_m / p->C_m;
  c[PSC_THRESHOLD] = p->V_th;
  c[PSC_HELD] = volley_held_potential(p->V_reset, p->V_refractory, p->t_ref);
  c[PSC_PERIOD] = p->t_ref;
}
