#include "solver/petsc.h"

#include "base/build_info.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

volley_petsc_table volley_petsc;

static const char *const names[] = {VOLLEY_PETSC_NAMES(VOLLEY_PETSC_NAME)};
enum { N_NAMES = sizeof names / sizeof *names };
_Static_assert(sizeof volley_petsc == N_NAMES * sizeof(void *), "a table of pointers");

#define TEXT(number) WORD(number)
#define WORD(number) #number
const char *const volley_petsc_version =
    TEXT(PETSC_VERSION_MAJOR) "." TEXT(PETSC_VERSION_MINOR) "." TEXT(PETSC_VERSION_SUBMINOR);

static void *library;            /* of SLEPc, which brings that of PETSc, or, without it, of PETSc */
static char words[512];          /* of the last failure, one line */
static int failed;               /* its code; 0: there was none */
static bool started, begun_here; /* both; PETSc not by the host */
static char *known_options;      /* of the first start */

/* PETSc calls it where a failure begins and again in each function that it goes through. */
static PetscErrorCode keep(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                           PetscErrorType type, const char *message, void *context) {
  (void)comm, (void)line, (void)function, (void)file, (void)context;
  if (type != PETSC_ERROR_INITIAL) return code;
  snprintf(words, sizeof words, "%s", message ? message : "");
  words[strcspn(words, "\n")] = '\0';
  failed = (int)code;
  return code;
}

const char *volley_petsc_words(int code) {
  const char *general = NULL;
  if (failed == code && words[0]) return words;
  if (VOLLEY_PETSC_CODE(PetscErrorMessage((PetscErrorCode)code, &general, NULL)) != 0 || !general)
    general = "no reason given";
  snprintf(words, sizeof words, "error %d, %s", code, general);
  return words;
}

bool volley_petsc_find(const char *const *wanted, int n, void *table) {
  for (int k = 0; k < n; k++) {
    void *found = dlsym(library, wanted[k]);
    if (!found)
      return volley_fault(VOLLEY_FAILURE, NULL, "%s has no %s: this program was built with another version of it",
                          VOLLEY_SOLVER_LIBRARY, wanted[k]) == VOLLEY_OK;
    memcpy((char *)table + (size_t)k * sizeof found, &found, sizeof found);
  }
  return true;
}

/* Of the folder that the library was found in when this was built, or else where the system looks for libraries. */
static void load(void) {
  char place[4096];
  snprintf(place, sizeof place, "%s/%s", VOLLEY_SOLVER_FOLDER, VOLLEY_SOLVER_LIBRARY);
  library = dlopen(place, RTLD_NOW | RTLD_GLOBAL);
  if (!library) library = dlopen(VOLLEY_SOLVER_LIBRARY, RTLD_NOW | RTLD_GLOBAL);
  if (!library)
    volley_fault(VOLLEY_FAILURE, NULL, "PETSc and SLEPc, which readouts and signals need, cannot be loaded: %s",
                 dlerror());
  else if (volley_petsc_find(names, N_NAMES, &volley_petsc))
    (void)volley_eigen.load();
}

static const char ours[] = "-no_signal_handler";

const char *volley_petsc_options(void) { return known_options ? known_options : ""; }

/* Keeps the options but for ours, which are separated by blanks. */
static void keep_options(void) {
  VOLLEY_PETSC(PetscOptionsGetAll(NULL, &known_options));
  char *found = strstr(known_options, ours);
  if (found) memmove(found, found + sizeof ours, strlen(found + sizeof ours - 1));
  for (size_t n = strlen(known_options); n > 0 && known_options[n - 1] == ' '; n--) known_options[n - 1] = '\0';
}

/* Signals are ours: PETSc would end the process with a page on what it was doing. A host may have started it already. */
static void begin(int n_words, const char *const *given, MPI_Comm world) {
  int n = n_words + 2;
  PetscBool is_host;
  char **all = calloc((size_t)n + 1, sizeof *all), **list = all;
  if (!all) volley_die("no memory for the options of PETSc");
  all[0] = "volley";
  all[1] = (char *)(uintptr_t)ours;
  for (int w = 0; w < n_words; w++) all[2 + w] = (char *)given[w];
  VOLLEY_PETSC(PetscInitialized(&is_host));
  begun_here = !is_host;
  int code = 0;
  if (begun_here) {
    *volley_petsc.PETSC_COMM_WORLD = world;
    code = VOLLEY_PETSC_CODE(PetscInitialize(&n, &list, NULL, NULL));
  }
  free(all);
  if (code == 0) code = volley_eigen.start();
  if (code != 0) {
    volley_fault(VOLLEY_FAILURE, NULL, "PETSc could not be started: its error %d", code);
    return;
  }
  VOLLEY_PETSC(PetscPushErrorHandler(keep, NULL));
  VOLLEY_PETSC(PetscSetProgramName("volley"));
  if (!known_options) keep_options();
  started = true;
}

volley_status volley_petsc_start(int n_words, const char *const *given, MPI_Comm comm) {
  MPI_Comm world; /* stays as long as PETSc */
  if (!started) load();
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_MPI(MPI_Comm_split(comm, started, 0, &world));
  if (!started)
    begin(n_words, given, world);
  else
    VOLLEY_MPI(MPI_Comm_free(&world));
  return volley_agree(comm);
}

void volley_petsc_stop(void) {
  if (started) volley_eigen.stop();
  if (started && begun_here) VOLLEY_PETSC(PetscFinalize());
  started = false;
}

/* Whether PETSc looks at an option only when it ends. */
static bool is_for_the_end(const char *option) {
  static const char *const beginnings[] = {"options_", "objects_", "malloc", "memory_", "get_total_flops"};
  for (size_t b = 0; b < sizeof beginnings / sizeof *beginnings; b++) {
    if (strncmp(option, beginnings[b], strlen(beginnings[b])) == 0) return true;
  }
  return false;
}

void volley_petsc_note_unused(MPI_Comm comm) {
  int rank;
  PetscInt n;
  char **options, **values;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_PETSC(PetscOptionsLeftGet(NULL, &n, &options, &values));
  for (PetscInt o = 0; o < n && rank == 0; o++) {
    if (!is_for_the_end(options[o]))
      fprintf(stderr, "volley: note: nothing looks at the option -%s of PETSc\n", options[o]);
  }
  VOLLEY_PETSC(PetscOptionsLeftRestore(NULL, &n, &options, &values));
}
