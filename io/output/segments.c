#define _GNU_SOURCE /* realpath */

#include "io/output/segments.h"

#include "base/memory.h"
#include "io/file/path.h"
#include "io/output/reader.h"
#include "io/output/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 4 << 20 /* bytes that a rank copies at a time */ };

void volley_recorded_release(volley_recorded *past) {
  for (int f = 0; f < past->n_files; f++) free(past->files[f]);
  free(past->files);
  free(past->positions);
  *past = (volley_recorded){0};
}

volley_segments volley_segments_create(const volley_experiment *experiment) {
  return (volley_segments){
      .experiment = experiment,
      .past.positions = volley_alloc((size_t)experiment->n_recorders, sizeof(uint64_t), "recordings"),
  };
}

void volley_segments_release(volley_segments *parts) {
  volley_recorded_release(&parts->past);
  free(parts->counts);
  parts->counts = NULL;
}

static void add(volley_segments *parts, const char *file, const uint64_t *counts) {
  const size_t n = (size_t)parts->experiment->n_recorders, f = (size_t)parts->past.n_files;
  uint64_t most = 0;
  for (size_t r = 0; r < n; r++) most = counts[r] > most ? counts[r] : most;
  if (most == 0) return;
  parts->past.files = volley_grow(parts->past.files, f + 1, sizeof *parts->past.files, "recordings");
  parts->counts = volley_grow(parts->counts, (f + 1) * n, sizeof *parts->counts, "recordings");
  parts->past.files[f] = volley_path_format("%s", file);
  memcpy(parts->counts + f * n, counts, n * sizeof *counts);
  for (size_t r = 0; r < n; r++) parts->past.positions[r] += counts[r];
  parts->past.n_files++;
}

void volley_segments_add(volley_segments *parts, const char *file, const uint64_t *counts, MPI_Comm comm) {
  int rank = 0, size = file ? (int)strlen(file) + 1 : 0;
  const int n = parts->experiment->n_recorders;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Bcast(&size, 1, MPI_INT, 0, comm));
  char *name = volley_alloc((size_t)size, 1, "a path");
  uint64_t *numbers = volley_alloc((size_t)n, sizeof *numbers, "recordings");
  if (rank == 0) {
    strcpy(name, file);
    memcpy(numbers, counts, (size_t)n * sizeof *numbers);
  }
  VOLLEY_MPI(MPI_Bcast(name, size, MPI_CHAR, 0, comm));
  VOLLEY_MPI(MPI_Bcast(numbers, n, MPI_UINT64_T, 0, comm));
  add(parts, name, numbers);
  free(name);
  free(numbers);
}

/* The output that a stretch belongs to, OUT.h5 of OUT.h5.parts/FIRST-END.h5, owned by the caller; NULL if it is none. */
static char *output_of(const char *file) {
  static const char ending[] = ".parts";
  const size_t n = sizeof ending - 1;
  const char *slash = strrchr(file, '/');
  if (!slash || (size_t)(slash - file) <= n || strncmp(slash - n, ending, n) != 0) return NULL;
  return volley_path_format("%.*s", (int)((size_t)(slash - file) - n), file);
}

static const char *records_of(const volley_recorder *recorder) {
  return recorder->kind->holds_spikes ? "spikes" : "rows";
}

static volley_status advise(const char *file) {
  return volley_fault(
      VOLLEY_USAGE, NULL,
      "'%s' holds a part of what was recorded before the checkpoint; put the file back as it was, or start "
      "from the beginning",
      file);
}

/* Whether the file is an output of a run like this. Sets whether it is complete. */
static volley_status check_run(const char *file, const volley_experiment *experiment, bool *complete) {
  volley_output_file *opened = NULL;
  VOLLEY_TRY(volley_output_file_open(file, &opened));
  const volley_output_info *info = volley_output_file_info(opened);
  const bool same = info->dt_ms == experiment->simulation.dt && info->seed == experiment->simulation.seed &&
                    info->neurons == experiment->neurons;
  *complete = info->complete;
  volley_output_file_close(opened);
  if (same && experiment->tree && !volley_segment_is_of(file, experiment))
    return volley_fault(VOLLEY_USAGE, NULL, "'%s' is of another run: its experiment differs", file);
  if (same) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, NULL, "'%s' is of another run: dt, seed or number of neurons differ", file);
}

/* Counts the records of a file of the past, at most `wanted` of each recorder. */
static volley_status count_file(const char *file, const volley_experiment *experiment, const uint64_t *wanted,
                                bool *complete, uint64_t *counts) {
  volley_segment *stretch = NULL;
  VOLLEY_TRY(check_run(file, experiment, complete));
  VOLLEY_TRY(volley_segment_open(file, experiment, VOLLEY_USAGE, &stretch));
  for (int r = 0; r < experiment->n_recorders; r++) {
    const uint64_t held = volley_segment_count(stretch, r);
    counts[r] = held < wanted[r] ? held : wanted[r];
  }
  volley_segment_close(stretch);
  return VOLLEY_OK;
}

