/* volley export: the network of an experiment as SONATA files. */
#include "io/sonata/export.h"
#include "app/app.h"
#include "experiment/check.h"
#include "io/data/reader.h"
#include "io/experiment/file.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>

/* What the words of the command say. */
typedef struct settings {
  const char *file, *output;
  volley_text_list sets;
} settings;

static const volley_option option_table[] = {
    {"FILE", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL, "experiment (YAML)"},
    {"output", 'o', VOLLEY_OPTION_TEXT, true, offsetof(settings, output), "FOLDER",
     "folder that is made for the network"},
    VOLLEY_OPTION_SETS(settings),
};

static volley_status export_experiment(volley_experiment *experiment, const settings *options, MPI_Comm comm) {
  const volley_reader reader = volley_data_reader(&comm);
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_experiment_print_notes(experiment, comm);
  VOLLEY_TRY(volley_run_load(experiment, &reader, comm));
  VOLLEY_TRY(volley_sonata_export(experiment, &reader, options->output, comm));
  if (rank == 0) printf("network in %s/circuit_config.json\n", options->output);
  return VOLLEY_OK;
}

static volley_status export_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  const MPI_Comm comm = MPI_COMM_WORLD;
  settings options = {0};
  (void)volley_options_parse(command, n_arguments, arguments, &options);
  volley_status status = volley_agree(comm);
  volley_experiment *experiment = NULL;
  if (status == VOLLEY_OK)
    status = volley_experiment_read(options.file, options.sets.texts, options.sets.n, comm, &experiment);
  if (status == VOLLEY_OK) status = export_experiment(experiment, &options, comm);
  volley_experiment_destroy(experiment);
  free(options.sets.texts);
  return status;
}

const volley_command volley_command_export = {
    .name = "export",
    .summary = "write the network of an experiment as SONATA files",
    .description = "Writes neurons with their parameters and initial states, and synapses with their weights and "
                   "delays: nodes, edges, tables of\n"
                   "their types and circuit_config.json, which run and check take, and `rule: edges`.",
    VOLLEY_OPTIONS(option_table),
    .run = export_command};
