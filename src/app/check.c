/* volley check: all that a run would find wrong, and what it would take, without running it. */
#include "app/app.h"
#include "app/estimate.h"
#include "app/petsc_options.h"
#include "app/threads.h"
#include "base/text.h"
#include "build/values.h"
#include "force/readout_values.h"
#include "io/checkpoint.h"
#include "io/data_files.h"
#include "io/experiment_file.h"
#include "io/written_files.h"
#include "signal/signal.h"
#include "stimulus/stimulus.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* Whether only the values of single neurons can show what is wrong with a population. */
static bool needs_values(const volley_population *population) {
  bool needed = population->model->check && volley_population_is_per_neuron(population);
  for (int k = 0; k < population->model->n_parameters; k++) needed |= population->parameters[k].kind == VOLLEY_DATASET;
  for (int k = 0; k < population->model->n_states; k++) needed |= population->initial[k].kind == VOLLEY_DATASET;
  return needed;
}

/* Draws or reads the values of neurons, as a run would, for the faults that only they show. */
static volley_status check_values(const volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  bool needed = false;
  for (int p = 0; p < experiment->n_populations; p++) needed |= needs_values(&experiment->populations[p]);
  if (!needed) return VOLLEY_OK;
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_partition *partition = volley_partition_create(experiment, rank, ranks);
  volley_status status = VOLLEY_OK;
  for (int p = 0; p < experiment->n_populations && status == VOLLEY_OK; p++) {
    if (!needs_values(&experiment->populations[p])) continue;
    volley_values values;
    status = volley_values_make(partition, p, reader, comm, &values);
    if (status == VOLLEY_OK) volley_values_free(experiment->populations[p].model, &values);
  }
  volley_partition_destroy(partition);
  return status;
}

static void print_network(const volley_experiment *experiment, const volley_estimate *e) {
  printf("%s\n", volley_show(experiment->title[0] ? experiment->title : experiment->file).text);
  printf("  neurons         %u in %s\n", experiment->neurons,
         volley_count((uint64_t)experiment->n_populations, "population").text);
  printf("  synapses        %.0f in %s\n", e->synapses,
         volley_count((uint64_t)experiment->n_projections, "projection").text);
  if (e->synapses > 0) printf("  delays          about %g to %g ms\n", e->min_delay, e->max_delay);
  printf("  model time      %g ms in steps of %g ms\n",
         (double)experiment->simulation.steps * experiment->simulation.dt, experiment->simulation.dt);
}

static void print_balance(const volley_experiment *experiment, const volley_estimate *e) {
  printf("%s partition over %s\n", experiment->simulation.partitioner->name,
         volley_count((uint64_t)e->ranks, "rank").text);
  printf("  neurons         %.0f to %.0f a rank\n", e->neuron_balance.least, e->neuron_balance.most);
  printf("  synapses        %.0f to %.0f a rank", e->synapse_balance.least, e->synapse_balance.most);
  if (e->synapses > 0)
    printf(", the fullest %.1f %% above the mean", 100 * (e->synapse_balance.most / e->synapse_balance.mean - 1));
  printf("\n");
}

static void print_memory(const volley_experiment *experiment, const volley_estimate *e) {
  printf("memory of each of %s\n", volley_count((uint64_t)e->ranks, "rank").text);
  printf("  program         %10.1f MB\n", 1e-6 * e->base_bytes);
  printf("  neurons         %10.1f MB\n", 1e-6 * e->neuron_bytes);
  printf("  synapse tables  %10.1f MB, %.2f bytes a synapse\n", 1e-6 * e->table_bytes,
         e->synapses > 0 ? e->table_bytes * e->ranks / e->synapses : 0);
  if (experiment->n_readouts > 0) printf("  readouts        %10.1f MB\n", 1e-6 * e->readout_bytes);
  printf("  recording       %10.1f MB\n", 1e-6 * e->record_bytes);
  printf("  while building  %10.1f MB more\n", 1e-6 * e->build_bytes);
  printf("  peak            %10.1f MB\n", 1e-6 * e->peak_bytes);
  printf("a checkpoint takes  %6.1f MB on disk\n", 1e-6 * (double)volley_checkpoint_bytes(experiment));
}