/* Puts the joined output of a completed run in the place of all files of the past, one of which is missing. */
static volley_status stand_in(volley_segments *parts, const volley_recorded *past, const char *missing) {
  const size_t n = (size_t)parts->experiment->n_recorders;
  char *output = output_of(missing);
  bool complete = false, holds = false;
  uint64_t *counts = volley_alloc(n, sizeof *counts, "recordings");
  if (output && access(output, F_OK) == 0 &&
      count_file(output, parts->experiment, past->positions, &complete, counts) == VOLLEY_OK)
    holds = complete && memcmp(counts, past->positions, n * sizeof *counts) == 0;
  if (holds) {
    volley_segments_release(parts);
    *parts = volley_segments_create(parts->experiment);
    add(parts, output, counts);
  } else if (output && access(output, F_OK) == 0) {
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is missing, and '%s' is not the complete output of this run", missing,
                 output);
  } else {
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is missing", missing);
  }
  free(counts);
  free(output);
  return holds ? VOLLEY_OK : advise(missing);
}

/* Whether the parts hold all of the past; names the first recorder of which there is too little. */
static volley_status check_whole(const volley_segments *parts, const volley_recorded *past) {
  for (int r = 0; r < parts->experiment->n_recorders; r++) {
    const volley_recorder *recorder = &parts->experiment->recorders[r];
    if (parts->past.positions[r] == past->positions[r]) continue;
    const char *last = past->n_files ? past->files[past->n_files - 1] : "(no file)";
    return volley_fault(VOLLEY_USAGE, NULL,
                        "the recordings up to '%s' hold %llu %s of recorder '%s', but %llu were recorded before the "
                        "checkpoint; put the files back as they were, or start from the beginning",
                        last, (unsigned long long)parts->past.positions[r], records_of(recorder), recorder->name,
                        (unsigned long long)past->positions[r]);
  }
  return VOLLEY_OK;
}

static bool is_there(const char *file) { return access(file, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR); }

/* The file where it was, or, if it is there no more, in the folder of this run's stretches: so a run that was moved finds
 * its own. Owned by the caller. */
static char *find_file(const char *file, const char *folder) {
  const char *slash = strrchr(file, '/');
  char *whole = is_there(file) ? NULL : realpath(folder, NULL);
  if (!whole) return volley_path_format("%s", file);
  char *moved = volley_path_format("%s/%s", whole, slash ? slash + 1 : file);
  free(whole);
  if (is_there(moved)) return moved;
  free(moved);
  return volley_path_format("%s", file);
}

/* Finds the files of the past, one after the other, or what stands for them. */
static volley_status find_past(volley_segments *parts, const volley_recorded *past, const char *folder) {
  const size_t n = (size_t)parts->experiment->n_recorders;
  uint64_t *wanted = volley_alloc(2 * n, sizeof *wanted, "recordings"), *counts = wanted + n;
  volley_status status = VOLLEY_OK;
  bool found = true, complete;
  for (int f = 0; f < past->n_files && found && status == VOLLEY_OK; f++) {
    char *file = find_file(past->files[f], folder);
    for (size_t r = 0; r < n; r++) wanted[r] = past->positions[r] - parts->past.positions[r];
    found = is_there(file);
    status = found ? count_file(file, parts->experiment, wanted, &complete, counts) : stand_in(parts, past, file);
    if (found && status == VOLLEY_OK) add(parts, file, counts);
    if (found && status != VOLLEY_OK) advise(file);
    free(file);
  }
  free(wanted);
  return status == VOLLEY_OK ? check_whole(parts, past) : status;
}

volley_status volley_segments_set_recorded(volley_segments *parts, const volley_recorded *past, const char *folder,
                                           MPI_Comm comm) {
  const size_t n = (size_t)parts->experiment->n_recorders;
  int rank = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_segments found = volley_segments_create(parts->experiment);
  if (rank == 0) (void)find_past(&found, past, folder);
  const volley_status status = volley_agree(comm);
  int n_files = status == VOLLEY_OK ? found.past.n_files : 0;
  VOLLEY_MPI(MPI_Bcast(&n_files, 1, MPI_INT, 0, comm));
  for (int f = 0; f < n_files; f++)
    volley_segments_add(parts, rank == 0 ? found.past.files[f] : NULL, rank == 0 ? found.counts + (size_t)f * n : NULL,
                        comm);
  volley_segments_release(&found);
  return status;
}

