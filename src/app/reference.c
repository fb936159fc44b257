#include "app/app.h"
#include "experiment/check.h"

volley_status volley_reference_command(int n_arguments, const char *const *arguments) {
  VOLLEY_TRY(volley_options_parse(&volley_reference_usage, n_arguments, arguments, NULL));
  volley_experiment_write_reference(stdout);
  return VOLLEY_OK;
}
