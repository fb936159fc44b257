#include "base/status.h"

#include "base/text.h"
#include "volley.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Faults of this process, newline-separated texts. A file of nonsense may hold any number of faults: keep the first. */
enum { MAX_FAULTS = 200, MAX_TEXT = 4096 };

static struct {
  pthread_mutex_t lock;
  char *texts[MAX_FAULTS];
  int n, dropped;
  volley_status worst;
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What was agreed on, for a host program: nothing is printed then. */
static struct {
  bool keeps;
  char **texts; /* [n] */
  int n;
} kept;

/* Of several ranks' statuses the one to leave with: a failure while running hides a usage fault of the same moment. */
static volley_status worse(volley_status a, volley_status b) {
  static const int severity[] = {[VOLLEY_OK] = 0, [VOLLEY_STOPPED] = 1, [VOLLEY_USAGE] = 2, [VOLLEY_FAILURE] = 3};
  return severity[a] >= severity[b] ? a : b;
}

int volley_place_write(const volley_place *place, char *text, size_t size) {
  int n = 0;
  if (place->file && place->line > 0) {
    n = snprintf(text, size, "%s:%d:%d: ", place->file, place->line, place->column);
  } else if (place->file) {
    n = snprintf(text, size, "%s: ", place->file);
  }
  if (place->path && place->path[0] && n >= 0 && (size_t)n < size) {
    n += snprintf(text + n, size - (size_t)n, "%s: ", place->path);
  }
  return n < (int)size ? n : (int)size - 1;
}

volley_status volley_fault(volley_status status, const volley_place *place, const char *format, ...) {
  char text[MAX_TEXT], shown[2 * MAX_TEXT];
  const int n = place ? volley_place_write(place, text, sizeof text) : 0;
  va_list list;
  va_start(list, format);
  vsnprintf(text + n, sizeof text - (size_t)n, format, list);
  va_end(list);
  volley_escape(text, shown, sizeof shown); /* file names and values may hold commands to the terminal */

  pthread_mutex_lock(&faults.lock);
  faults.worst = worse(faults.worst, status);
  if (faults.n < MAX_FAULTS) {
    char *copy = strdup(shown);
    if (copy) faults.texts[faults.n++] = copy;
  } else {
    faults.dropped++;
  }
  pthread_mutex_unlock(&faults.lock);
  return status;
}

volley_status volley_local_status(void) { return faults.worst; }

void volley_faults_clear(void) {
  for (int i = 0; i < faults.n; i++) free(faults.texts[i]);
  faults.n = faults.dropped = 0;
  faults.worst = VOLLEY_OK;
}

/* All texts in one block, each ended by a zero byte. Caller frees. */
static char *pack(int *size) {
  size_t bytes = 1;
  for (int i = 0; i < faults.n; i++) bytes += strlen(faults.texts[i]) + 1;
  char *block = malloc(bytes);
  if (!block) volley_die("no memory for the messages of %d faults", faults.n);
  size_t at = 0;
  for (int i = 0; i < faults.n; i++) {
    const size_t length = strlen(faults.texts[i]) + 1;
    memcpy(block + at, faults.texts[i], length);
    at += length;
  }
  *size = (int)at;
  return block;
}

static void keep_text(const char *text) {
  char **longer = realloc(kept.texts, ((size_t)kept.n + 1) * sizeof *longer), *copy = strdup(text);
  if (!longer || !copy) volley_die("no memory for the messages of %d faults", kept.n);
  kept.texts = longer;
  kept.texts[kept.n++] = copy;
}

/* Tells the texts of a packed block, each distinct text once, in order. */
static void tell_distinct(const char *block, size_t size) {
  for (const char *text = block; text < block + size; text += strlen(text) + 1) {
    const char *earlier = block;
    while (earlier < text && strcmp(earlier, text) != 0) earlier += strlen(earlier) + 1;
    if (earlier != text) continue;
    if (kept.keeps)
      keep_text(text);
    else
      fprintf(stderr, "volley: %s\n", text);
  }
}

/* So many faults had no room. */
static void tell_dropped(void) {
  char text[128];
  if (faults.dropped == 0) return;
  snprintf(text, sizeof text, "... and %s more", volley_count((uint64_t)faults.dropped, "fault").text);
  tell_distinct(text, strlen(text) + 1);
}

/* What rank 0 has, on every rank. */
static char *send_to_all(char *block, int *size, MPI_Comm comm) {
  VOLLEY_MPI(MPI_Bcast(size, 1, MPI_INT, 0, comm));
  char *longer = realloc(block, (size_t)*size + 1);
  if (!longer) volley_die("no memory for the messages of all ranks");
  VOLLEY_MPI(MPI_Bcast(longer, *size, MPI_CHAR, 0, comm));
  VOLLEY_MPI(MPI_Bcast(&faults.dropped, 1, MPI_INT, 0, comm));
  return longer;
}

static void gather_and_tell(MPI_Comm comm) {
  int rank, ranks, size;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  char *mine = pack(&size);
  int *sizes = calloc((size_t)ranks + 1, sizeof *sizes);
  int *starts = calloc((size_t)ranks + 1, sizeof *starts);
  if (!sizes || !starts) volley_die("no memory to gather the messages of %d ranks", ranks);
  VOLLEY_MPI(MPI_Gather(&size, 1, MPI_INT, sizes, 1, MPI_INT, 0, comm));
  for (int r = 0; r < ranks; r++) starts[r + 1] = starts[r] + sizes[r];
  char *all = malloc((size_t)starts[ranks] + 1);
  if (!all) volley_die("no memory to gather the messages of %d ranks", ranks);
  VOLLEY_MPI(MPI_Gatherv(mine, size, MPI_CHAR, all, sizes, starts, MPI_CHAR, 0, comm));
  if (kept.keeps) all = send_to_all(all, &starts[ranks], comm);
  if (rank == 0 || kept.keeps) tell_distinct(all, (size_t)starts[ranks]);
  if (rank == 0 || kept.keeps) tell_dropped();
  fflush(stderr);
  free(all);
  free(starts);
  free(sizes);
  free(mine);
}

volley_status volley_agree(MPI_Comm comm) {
  int mine[4] = {0};
  int all[4];
  mine[faults.worst] = 1;
  VOLLEY_MPI(MPI_Allreduce(mine, all, 4, MPI_INT, MPI_MAX, comm));
  volley_status status = VOLLEY_OK;
  for (int s = 0; s < 4; s++) {
    if (all[s]) status = worse(status, (volley_status)s);
  }
  if (status != VOLLEY_OK) gather_and_tell(comm);
  volley_faults_clear();
  return status;
}

volley_status volley_agree_first(uint64_t place, MPI_Comm comm) {
  uint64_t first;
  VOLLEY_MPI(MPI_Allreduce(&place, &first, 1, MPI_UINT64_T, MPI_MIN, comm));
  if (place > first) volley_faults_clear();
  return volley_agree(comm);
}

volley_status volley_agree_one(MPI_Comm comm) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  return volley_agree_first(faults.worst == VOLLEY_OK ? UINT64_MAX : (uint64_t)rank, comm);
}

