/* volley check: all that a run would find wrong, and what it would take, without running it. */
#include "experiment/check.h"
#include "app/app.h"
#include "app/check_report.h"
#include "app/compare_partitions.h"
#include "app/written_files.h"
#include "force/readout_values.h"
#include "io/data/reader.h"
#include "io/experiment/file.h"
#include "network/sources.h"
#include "network/values.h"
#include "run/run.h"
#include "run/threads.h"

#include <stdio.h>
#include <stdlib.h>

/* What the words of the command say. */
typedef struct settings {
  const char *file;
  int ranks, threads; /* 0: not given */
  int nsyns;          /* 1: ignored */
  bool json, resolved, compare_partitions;
  volley_text_list sets;
} settings;

static const volley_option option_table[] = {
    {"FILE", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL,
     "experiment (YAML) or SONATA configuration (JSON)"},
    {"ranks", 0, VOLLEY_OPTION_COUNT, false, offsetof(settings, ranks), "R",
     "ranks to plan for; default those it is started with"},
    VOLLEY_OPTION_THREADS(settings),
    VOLLEY_OPTION_SETS(settings),
    VOLLEY_OPTION_NSYNS(settings),
    {"json", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, json), NULL,
     "print all figures as JSON: bytes, seconds, milliseconds"},
    {"compare-partitions", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, compare_partitions), NULL,
     "print the shares that each kind of partition makes instead, and which is best"},
    {"resolved", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, resolved), NULL,
     "print the experiment instead: every key, with defaults and in its documented unit"},
};

/* Draws or reads the values of neurons, as a run would, for the faults that only they show. */
static volley_status check_values(const volley_experiment *given, const volley_reader *reader, MPI_Comm comm) {
  const volley_experiment plain = volley_partition_plainly(given),
                          *experiment = &plain; /* on the ranks that are here */
  bool needed = false;
  for (int p = 0; p < experiment->n_populations; p++) needed |= volley_values_can_be_wrong(experiment, p);
  if (!needed) return VOLLEY_OK;
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_partition *partition;
  VOLLEY_TRY(volley_partition_create(experiment, rank, ranks, reader, comm, &partition));
  volley_status status = VOLLEY_OK;
  for (int p = 0; p < experiment->n_populations && status == VOLLEY_OK; p++)
    status = volley_values_check(partition, p, true, reader, comm);
  volley_partition_destroy(partition);
  return status;
}

/* Rank 0 times pieces and prints. Collective. */
static volley_status print_estimate(volley_experiment *experiment, const volley_reader *reader, const settings *options,
                                    const volley_estimate *estimate, double start_s, MPI_Comm comm) {
  volley_output_estimate output = {0};
  volley_times times = {0};
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    output = volley_estimate_output(experiment, estimate);
    times = volley_estimate_times(experiment, estimate, &output, start_s);
  }
  const volley_check_figures figures = {experiment, estimate, &output, &times};
  if (rank == 0 && volley_local_status() == VOLLEY_OK && !options->compare_partitions)
    (options->json ? volley_check_print_json : volley_check_print)(&figures);
  if (rank == 0) volley_output_estimate_release(&output);
  VOLLEY_TRY(volley_agree(comm));
  if (!options->compare_partitions) return VOLLEY_OK;
  return volley_partitions_compare(experiment, reader, estimate, &times, options->json, comm);
}

static volley_status check_experiment(volley_experiment *experiment, const settings *options, MPI_Comm comm) {
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  const volley_reader reader = volley_data_reader(&comm);
  volley_experiment_print_notes(experiment, comm);
  const volley_written written = {.output = experiment->output,
                                  .checkpoint = experiment->checkpoint.file
                                                    ? experiment->checkpoint.file
                                                    : volley_checkpoint_beside(experiment->arena, experiment->output),
                                  .keep = experiment->checkpoint.keep,
                                  .overwrite = true,
                                  .saves = experiment->checkpoint.file};
  VOLLEY_TRY(volley_written_check(experiment, &written, comm));
  VOLLEY_TRY(volley_run_load(experiment, &reader, comm));
  int threads;
  if (options->ranks > 0) ranks = options->ranks;
  VOLLEY_TRY(volley_choose_threads(options->threads, experiment, ranks, comm, &threads));
  VOLLEY_TRY(volley_readouts_check(experiment, &reader, comm));
  const double start_s = volley_thread_seconds(); /* a run takes the same before it builds */
  VOLLEY_TRY(check_values(experiment, &reader, comm));
  for (int p = 0; p < experiment->n_populations; p++) VOLLEY_TRY(volley_sources_check(experiment, p, &reader, comm));
  if (options->resolved) {
    if (rank == 0) fputs(volley_experiment_resolve(experiment), stdout);
    return VOLLEY_OK;
  }
  volley_estimate estimate;
  volley_status status = volley_estimate_make(experiment, &reader, ranks, threads, true, comm, &estimate);
  if (status == VOLLEY_OK) status = print_estimate(experiment, &reader, options, &estimate, start_s, comm);
  volley_estimate_release(&estimate);
  return status;
}

static volley_status check_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  const MPI_Comm comm = MPI_COMM_WORLD;
  settings options = {0};
  volley_options_parse(command, n_arguments, arguments, &options);
  volley_status status = volley_agree(comm);
  volley_experiment *experiment = NULL;
  volley_text_list *sets = &options.sets;
  if (options.nsyns) volley_text_list_add(sets, VOLLEY_IGNORE_NSYNS);
  if (status == VOLLEY_OK) status = volley_experiment_read(options.file, sets->texts, sets->n, comm, &experiment);
  if (status == VOLLEY_OK) status = check_experiment(experiment, &options, comm);
  volley_experiment_destroy(experiment);
  free(options.sets.texts);
  return status;
}

const volley_command volley_command_check = {
    .name = "check",
    .summary = "check an experiment and estimate its memory and time, without running it",
    .description = "Finds everything that run would find wrong, and prints neurons, synapses, delays, memory of each "
                   "rank, the size of\n"
                   "the output, expected spikes and time. Builds small samples only: it takes a second or two and "
                   "little memory for a\n"
                   "network of any size.",
    VOLLEY_OPTIONS(option_table),
    .run = check_command};
