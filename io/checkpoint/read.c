#include "io/checkpoint/section.h"
#include "io/checkpoint/series.h"
#include "io/file/hdf5.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the file has the group of a section. Collective. */
static bool has(const volley_checkpoint *checkpoint, const volley_section *section) {
  return H5Lexists(checkpoint->handle, section->name, H5P_DEFAULT) > 0;
}

/* Adds a fault if the file holds a section that nobody here knows: what it says would be lost. */
static herr_t check_known(hid_t root, const char *name, const H5L_info_t *link, void *context) {
  volley_checkpoint *checkpoint = context;
  (void)root, (void)link;
  for (const volley_section *const *s = volley_checkpoint_sections(); *s; s++)
    if (strcmp((*s)->name, name) == 0) return 0;
  volley_checkpoint_refuse(
      checkpoint,
      volley_arena_format(checkpoint->arena, "this version of Volley does not know its section '%s'", name));
  return 0;
}

/* Reads what is known without a network. Collective. */
static void read_all(volley_checkpoint *checkpoint) {
  volley_hdf5 *file = &checkpoint->file;
  const volley_section *const *sections = volley_checkpoint_sections();
  checkpoint->handle = volley_hdf5_open_shared(file, checkpoint->comm);
  if (file->failed) return;
  if (!has(checkpoint, *sections)) {
    volley_hdf5_fault(file, "'%s' is no checkpoint of Volley: it has no group /%s", file->path, (*sections)->name);
    return;
  }
  for (const volley_section *const *s = sections; *s && !file->failed; s++)
    if ((*s)->read) (*s)->read(checkpoint);
  (void)H5Literate(checkpoint->handle, H5_INDEX_NAME, H5_ITER_INC, NULL, check_known, checkpoint);
}

volley_status volley_checkpoint_open(const char *path, MPI_Comm comm, volley_checkpoint **out) {
  int rank = 0;
  *out = NULL;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  const volley_seal_result found = volley_seal_verify(path, VOLLEY_CHECKPOINT_FORMAT, comm);
  if (rank == 0) volley_checkpoint_explain(path, &found);
  VOLLEY_TRY(volley_agree(comm));
  volley_checkpoint *checkpoint = volley_alloc(1, sizeof *checkpoint, "a checkpoint");
  checkpoint->arena = volley_arena_create();
  checkpoint->handle = -1;
  VOLLEY_MPI(MPI_Comm_dup(comm, &checkpoint->comm));
  VOLLEY_MPI(MPI_Comm_set_errhandler(checkpoint->comm, MPI_ERRORS_RETURN));
  checkpoint->info.path = volley_arena_copy(checkpoint->arena, path);
  checkpoint->info.bytes = found.bytes;
  checkpoint->file = (volley_hdf5){.path = checkpoint->info.path, .blame = VOLLEY_USAGE};
  read_all(checkpoint);
  const volley_status status = volley_agree(comm);
  if (status != VOLLEY_OK) {
    volley_checkpoint_close(checkpoint);
    return status;
  }
  *out = checkpoint;
  return VOLLEY_OK;
}

const volley_checkpoint_info *volley_checkpoint_get_info(const volley_checkpoint *checkpoint) {
  return &checkpoint->info;
}

void volley_checkpoint_close(volley_checkpoint *checkpoint) {
  if (!checkpoint) return;
  if (checkpoint->handle >= 0) (void)H5Fclose(checkpoint->handle);
  VOLLEY_MPI(MPI_Comm_free(&checkpoint->comm));
  volley_arena_destroy(checkpoint->arena);
  free(checkpoint);
}

/* Whether the run has the section and the file, too; adds a fault if only one of them has. Collective. */
static bool is_there(volley_checkpoint *checkpoint, const volley_section *section,
                     const volley_experiment *experiment) {
  const bool needed = volley_section_is_needed(section, experiment), found = has(checkpoint, section);
  if (checkpoint->taking) return needed && found;
  if (needed == found) return found;
  volley_checkpoint_refuse(checkpoint,
                           volley_arena_format(checkpoint->arena,
                                               needed ? "it has no section '%s', which its run needs"
                                                      : "it has a section '%s', which its run does not need",
                                               section->name));
  return false;
}

volley_status volley_checkpoint_restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  if (checkpoint->taking) volley_taking_tell(checkpoint, parts->network);
  for (const volley_section *const *s = volley_checkpoint_sections(); *s; s++) {
    if (is_there(checkpoint, *s, parts->network->experiment) && (*s)->restore) (*s)->restore(checkpoint, parts);
    VOLLEY_TRY(volley_agree(parts->network->comm));
  }
  return VOLLEY_OK;
}

volley_status volley_checkpoint_open_latest(const char *file, MPI_Comm comm, volley_checkpoint **out) {
  int rank = 0, missing = 0, there = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  *out = NULL;
  for (int k = 0; missing < 2; k++) { /* a kill between two renamings may leave one number out */
    char *name = volley_checkpoint_name(file, k);
    int exists = rank == 0 && access(name, F_OK) == 0;
    VOLLEY_MPI(MPI_Bcast(&exists, 1, MPI_INT, 0, comm));
    missing = exists ? 0 : missing + 1;
    there += exists;
    const volley_status status = exists ? volley_checkpoint_open(name, comm, out) : VOLLEY_USAGE;
    free(name);
    if (status == VOLLEY_OK) return status;
  }
  if (there && rank == 0)
    volley_fault(VOLLEY_USAGE, NULL,
                 "none of the checkpoints '%s', '%s.1', ... is whole; to start from the beginning "
                 "remove them",
                 file, file);
  return volley_agree(comm);
}
