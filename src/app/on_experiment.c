#include "app/app.h"
#include "io/experiment_file.h"

#include <stdlib.h>

volley_status volley_on_experiment(const volley_command *usage, int n_arguments, const char *const *arguments,
                                   void *options, const char *const *file, const volley_text_list *sets,
                                   volley_experiment_work *work) {
  const MPI_Comm comm = MPI_COMM_WORLD;
  volley_options_parse(usage, n_arguments, arguments, options);
  volley_status status = volley_agree(comm);
  volley_experiment *experiment = NULL;
  if (status == VOLLEY_OK) status = volley_experiment_read(*file, sets->texts, sets->n, comm, &experiment);
  if (status == VOLLEY_OK) status = work(experiment, options, comm);
  volley_experiment_destroy(experiment);
  free(sets->texts);
  return status;
}
