/* Time of a run from small pieces of it that are timed here. Every piece is bounded: by its size, and by a time after which
 * it is not gone on with, so that all of them together take a second for a network of any size. */
#ifndef VOLLEY_APP_CALIBRATE_H
#define VOLLEY_APP_CALIBRATE_H

#include "app/estimate.h"

/* Seconds of a run on as many ranks and threads as the estimate is for. */
typedef struct volley_times {
  double start_s; /* of the program, until it knows the experiment: what this one has taken */
  double build_s, simulate_s, spectra_s, close_s, total_s;                      /* total_s is the sum of all these */
  double update_s, stimuli_s, deliver_s, exchange_s, record_s, learn_s, save_s; /* parts of simulate_s */
} volley_times;
volley_times volley_estimate_times(const volley_experiment *experiment, const volley_estimate *estimate,
                                   const volley_output_estimate *output, double start_s);

/* The pieces. */

/* How long a piece is gone on with, and processor time of the calling thread: what other programs take does not count. */
extern const double volley_sample_s;
double volley_thread_seconds(void);

/* Threads that can be timed at once: those of a rank, or the cores there are if they are fewer. */
int volley_sample_threads(const volley_estimate *estimate);

/* Neurons and stimuli of a rank: making them, and one step. */
typedef struct volley_neuron_times {
  double build_s, update_s, stimuli_s;
  double loop_s; /* what a step takes beside the work that is timed by itself */
  bool failed;   /* the neurons could not take a step; which one is told */
} volley_neuron_times;
volley_neuron_times volley_time_neurons(const volley_experiment *experiment, const volley_estimate *estimate);

/* All events of a run without steps on a rank, and its windows. */
typedef struct volley_event_times {
  double update_s, deliver_s, stimuli_s, windows, windows_s;
} volley_event_times;
volley_event_times volley_time_events(const volley_experiment *experiment, const volley_estimate *estimate);

/* What the simulation would take with the other kind of engine, one without steps or one with steps of 0.1 ms, about; NAN
 * where none can take it. */
double volley_time_otherwise(const volley_experiment *experiment, const volley_estimate *estimate);

/* Building all tables of a rank, and lists of edges. */
double volley_time_build(const volley_experiment *experiment, const volley_estimate *estimate);

/* One spike of the network at one block of static synapses: looking its row up and, where there is one, delivering it. */
double volley_time_spike(const volley_experiment *experiment, const volley_estimate *estimate);

/* One spike of the network on its way through the exchange of one rank. */
double volley_time_exchange(const volley_experiment *experiment, const volley_estimate *estimate);

/* One synaptic event of a plastic projection in one of `threads` threads, timed for `seconds` at most; 0 if its source is
 * silent. */
double volley_time_plastic(const volley_experiment *experiment, const volley_estimate *estimate, int projection,
                           int threads, double seconds);

/* All learning steps of a readout. */
double volley_time_learning(const volley_experiment *experiment, const volley_readout *readout,
                            const volley_estimate *estimate);

/* Eigenvalues of a readout, before and after. */
double volley_time_spectra(const volley_experiment *experiment, const volley_readout *readout,
                           const volley_estimate *estimate);

/* Writing a byte to the disk where the output is to be. */
double volley_time_writing(const char *path, double bytes);

#endif
