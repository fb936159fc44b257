#include "io/checkpoint/section.h"
#include "io/checkpoint/series.h"
#include "io/file/disk_space.h"
#include "io/file/hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct writer {
  volley_saved saved;
  MPI_Comm comm;
  int rank;
  const char *path, *temporary;
  int keep;
  volley_disk_space room; /* rank 0 */
  int descriptor;         /* the same file, to bring it to the disk */
  volley_hdf5 file;
  hid_t handle;
  volley_contents contents;
  void **own;             /* [sections] what each has made for itself */
  volley_extent *extents; /* [datasets] */
} writer;

uint64_t volley_checkpoint_bytes(const volley_experiment *experiment) {
  uint64_t bytes = VOLLEY_BYTES_OF_FILE;
  for (const volley_section *const *s = volley_checkpoint_sections(); *s; s++)
    if (volley_section_is_needed(*s, experiment) && (*s)->bytes) bytes += (*s)->bytes(experiment);
  return bytes;
}

double volley_checkpoint_expected_bytes(double plastic_synapses) {
  const double pieces = 4e6, synapse = 20; /* states are dealt in pieces; values and places of synapses are whole */
  return pieces + synapse * plastic_synapses;
}

/* Has rank 0 reserve what the file needs. A disk that fills up while HDF5 writes leaves ranks that do not agree on what
 * is left to be done, so this comes first (see io/file/disk_space.h). */
static void take_room(writer *w) {
  if (w->rank != 0) return;
  const int code = volley_disk_space_reserve(&w->room, w->contents.bytes);
  if (code) volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(code));
}

/* Creates the file on rank 0, sees that there is room, and opens it on all ranks. Collective, agreed status. */
static volley_status open_room(writer *w) {
  if (w->rank == 0 && volley_checkpoint_check_names(w->path, w->keep) == VOLLEY_OK) {
    const int code = volley_disk_space_open(&w->room, w->temporary);
    if (code) volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(code));
    if (code == 0) take_room(w);
    w->room.reserved = 0; /* HDF5 empties the file when it creates it */
  }
  VOLLEY_TRY(volley_agree(w->comm));
  w->descriptor = open(w->temporary, O_RDWR | O_CLOEXEC);
  if (w->descriptor < 0)
    volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(errno));
  return volley_agree(w->comm);
}

/* Has each section say what it has to write. The groups come first, so that their names lie at the start of the file,
 * where volley_is_checkpoint() looks for them. Collective. */
static void list_contents(writer *w) {
  const volley_section *const *sections = volley_checkpoint_sections();
  const volley_experiment *experiment = w->saved.parts->network->experiment;
  const char *last = "";
  int n = 0;
  for (; sections[n]; n++) {
    if (!volley_section_is_needed(sections[n], experiment) || strcmp(sections[n]->name, last) == 0) continue;
    volley_contents_add_group(&w->contents, "%s", last = sections[n]->name);
  }
  w->own = volley_arena_alloc(w->contents.arena, (size_t)n, sizeof *w->own);
  for (int s = 0; s < n; s++)
    if (volley_section_is_needed(sections[s], experiment)) w->own[s] = sections[s]->create(&w->contents, &w->saved);
}

/* Writes the values of all datasets. Collective. */
static void put_values(writer *w) {
  const volley_section *const *sections = volley_checkpoint_sections();
  volley_contents_put(&w->contents, &w->file, w->descriptor, w->rank == 0);
  for (int s = 0; sections[s]; s++)
    if (sections[s]->put && volley_section_is_needed(sections[s], w->saved.parts->network->experiment))
      sections[s]->put(&w->file, &w->saved, w->own[s]);
}

/* Writes the HDF5 file: metadata by all ranks together and values by each for itself, since they are contiguous pieces, which
 * gathering on fewer ranks would only delay, and a rank that fails holds nobody up. Where tables could not be written, the ranks may not agree on what is left to be done, and to
 * close the file may wait for ever: it is left open then, a leak that the run survives. Values leave nothing to be
 * done: a file whose tables are written can be closed whatever became of them. Collective, agreed status. */
static volley_status write_file(writer *w) {
  MPI_Comm comm = w->comm;
  w->handle = volley_hdf5_create_shared(&w->file, comm);
  VOLLEY_TRY(volley_agree(comm));
  take_room(w);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK) {
    volley_contents_make(&w->contents, &w->file, w->handle);
    volley_hdf5_check(&w->file, H5Fflush(w->handle, H5F_SCOPE_GLOBAL), "write");
    VOLLEY_TRY(volley_agree(comm));
    put_values(w);
    status = volley_agree(comm);
  }
  if (status == VOLLEY_OK) {
    volley_contents_finish(&w->contents, &w->file, comm, w->extents);
    VOLLEY_TRY(volley_agree(comm));
  } else {
    w->file.failed = false;
    volley_contents_release(&w->contents, &w->file);
  }
  volley_hdf5_check(&w->file, H5Fclose(w->handle), "close");
  const volley_status closed = volley_agree(comm);
  return status == VOLLEY_OK ? closed : status;
}

/* Brings to the disk what this rank has written; on a cluster no other computer can. Collective, agreed status. */
static volley_status bring_to_disk(const writer *w) {
  if (fsync(w->descriptor))
    volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(errno));
  return volley_agree(w->comm);
}

/* Seals the file and gives it its name, or removes it after a failure. */
static void finish(writer *w, volley_status status) {
  int code = 0;
  if (w->descriptor >= 0) close(w->descriptor);
  if (w->rank != 0 || w->room.descriptor < 0) return;
  if (status == VOLLEY_OK)
    code = volley_seal_append(w->temporary, VOLLEY_CHECKPOINT_FORMAT, w->extents, (int)w->contents.n_datasets);
  const int closing = volley_disk_space_close(&w->room);
  if (code == 0) code = closing;
  if (status == VOLLEY_OK && code == 0) code = volley_checkpoint_rotate(w->temporary, w->path, w->keep);
  if (status == VOLLEY_OK && code)
    volley_fault(VOLLEY_FAILURE, NULL, "cannot finish checkpoint '%s': %s", w->path, strerror(code));
  if (status != VOLLEY_OK || code) (void)unlink(w->temporary);
}

static void release(writer *w) {
  const volley_section *const *sections = volley_checkpoint_sections();
  for (int s = 0; sections[s]; s++)
    if (sections[s]->release && w->own[s]) sections[s]->release(w->own[s]);
  volley_contents_destroy(&w->contents);
}

volley_status volley_checkpoint_write(const volley_run_parts *parts, const volley_run_state *state,
                                      const volley_recorded *past, const char *output, const char *path, int keep) {
  writer w = {.saved = {parts, state, past, output},
              .comm = parts->network->comm,
              .rank = parts->network->rank,
              .path = path,
              .keep = keep,
              .room = {.descriptor = -1},
              .descriptor = -1,
              .handle = -1};
  volley_contents_create(&w.contents);
  w.temporary = volley_arena_format(w.contents.arena, "%s.part", path);
  w.file = (volley_hdf5){.path = w.temporary, .blame = VOLLEY_FAILURE};
  list_contents(&w);
  w.extents = volley_arena_alloc(w.contents.arena, w.contents.n_datasets, sizeof *w.extents);
  volley_status status = open_room(&w);
  if (status == VOLLEY_OK) status = write_file(&w);
  if (status == VOLLEY_OK) status = bring_to_disk(&w);
  finish(&w, status);
  const volley_status finished = volley_agree(w.comm);
  release(&w);
  return status == VOLLEY_OK ? finished : status;
}