bool volley_all(bool mine, MPI_Comm comm) {
  int all = mine;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_LAND, comm));
  return all;
}

bool volley_is_made(const void *made, const char *what, const char *name, MPI_Comm comm) {
  if (volley_all(made != NULL, comm)) return true;
  if (volley_all(faults.worst == VOLLEY_OK, comm))
    volley_fault(VOLLEY_FAILURE, NULL, "%s '%s' could not be made and does not say why", what, name);
  return false;
}

volley_status volley_print_faults(void) {
  const volley_status status = faults.worst;
  int size;
  char *block = pack(&size);
  tell_distinct(block, (size_t)size);
  free(block);
  volley_faults_clear();
  return status;
}

void volley_faults_keep(void) { kept.keeps = true; }

bool volley_faults_are_kept(const char *note) {
  if (kept.keeps) keep_text(note);
  return kept.keeps;
}

int volley_faults_count(void) { return kept.n; }

const char *volley_faults_text(int fault) { return fault >= 0 && fault < kept.n ? kept.texts[fault] : NULL; }

void volley_faults_forget(void) {
  for (int i = 0; i < kept.n; i++) free(kept.texts[i]);
  free(kept.texts);
  kept.texts = NULL;
  kept.n = 0;
}

_Noreturn void volley_die(const char *format, ...) {
  va_list list;
  char text[MAX_TEXT], shown[2 * MAX_TEXT];
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  fprintf(stderr, "volley: %s\n", volley_escape(text, shown, sizeof shown));
  fflush(stderr);
  int up = 0, down = 0, ranks = 1;
  MPI_Initialized(&up);
  MPI_Finalized(&down);
  if (up && !down) MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (ranks > 1) MPI_Abort(MPI_COMM_WORLD, VOLLEY_FAILURE);
  _Exit(VOLLEY_FAILURE);
}

_Noreturn void volley_die_mpi(int code, const char *call, const char *file, int line) {
  char text[MPI_MAX_ERROR_STRING] = "unknown error";
  int length = 0;
  MPI_Error_string(code, text, &length);
  volley_die("MPI failed at %s:%d: %s: %s", file, line, call, text);
}