static void print_times(const volley_experiment *experiment, const volley_estimate *e, const volley_times *t) {
  const double model_ms = (double)experiment->simulation.steps * experiment->simulation.dt;
  printf("time on %s x %s, if they run like this machine\n", volley_count((uint64_t)e->ranks, "rank").text,
         volley_count((uint64_t)e->threads, "thread").text);
  printf("  spikes          %10.3g%s\n", e->spikes, e->assumed_rates ? ", see below" : "");
  printf("  synaptic events %10.3g\n", e->events);
  printf("  build           %10.1f s\n", t->build_s);
  printf("  simulate        %10.1f s (%s): neurons %.1f s, delivery %.1f s, exchange %.1f s", t->simulate_s,
         volley_speed(t->simulate_s, model_ms).text, t->update_s, t->deliver_s, t->exchange_s);
  if (experiment->n_readouts > 0) printf(", learning %.1f s", t->learn_s);
  printf("\n");
  if (e->assumed_rates) {
    printf("Populations without mean_rate are taken to fire at %g Hz; give mean_rate for a better estimate.\n",
           volley_assumed_rate);
  }
}

static void print_estimate(const volley_experiment *experiment, const volley_estimate *estimate) {
  const volley_times times = volley_estimate_times(experiment, estimate);
  print_network(experiment, estimate);
  print_balance(experiment, estimate);
  print_memory(experiment, estimate);
  print_times(experiment, estimate, &times);
  if (access(experiment->output, F_OK) == 0)
    printf("%s is there already: run needs --overwrite, or another name by -o.\n", experiment->output);
}

static volley_status check_experiment(volley_experiment *experiment, const volley_check_options *options,
                                      MPI_Comm comm) {
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  const volley_reader reader = volley_data_reader(&comm);
  volley_experiment_print_notes(experiment, comm);
  const volley_written written = {
      .output = experiment->output,
      .checkpoint = experiment->checkpoint.file
                        ? experiment->checkpoint.file
                        : volley_checkpoint_beside(experiment->arena, experiment->output),
      .keep = experiment->checkpoint.keep,
      .overwrite = true,
      .saves = experiment->checkpoint.file};
  VOLLEY_TRY(volley_written_check(experiment, &written, comm));
  int threads;
  VOLLEY_TRY(volley_choose_threads(options->threads, comm, &threads));
  VOLLEY_TRY(volley_petsc_prepare(experiment, 0, NULL));
  VOLLEY_TRY(volley_signals_load(experiment, &reader, comm));
  VOLLEY_TRY(volley_stimuli_load(experiment, &reader, comm));
  VOLLEY_TRY(check_values(experiment, &reader, comm));
  VOLLEY_TRY(volley_readouts_check(experiment, &reader, comm));
  volley_estimate estimate;
  if (options->ranks > 0) ranks = options->ranks;
  const volley_status status = volley_estimate_make(experiment, &reader, ranks, threads, true, &estimate);
  if (status == VOLLEY_OK && rank == 0) print_estimate(experiment, &estimate);
  volley_estimate_release(&estimate);
  VOLLEY_TRY(status);
  return volley_agree(comm);
}

volley_status volley_check_command(int n_arguments, const char *const *arguments) {
  const MPI_Comm comm = MPI_COMM_WORLD;
  volley_check_options options = {0};
  volley_options_parse(&volley_check_usage, n_arguments, arguments, &options);
  volley_status status = volley_agree(comm);
  volley_experiment *experiment = NULL;
  const volley_text_list *sets = &options.sets;
  if (status == VOLLEY_OK) status = volley_experiment_read(options.file, sets->texts, sets->n, comm, &experiment);
  if (status == VOLLEY_OK) status = check_experiment(experiment, &options, comm);
  volley_experiment_destroy(experiment);
  free(options.sets.texts);
  return status;
}
