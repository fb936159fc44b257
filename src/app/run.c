/* volley run: from an experiment file to its results. */
#include "app/app.h"
#include "app/estimate.h"
#include "app/threads.h"
#include "build/network.h"
#include "engine/simulate.h"
#include "io/data_files.h"
#include "io/output.h"
#include "io/summary_file.h"
#include "record/record.h"

/* The progress display as an observer of the run. */
typedef struct display {
  const volley_experiment *experiment;
  int64_t interval; /* steps between two updates */
  uint64_t spikes;
} display;

static volley_status count_spikes(void *context, int64_t step, const uint32_t *gids, uint32_t n) {
  (void)step;
  (void)gids;
  ((display *)context)->spikes += n;
  return VOLLEY_OK;
}

static volley_status show(void *context, int64_t step) {
  const display *d = context;
  if (step % d->interval == 0) {
    volley_progress_update((double)step * d->experiment->simulation.dt, d->spikes, d->experiment->neurons);
  }
  return VOLLEY_OK;
}

static volley_status simulate(volley_network *network, volley_recording *recording, int progress,
                              volley_summary *summary) {
  const volley_experiment *experiment = network->experiment;
  const int64_t interval = volley_steps(experiment, 1.0);
  display d = {.experiment = experiment, .interval = interval > 1 ? interval : 1};
  const volley_observer observers[] = {volley_recording_observer(recording),
                                       {.context = &d, .spikes = count_spikes, .advance = show}};
  const double total_ms = (double)experiment->simulation.steps * experiment->simulation.dt;
  const bool shows = network->rank == 0;
  if (shows) volley_progress_begin((volley_progress_mode)progress, total_ms, stderr);
  volley_status status = volley_simulate(network, observers, shows ? 2 : 1, summary);
  if (shows) volley_progress_end();
  if (status == VOLLEY_OK) status = volley_recording_flush(recording);
  return status;
}

/* The run proper: simulates into an open output and closes it, whatever happens. */
static volley_status record_run(volley_network *network, const char *path, int progress, volley_summary *summary) {
  volley_recording *recording = volley_recording_create(network);
  volley_output *output = NULL;
  volley_status status =
      volley_output_open(network->experiment, path, volley_recording_columns(recording), network->comm, &output);
  if (status == VOLLEY_OK) {
    volley_recording_set_sink(recording, volley_output_sink(output));
    status = simulate(network, recording, progress, summary);
    const volley_status closed = volley_output_close(output, status == VOLLEY_OK ? summary : NULL);
    if (status == VOLLEY_OK) status = closed;
  }
  volley_recording_destroy(recording);
  return status;
}

static void print_result(const volley_summary *summary, const char *path) {
  printf("%-20s %13s\n", "population", "mean rate");
  for (int p = 0; p < summary->n_populations; p++) {
    printf("%-20s %10.3f Hz\n", summary->population_names[p], summary->rate_hz[p]);
  }
  printf("%u neurons, %llu synapses, %d ranks x %d threads: built in %.3g s, %g ms simulated in %.3g s "
         "(real-time factor %.3g)\n",
         summary->neurons, (unsigned long long)summary->synapses, summary->ranks, summary->threads, summary->build_s,
         summary->model_ms, summary->simulate_s, summary->real_time_factor);
  char digest[VOLLEY_DIGEST_SIZE];
  volley_digest_text(summary->digest, digest);
  printf("spike digest %s\nresults in %s\n", digest, path);
}

/* Rank 0 tells the user and writes the summary; all ranks agree on whether it could. */
static volley_status report(const volley_summary *summary, const char *path, const char *summary_path, MPI_Comm comm) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    print_result(summary, path);
    if (summary_path) volley_summary_write(summary, summary_path);
  }
  return volley_agree(comm);
}

static volley_status run_experiment(const volley_experiment *experiment, const void *context, MPI_Comm comm) {
  const volley_run_options *options = context;
  const char *path = options->output ? options->output : experiment->output;
  VOLLEY_TRY(volley_output_check(path, options->overwrite, comm));
  if (options->summary) VOLLEY_TRY(volley_output_check(options->summary, true, comm));
  const int threads = volley_choose_threads(options->threads, comm);
  const volley_reader reader = volley_data_reader(&comm);
  VOLLEY_TRY(volley_memory_check(experiment, &reader, threads, comm));

  volley_summary summary = {0};
  volley_network *network = NULL;
  const double start = MPI_Wtime();
  VOLLEY_TRY(volley_network_build(experiment, &reader, threads, comm, &network));
  summary.build_s = MPI_Wtime() - start;

  volley_status status = record_run(network, path, options->progress, &summary);
  if (status == VOLLEY_OK) status = report(&summary, path, options->summary, comm);
  volley_summary_release(&summary);
  volley_network_destroy(network);
  return status;
}

volley_status volley_run_command(int n_arguments, const char *const *arguments) {
  volley_run_options options = {0};
  return volley_on_experiment(&volley_run_usage, n_arguments, arguments, &options, &options.file, &options.sets,
                              run_experiment);
}
