#define _GNU_SOURCE /* O_TMPFILE */
#include "app/calibrate.h"

#include "exchange/exchange.h"
#include "record/kind.h"

#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Counting a spike and handing it to a recorder; sampling a value; a byte on its way through HDF5: seconds, on the machine of
 * docs/performance.md. */
static const double count_s = 5e-9, spike_s = 15e-9, value_s = 3e-9, recorded_byte_s = 0.7e-9;

/* A byte on its way through shuffle and gzip: most of what recording takes then. */
static const double compressed_byte_s = 20e-9;

/* Every rank asks for every neuron who owns it. */
static const double owner_s = 5e-9;

/* What opening and closing a file of results or a checkpoint takes beside its bytes. */
static const double file_s = 0.03;

const double volley_sample_s = 0.1;

double volley_thread_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int volley_sample_threads(const volley_estimate *estimate) {
  const int cores = omp_get_num_procs();
  return estimate->threads < cores ? estimate->threads : cores;
}

double volley_time_writing(const char *path, double bytes) {
  enum { PIECE = 1 << 20, MOST = 64 };
  const double otherwise = 1e-9; /* seconds a byte, where it cannot be tried */
  char *name = volley_alloc(strlen(path) + 1, 1, "a path");
  strcpy(name, path);
  const int file =
      open(dirname(name), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600); /* has no name and leaves nothing behind */
  free(name);
  if (file < 0) return otherwise;
  char *piece = volley_alloc(PIECE, 1, "an estimate");
  const double begin = MPI_Wtime();
  double written = 0;
  bool works = true;
  while (works && written < fmin(bytes, (double)MOST * PIECE) && MPI_Wtime() < begin + volley_sample_s) {
    works = write(file, piece, PIECE) == PIECE;
    written += PIECE;
  }
  works = works && fsync(file) == 0;
  const double seconds = MPI_Wtime() - begin;
  free(piece);
  close(file);
  return works ? seconds / written : otherwise;
}

/* Seconds to deliver all spikes of a run. Every block looks at every spike. */
static double time_delivery(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double workers = (double)estimate->ranks * estimate->threads, of_thread = estimate->blocks / estimate->threads;
  int plastic = 0;
  for (int p = 0; p < experiment->n_projections; p++) plastic += experiment->projections[p].plasticity.model != NULL;
  double seconds = estimate->spikes * of_thread * volley_time_spike(experiment, estimate);
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_population *source = &experiment->populations[experiment->projections[p].source];
    if (!experiment->projections[p].plasticity.model || estimate->expected[p] == 0) continue;
    const double events = volley_model_seconds(experiment) * volley_expected_rate(source) * estimate->expected[p];
    seconds +=
        events / workers *
        volley_time_plastic(experiment, estimate, p, volley_sample_threads(estimate), 2 * volley_sample_s / plastic);
  }
  return seconds;
}

/* What goes between ranks. Readouts need every step's spikes at once. */
static double time_between_ranks(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double steps = (double)experiment->simulation.steps, dt = experiment->simulation.dt, ranks = estimate->ranks;
  const double lag =
      experiment->n_readouts == 0 && isfinite(estimate->min_delay) ? fmax(1, round(estimate->min_delay / dt)) : 1;
  const double neurons = (double)experiment->neurons / ranks;
  const volley_exchange_load load = {.ranks = estimate->ranks,
                                     .group = experiment->simulation.exchange_group,
                                     .steps = steps,
                                     .batch = experiment->simulation.batch_exchange ? lag : 1,
                                     .lag = lag,
                                     .spikes = estimate->spikes / steps / ranks,
                                     .neurons = neurons,
                                     .sources = fmin(estimate->rows, (double)experiment->neurons - neurons)};
  const volley_exchange_kind *kind = experiment->simulation.exchange;
  return estimate->ranks > 1 && kind->expected_cost ? kind->expected_cost(&load).seconds : 0;
}

/* Seconds of all exchanges: what comes with a step on one rank is in loop_s. */
static double time_exchange(const volley_experiment *experiment, const volley_estimate *estimate) {
  return estimate->spikes * (count_s + volley_time_exchange(experiment, estimate)) +
         time_between_ranks(experiment, estimate);
}