/* What is being copied: all that counts of a recorder in a file. */
typedef struct copy {
  volley_segment *from;
  volley_output *to;
  int recorder;
  uint64_t n;      /* spikes or rows */
  uint64_t before; /* in earlier files */
  uint64_t total;  /* in all files */
  uint64_t rank, ranks;
  MPI_Comm comm;
} copy;

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Copies spikes: in each round every rank takes an equal share, contiguous. Collective, agreed status. */
static volley_status copy_spikes(const copy *c) {
  const uint64_t share = least((c->n + c->ranks - 1) / c->ranks, WINDOW / (sizeof(double) + sizeof(uint64_t)));
  const volley_sink sink = volley_output_sink(c->to);
  double *times = volley_alloc_or_fault(share, sizeof *times, "joining recordings");
  uint64_t *ids = volley_alloc_or_fault(share, sizeof *ids, "joining recordings");
  volley_status status = volley_agree_one(c->comm);
  for (uint64_t done = 0; done < c->n && status == VOLLEY_OK; done += share * c->ranks) {
    const uint64_t first = least(done + share * c->rank, c->n), count = least(share, c->n - first);
    (void)volley_segment_spikes(c->from, c->recorder, first, count, times, ids);
    status = volley_agree(c->comm);
    if (status == VOLLEY_OK)
      status = sink.spikes(sink.context, c->recorder, c->before + first, count, times, ids, c->total);
  }
  free(times);
  free(ids);
  return status;
}

/* Copies rows: in each round every rank takes a tile of whole chunks of the new file, one chunk wide and many high.
 * Collective, agreed status. */
static volley_status copy_rows(const copy *c, uint64_t width) {
  uint64_t chunk_rows, columns;
  volley_output_chunk(c->to, c->recorder, &chunk_rows, &columns);
  const uint64_t side_by_side = width ? (width + columns - 1) / columns : 1;
  const uint64_t chunk = chunk_rows * columns * sizeof(double);
  const uint64_t rows = (chunk < WINDOW ? WINDOW / chunk : 1) * chunk_rows, end = c->before + c->n;
  const uint64_t first_tile = c->before / rows * side_by_side;
  const uint64_t end_tile = c->n ? (end + rows - 1) / rows * side_by_side : first_tile;
  double *data = volley_alloc_or_fault(least(rows, c->n) * columns, sizeof *data, "joining recordings");
  volley_status status = volley_agree_one(c->comm);
  for (uint64_t done = first_tile; done < end_tile && status == VOLLEY_OK; done += c->ranks) {
    const uint64_t number = done + c->rank, row = number / side_by_side * rows;
    volley_tile tile = {.first_row = row > c->before ? row : c->before,
                        .first_column = number % side_by_side * columns};
    tile.rows = number < end_tile ? least(row + rows, end) - tile.first_row : 0;
    tile.columns = least(columns, width - tile.first_column);
    tile.first_row -= c->before;
    (void)volley_segment_tile(c->from, c->recorder, &tile, data);
    status = volley_agree(c->comm);
    tile.first_row += c->before;
    if (status == VOLLEY_OK) status = volley_output_put_tile(c->to, c->recorder, &tile, data, c->total);
  }
  free(data);
  return status;
}

/* Copies what counts in file f; before: [n_recorders] records in earlier files. Collective, agreed status. */
static volley_status copy_file(const volley_segments *parts, int f, const uint64_t *before, volley_output *output,
                               MPI_Comm comm) {
  const int n = parts->experiment->n_recorders;
  int rank = 0, ranks = 1;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_segment *stretch = NULL;
  (void)volley_segment_open(parts->past.files[f], parts->experiment, VOLLEY_FAILURE, &stretch);
  volley_status status = volley_agree(comm);
  for (int r = 0; r < n && status == VOLLEY_OK; r++) {
    const volley_recorder *recorder = &parts->experiment->recorders[r];
    const copy c = {.from = stretch,
                    .to = output,
                    .recorder = r,
                    .n = parts->counts[(size_t)f * (size_t)n + (size_t)r],
                    .before = before[r],
                    .total = parts->past.positions[r],
                    .rank = (uint64_t)rank,
                    .ranks = (uint64_t)ranks,
                    .comm = comm};
    const uint64_t width = volley_recorder_width(parts->experiment, recorder);
    status = recorder->kind->holds_spikes ? copy_spikes(&c) : copy_rows(&c, width);
  }
  volley_segment_close(stretch);
  return status;
}

volley_status volley_segments_copy(const volley_segments *parts, volley_output *output, MPI_Comm comm) {
  const size_t n = (size_t)parts->experiment->n_recorders;
  uint64_t *before = volley_alloc(n, sizeof *before, "recordings");
  volley_status status = VOLLEY_OK;
  for (int f = 0; f < parts->past.n_files && status == VOLLEY_OK; f++) {
    status = copy_file(parts, f, before, output, comm);
    for (size_t r = 0; r < n; r++) before[r] += parts->counts[(size_t)f * n + r];
  }
  free(before);
  return status;
}
