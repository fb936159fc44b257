/* Starts MPI, PETSc and SLEPc, hands the command line to the commands, leaves with their status. */
#include "app/app.h"
#include "base/signals.h"

#include <signal.h>
#include <slepcsys.h>

int main(int argc, char **argv) {
  int provided;
  volley_signals_watch();
  signal(SIGXFSZ, SIG_IGN); /* a file size limit then shows as a failed write, which is reported like a full disk */
  if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return VOLLEY_FAILURE;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (provided < MPI_THREAD_FUNNELED) volley_die("this MPI does not support threads: MPI_THREAD_FUNNELED is needed");
  int n_words = argc;
  char **words = argv;
  volley_app_for_petsc(&n_words, &words);
  if (SlepcInitialize(&n_words, &words, NULL, NULL) || PetscSetProgramName(argv[0]))
    volley_die("PETSc could not be started");

  volley_signals_watch(); /* again: PETSc has handlers of its own */

  const volley_status status = volley_app_main(argc, argv);

  SlepcFinalize();
  MPI_Finalize();
  return (int)status;
}