/* Seconds of recording: every rank numbers all spikes, each samples its values, and all write to one disk. */
static double time_recording(const volley_experiment *experiment, const volley_estimate *estimate, double bytes,
                             double byte_s) {
  const double workers = (double)estimate->ranks * estimate->threads;
  double seconds = bytes * (byte_s + recorded_byte_s);
  if (experiment->compression > 0) seconds += bytes * compressed_byte_s / estimate->ranks;
  for (int r = 0; r < experiment->n_recorders; r++) {
    const volley_records records = volley_estimate_records(experiment, estimate, r);
    seconds += experiment->recorders[r].kind->holds_spikes ? records.count * spike_s
                                                           : records.count * records.width * value_s / workers;
  }
  return seconds;
}

/* Seconds of checkpoints; by the clock there are as many as the time of the rest allows. */
static double time_saving(const volley_experiment *experiment, const volley_output_estimate *output, double rest,
                          double byte_s) {
  const volley_checkpoint_plan *plan = &experiment->checkpoint;
  const double each = 2 * file_s + output->checkpoint_bytes * (byte_s + recorded_byte_s);
  if (plan->steps > 0) return each * ceil((double)experiment->simulation.steps / (double)plan->steps);
  return plan->wall > 0 ? each * (1 + floor(rest / plan->wall)) : 0;
}

/* The parts of simulate_s that engines without steps take in their own way. */
static void time_continuous(const volley_experiment *experiment, const volley_estimate *estimate, volley_times *times) {
  const double neuron_s = 100e-9;
  const volley_event_times events = volley_time_events(experiment, estimate);
  const double words = 12 * (1 + estimate->spikes / fmax(1, events.windows) / estimate->ranks);
  times->build_s = neuron_s * (double)experiment->neurons / estimate->ranks;
  times->update_s = events.update_s;
  times->stimuli_s = events.stimuli_s;
  times->deliver_s = events.deliver_s;
  times->exchange_s = events.windows_s + estimate->spikes * 10 * count_s;
  times->exchange_s += events.windows * volley_exchange_allgather_s(estimate->ranks, words);
}

/* The same where all neurons take all steps. Returns whether they can. */
static bool time_steps(const volley_experiment *experiment, const volley_estimate *estimate, volley_times *times) {
  const double steps = (double)experiment->simulation.steps;
  const volley_neuron_times neurons = volley_time_neurons(experiment, estimate);
  times->build_s = neurons.build_s;
  times->update_s = steps * neurons.update_s;
  times->stimuli_s = steps * neurons.stimuli_s;
  times->deliver_s = time_delivery(experiment, estimate);
  times->exchange_s = time_exchange(experiment, estimate) + steps * neurons.loop_s;
  return !neurons.failed;
}

volley_times volley_estimate_times(const volley_experiment *experiment, const volley_estimate *estimate,
                                   const volley_output_estimate *output, double start_s) {
  const double byte_s =
      output->needed_bytes > 1e6 ? volley_time_writing(experiment->output, output->needed_bytes) : 1e-9;
  volley_times times = {.start_s = start_s};
  bool works = true;
  if (experiment->simulation.continuous)
    time_continuous(experiment, estimate, &times);
  else
    works = time_steps(experiment, estimate, &times);
  times.build_s += owner_s * (double)experiment->neurons + volley_time_build(experiment, estimate);
  times.record_s = time_recording(experiment, estimate, output->file_bytes, byte_s);
  for (int r = 0; r < experiment->n_readouts; r++) {
    times.learn_s += volley_time_learning(experiment, &experiment->readouts[r], estimate);
    times.spectra_s += volley_time_spectra(experiment, &experiment->readouts[r], estimate);
  }
  times.simulate_s =
      times.update_s + times.stimuli_s + times.deliver_s + times.exchange_s + times.record_s + times.learn_s;
  times.save_s = time_saving(experiment, output, times.simulate_s, byte_s);
  times.simulate_s += times.save_s;
  times.close_s =
      file_s + (times.save_s > 0 ? output->file_bytes * (byte_s + 2 * recorded_byte_s) : 0); /* joins the parts */
  if (!works) volley_fault(VOLLEY_FAILURE, NULL, "a trial of some steps of these neurons with their stimuli failed");
  times.total_s = start_s + times.build_s + times.simulate_s + times.spectra_s + times.close_s;
  return times;
}
