#define _GNU_SOURCE /* realpath */

#include "io/output/recordings.h"

#include "base/memory.h"
#include "io/file/disk_space.h"
#include "io/file/path.h"
#include "io/output/segment.h"
#include "io/output/segments.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct volley_recordings {
  const volley_experiment *experiment;
  const volley_trace_columns *columns;
  char *path, *temporary, *folder; /* OUT.h5, OUT.h5.part, OUT.h5.parts */
  MPI_Comm comm;
  int rank;
  volley_segments parts; /* all that is ended */
  volley_output *output; /* the present stretch; NULL from a cut to the next record */
  volley_sink sink;      /* of the present stretch */
  int64_t first_step;    /* of the present stretch */
  uint64_t *held;        /* [n_recorders] spikes or rows of the present stretch */
};

/* Opens a stretch if none is open. Collective, agreed status. */
static volley_status need_stretch(volley_recordings *recordings) {
  if (recordings->output) return VOLLEY_OK;
  VOLLEY_TRY(volley_output_open(recordings->experiment, recordings->path, recordings->columns, recordings->first_step,
                                recordings->comm, &recordings->output));
  recordings->sink = volley_output_sink(recordings->output);
  return VOLLEY_OK;
}

static volley_status take_spikes(void *context, int recorder, uint64_t first, uint64_t count, const double *times,
                                 const uint64_t *ids, uint64_t total) {
  volley_recordings *recordings = context;
  const uint64_t before = recordings->parts.past.positions[recorder];
  VOLLEY_TRY(need_stretch(recordings));
  const volley_sink *sink = &recordings->sink;
  VOLLEY_TRY(sink->spikes(sink->context, recorder, first - before, count, times, ids, total - before));
  recordings->held[recorder] = total - before;
  return VOLLEY_OK;
}

static volley_status take_traces(void *context, int recorder, uint64_t first_row, uint64_t rows, const double *data) {
  volley_recordings *recordings = context;
  const uint64_t before = recordings->parts.past.positions[recorder];
  VOLLEY_TRY(need_stretch(recordings));
  VOLLEY_TRY(recordings->sink.traces(recordings->sink.context, recorder, first_row - before, rows, data));
  recordings->held[recorder] = first_row + rows - before;
  return VOLLEY_OK;
}

static volley_status flush(void *context) {
  volley_recordings *recordings = context;
  return recordings->output ? recordings->sink.flush(recordings->sink.context) : VOLLEY_OK;
}

volley_sink volley_recordings_sink(volley_recordings *recordings) {
  return (volley_sink){.context = recordings, .spikes = take_spikes, .traces = take_traces, .flush = flush};
}

static void destroy(volley_recordings *recordings) {
  volley_segments_release(&recordings->parts);
  free(recordings->held);
  free(recordings->path);
  free(recordings->temporary);
  free(recordings->folder);
  free(recordings);
}

volley_status volley_recordings_open(const volley_experiment *experiment, const char *path,
                                     const volley_trace_columns *columns, const volley_recorded *past,
                                     int64_t first_step, MPI_Comm comm, volley_recordings **out) {
  volley_recordings *recordings = volley_alloc(1, sizeof *recordings, "recordings");
  *recordings = (volley_recordings){.experiment = experiment,
                                    .columns = columns,
                                    .path = volley_path_format("%s", path),
                                    .temporary = volley_path_format("%s.part", path),
                                    .folder = volley_path_format("%s.parts", path),
                                    .comm = comm,
                                    .first_step = first_step,
                                    .parts = volley_segments_create(experiment)};
  recordings->held = volley_alloc((size_t)experiment->n_recorders, sizeof *recordings->held, "recordings");
  VOLLEY_MPI(MPI_Comm_rank(comm, &recordings->rank));
  volley_status status =
      past ? volley_segments_set_recorded(&recordings->parts, past, recordings->folder, comm) : VOLLEY_OK;
  if (status == VOLLEY_OK) status = need_stretch(recordings);
  if (status == VOLLEY_OK)
    *out = recordings;
  else
    destroy(recordings);
  return status;
}

/* Whether the present stretch holds a record; the same on all ranks. */
static bool holds_records(const volley_recordings *recordings) {
  for (int r = 0; r < recordings->experiment->n_recorders; r++)
    if (recordings->held[r]) return true;
  return false;
}

/* Closes the present stretch, which keeps its temporary name. Collective, agreed status. */
static volley_status end_stretch(volley_recordings *recordings) {
  const volley_status status = volley_output_close(recordings->output, NULL);
  recordings->output = NULL;
  return status;
}

/* Moves the ended stretch to its place, on rank 0. Gives the absolute path, owned by the caller. Returns 0 or errno. */
static int move_stretch(const volley_recordings *recordings, int64_t step, char **file) {
  const int code = volley_file_make_folder(recordings->folder);
  if (code) return code;
  char *folder = realpath(recordings->folder, NULL);
  if (!folder) return errno;
  *file = volley_path_format("%s/%09lld-%09lld.h5", folder, (long long)recordings->first_step, (long long)step);
  free(folder);
  return volley_file_rename(recordings->temporary, *file);
}

