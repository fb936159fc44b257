/* From the command line to a command: help, version, and which ranks take part. */
#include "app/app.h"

#include "app/alike.h"
#include "app/launch.h"
#include "base/build_info.h"
#include "base/gid.h"
#include "base/text.h"
#include "solver/solver.h"

#include <stdio.h>
#include <string.h>

static void write_overview(FILE *out) {
  fprintf(out, "Volley " VOLLEY_VERSION ": spiking neural networks on clusters.\n\nusage: volley COMMAND ...\n\n");
  for (const volley_command *const *command = volley_commands(); *command; command++) {
    fprintf(out, "  %-11s %s\n", (*command)->name, (*command)->summary);
  }
  fprintf(out, "  %-11s %s\n", "help", "describe a command: volley help COMMAND");
  fprintf(out, "  %-11s %s\n", "version", "tell the version and commit");
  fprintf(out, "\nFirst steps: volley check FILE.yaml, then mpirun -n 2 volley run FILE.yaml -o OUT.h5,\n"
               "then volley plot OUT.h5 -o OUT.png\n");
}

static volley_status unknown_command(const char *word) {
  const char *names[16];
  int n = 0;
  for (const volley_command *const *command = volley_commands(); *command; command++) names[n++] = (*command)->name;
  names[n++] = "help";
  names[n++] = "version";
  const char *near = volley_nearest(word, names, n);
  if (near) return volley_fault(VOLLEY_USAGE, NULL, "unknown command '%s'; did you mean 'volley %s'?", word, near);
  return volley_fault(VOLLEY_USAGE, NULL, "unknown command '%s'; see: volley help", word);
}

/* name: NULL for the overview. */
static volley_status show_help(const char *name) {
  if (!name || strcmp(name, "help") == 0) {
    write_overview(stdout);
    return VOLLEY_OK;
  }
  const volley_command *command = volley_command_find(name);
  if (!command) return unknown_command(name);
  volley_options_write_help(command, stdout);
  return VOLLEY_OK;
}

static bool is_any(const char *word, const char *a, const char *b) {
  return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static bool asks_for_help(int n_arguments, const char *const *arguments) {
  for (int i = 0; i < n_arguments && strcmp(arguments[i], "--") != 0; i++) {
    if (is_any(arguments[i], "--help", "-h")) return true;
  }
  return false;
}

/* What needs one process only. Returns false if the arguments ask for a command that all ranks run. */
static bool run_alone(int n, const char *const *words, volley_status *status) {
  *status = VOLLEY_OK;
  if (n == 0) {
    write_overview(stderr);
    *status = VOLLEY_USAGE;
  } else if (is_any(words[0], "--version", "-V") || strcmp(words[0], "version") == 0) {
    printf("volley " VOLLEY_VERSION " (" VOLLEY_GIT_COMMIT "), gids of %d bits\n", VOLLEY_GID_BITS);
  } else if (is_any(words[0], "--help", "-h") || strcmp(words[0], "help") == 0) {
    *status = show_help(n > 1 ? words[1] : NULL);
  } else {
    const volley_command *command = volley_command_find(words[0]);
    if (command && asks_for_help(n - 1, words + 1)) {
      volley_options_write_help(command, stdout);
    } else if (!command) {
      *status = unknown_command(words[0]);
    } else if (command->serial) {
      *status = command->run(command, n - 1, words + 1);
    } else {
      return false;
    }
  }
  return true;
}

static volley_status run_together(int n, const char *const *words) {
  const volley_command *command = volley_command_find(words[0]);
  return command->run(command, n - 1, words + 1);
}

/* One process that no launcher started: MPI starts where it is needed only. */
static volley_status run_one(int n, const char *const *words) {
  volley_status status;
  if (!run_alone(n, words, &status)) {
    status = volley_mpi_start();
    if (status == VOLLEY_OK) status = run_together(n, words);
  }
  volley_petsc_stop();
  volley_streams_flush();
  const volley_status left = volley_print_faults();
  return status != VOLLEY_OK ? status : left;
}

static volley_status run_many(int n, const char *const *words) {
  int rank, outcome[2] = {0, VOLLEY_OK}; /* whether rank 0 did it all, with which status */
  VOLLEY_TRY(volley_mpi_start());
  VOLLEY_TRY(volley_ranks_compare(n, words, MPI_COMM_WORLD));
  VOLLEY_MPI(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
  if (rank == 0) {
    volley_status status;
    outcome[0] = run_alone(n, words, &status);
    outcome[1] = (int)status;
  }
  VOLLEY_MPI(MPI_Bcast(outcome, 2, MPI_INT, 0, MPI_COMM_WORLD));
  volley_status status = (volley_status)outcome[1];
  if (!outcome[0]) status = run_together(n, words);
  volley_petsc_stop();
  volley_streams_flush();
  const volley_status left = volley_agree(MPI_COMM_WORLD);
  return status != VOLLEY_OK ? status : left;
}

volley_status volley_app_main(int argc, char **argv) {
  const int n = argc > 0 ? argc - 1 : 0;
  const char *const *words = (const char *const *)(argv + 1);
  const volley_status status = volley_is_launched() ? run_many(n, words) : run_one(n, words);
  volley_mpi_stop();
  return status;
}
