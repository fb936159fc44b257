/* The filtered spikes r of all neurons of a readout, and what is linear in them. With rise time tr > 0, in one step,
 *
 *   r <- r exp(-dt/tr) + h dt,   h <- h exp(-dt/td) + [spike] / (tr td)
 *
 * in this order, and with tr = 0: r <- r exp(-dt/td) + [spike] / td. The filters of the neurons are brought up to date
 * together now and then, in closed form; in between only spikes are noted. */
#ifndef VOLLEY_LEARNER_FILTER_H
#define VOLLEY_LEARNER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

/* Constants of one step; time in the filter's unit. */
typedef struct volley_kinetics {
  double dt, rise, decay; /* dt; exp(-dt/tr), 0 for a single exponential; exp(-dt/td) */
  double jump;            /* of a spike: 1 / (tr td), or 1 / td */
  bool is_double;
} volley_kinetics;

/* rise, decay, dt in ms; unit: ms that time is counted in. */
volley_kinetics volley_kinetics_make(double rise, double decay, double dt, double unit);

/* One step of n filtered values; inputs: [n] sums of what spikes add, without the jump; h is not used by single exponentials. */
void volley_kinetics_step(const volley_kinetics *kinetics, uint32_t n, double *r, double *h, const double *inputs);

/* How r and h have moved since a mark: r = rr r_marked + rh h_marked, h = hh h_marked, but for the neurons that spiked. */
typedef struct volley_motion {
  double rr, rh, hh;
  uint32_t *moved; /* [n_moved] neurons that spiked, each once, in the order of their first spikes */
  uint32_t n_moved;
} volley_motion;

typedef struct volley_filter {
  volley_kinetics kinetics;
  uint32_t n;
  double *r, *h;              /* [n] at the end of step `synced` - 1 */
  int64_t synced;             /* the next step to be taken into r and h */
  int64_t next;               /* the next step to be noted */
  uint32_t *neurons, *counts; /* spikes noted since: neurons, by step; spikes of each step since */
  uint32_t n_noted, capacity;
  volley_motion motion; /* from the mark to the last step taken into r and h */
  bool *is_moved;       /* [n] */
  double *powers;       /* [3][VOLLEY_FILTER_STEPS + 1]: factors of r, of h in r, of h after so many steps */
} volley_filter;

enum { VOLLEY_FILTER_STEPS = 256 /* at most noted before the filters are brought up to date */ };

/* In place, so that what is made hangs on it wherever there is no more memory. */
void volley_filter_create(volley_filter *filter, volley_kinetics kinetics, uint32_t n);
void volley_filter_free(volley_filter *filter);

/* Makes room for n more. */
void volley_filter_reserve(volley_filter *filter, uint32_t n);

/* Notes the spikes of the next step: n neurons. */
void volley_filter_note(volley_filter *filter, const uint32_t *neurons, uint32_t n);

/* Brings r and h up to the end of the last step noted. */
void volley_filter_sync(volley_filter *filter);

/* Adds a neuron to those that have moved, if it is not there yet. */
void volley_filter_note_moved(volley_filter *filter, uint32_t neuron);

/* Sets the mark of the motion to now; the filter must be in sync. */
void volley_filter_mark(volley_filter *filter);

#endif
