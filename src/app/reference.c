#include "app/app.h"
#include "experiment/check.h"

static volley_status reference_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, NULL));
  volley_experiment_write_reference(stdout);
  return VOLLEY_OK;
}

const volley_command volley_command_reference = {
    .name = "reference",
    .summary = "write the reference of all keys of an experiment file",
    .description =
        "Writes docs/experiment.md, the reference of all keys of an experiment file, to the standard output.",
    .serial = true,
    .run = reference_command};