/* Gives the ended stretch its name and adds it to the parts. Collective, agreed status. */
static volley_status keep_stretch(volley_recordings *recordings, int64_t step) {
  char *file = NULL;
  const int code = recordings->rank == 0 ? move_stretch(recordings, step, &file) : 0;
  if (code)
    volley_fault(VOLLEY_FAILURE, NULL, "cannot move '%s' to the folder '%s': %s", recordings->temporary,
                 recordings->folder, strerror(code));
  const volley_status status = volley_agree(recordings->comm);
  if (status == VOLLEY_OK) {
    volley_segments_add(&recordings->parts, file, recordings->held, recordings->comm);
    memset(recordings->held, 0, (size_t)recordings->experiment->n_recorders * sizeof *recordings->held);
  }
  free(file);
  return status;
}

volley_status volley_recordings_cut(volley_recordings *recordings, int64_t step) {
  if (holds_records(recordings)) {
    VOLLEY_TRY(end_stretch(recordings));
    VOLLEY_TRY(keep_stretch(recordings, step));
  }
  recordings->first_step = step;
  return VOLLEY_OK;
}

const volley_recorded *volley_recordings_recorded(const volley_recordings *recordings) {
  return &recordings->parts.past;
}

/* Bytes of the stretches, on rank 0. */
static uint64_t stretch_bytes(const volley_recordings *recordings) {
  uint64_t bytes = 0;
  struct stat found;
  for (int f = 0; recordings->rank == 0 && f < recordings->parts.past.n_files; f++)
    if (stat(recordings->parts.past.files[f], &found) == 0) bytes += (uint64_t)found.st_size;
  return bytes;
}

/* Makes one output of all stretches, still under its temporary name. Collective, agreed status. */
static volley_status join(volley_recordings *recordings) {
  VOLLEY_TRY(volley_recordings_cut(recordings, recordings->experiment->simulation.steps));
  VOLLEY_TRY(need_stretch(recordings));
  const int code =
      volley_output_reserve(recordings->output, recordings->parts.past.positions, stretch_bytes(recordings));
  if (code && recordings->rank == 0)
    volley_fault(VOLLEY_FAILURE, NULL, "cannot join the files in '%s' into '%s': %s; make room and resume the run",
                 recordings->folder, recordings->path, strerror(code));
  volley_status status = volley_agree(recordings->comm);
  if (status == VOLLEY_OK) return volley_segments_copy(&recordings->parts, recordings->output, recordings->comm);
  (void)end_stretch(recordings);
  if (recordings->rank == 0) (void)unlink(recordings->temporary);
  return status;
}

/* The path of a stretch of this experiment, owned by the caller, and the step that it ends at; NULL: another file. */
static char *stretch_at(const volley_recordings *recordings, const char *folder, const char *name, long long *end) {
  int length = 0;
  if (sscanf(name, "%*[0-9]-%lld.h5%n", end, &length) < 1 || length == 0 || name[length]) return NULL;
  char *file = volley_path_format("%s/%s", folder, name);
  if (volley_segment_is_of(file, recordings->experiment)) return file;
  free(file);
  return NULL;
}

/* Removes what attempts of this run that were killed have left in the folder: the output holds it. If one of them went on for
 * longer than this run, nothing is removed: its checkpoint needs all of them. */
static void remove_leftovers(const volley_recordings *recordings, const char *folder) {
  bool all_end = true;
  for (int removes = 0; removes < 2 && all_end; removes++) {
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (const struct dirent *entry; (entry = readdir(entries));) {
      long long end = 0;
      char *file = stretch_at(recordings, folder, entry->d_name, &end);
      if (file && end > recordings->experiment->simulation.steps) all_end = false;
      if (file && removes) (void)unlink(file);
      free(file);
    }
    (void)closedir(entries);
  }
}

/* Removes the stretches that lie in this output's folder, and the folder if nothing else is in it. Rank 0. */
static void remove_stretches(const volley_recordings *recordings) {
  char *folder = realpath(recordings->folder, NULL);
  if (!folder) return;
  const size_t length = strlen(folder);
  for (int f = 0; f < recordings->parts.past.n_files; f++) {
    const char *file = recordings->parts.past.files[f];
    if (strncmp(file, folder, length) == 0 && file[length] == '/') (void)unlink(file);
  }
  remove_leftovers(recordings, folder);
  (void)rmdir(folder);
  free(folder);
}

/* Completes the output. Collective, agreed status. */
static volley_status finish(volley_recordings *recordings, const volley_summary *summary) {
  volley_status status = recordings->parts.past.n_files > 0 ? join(recordings) : VOLLEY_OK;
  if (!recordings->output) return status;
  const volley_status closed = volley_output_close(recordings->output, status == VOLLEY_OK ? summary : NULL);
  if (status == VOLLEY_OK) status = closed;
  if (status == VOLLEY_OK && recordings->rank == 0) remove_stretches(recordings);
  return status;
}

/* Leaves what is recorded as it is. Collective, agreed status. */
static volley_status stop(volley_recordings *recordings) {
  const bool empty = !holds_records(recordings) && recordings->parts.past.n_files > 0;
  if (!recordings->output) return VOLLEY_OK;
  VOLLEY_TRY(end_stretch(recordings));
  if (empty && recordings->rank == 0) (void)unlink(recordings->temporary);
  return VOLLEY_OK;
}

volley_status volley_recordings_close(volley_recordings *recordings, const volley_summary *summary) {
  const volley_status status = summary ? finish(recordings, summary) : stop(recordings);
  destroy(recordings);
  return status;
}
