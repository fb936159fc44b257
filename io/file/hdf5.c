#define _GNU_SOURCE /* mkdtemp, realpath */

#include "io/file/hdf5.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 200 /* bytes of a path that MPI-IO is given: Open MPI adds to it in buffers of 256 */ };

/* Properties of access without locks. */
static hid_t unlocked(volley_hdf5 *file) {
  const hid_t access = volley_hdf5_check(file, H5Pcreate(H5P_FILE_ACCESS), "set up");
  volley_hdf5_check(file, H5Pset_file_locking(access, false, true), "set up");
  return access;
}

hid_t volley_hdf5_open(volley_hdf5 *file) {
  volley_hdf5_quiet();
  const hid_t access = unlocked(file);
  const hid_t handle = volley_hdf5_check(file, H5Fopen(file->path, H5F_ACC_RDONLY, access), "open");
  volley_hdf5_release(file, access);
  return handle;
}

hid_t volley_hdf5_try_open(const char *path) {
  volley_hdf5 file = {.path = path, .is_silent = true};
  return volley_hdf5_open(&file);
}

/* Open MPI gives each file a pointer that its ranks share, which HDF5 does not use. Of the ways to do so `sm` is the one that
 * makes no file beside ours; where it can't, there is no pointer. Open MPI reads this at its first file. */
static void keep_pointers_in_memory(void) { setenv("OMPI_MCA_sharedfp", "sm", 0); }

/* `sm` sets the pointer to 0 under a semaphore that all jobs of a computer know by the last part of the path alone, in whose
 * place a job that is killed there leaves one that is taken for ever. Only rank 0 waits for it: each rank may remove the name
 * before it opens the file, whoever made it. Returns false where it is another user's, and remains. */
static bool remove_semaphore(const char *path) {
  char name[256];
  const char *last = strrchr(path, '/');
  snprintf(name, sizeof name, "/OMPIO_%s", last ? last + 1 : path);
  return sem_unlink(name) == 0 || errno == ENOENT;
}

/* A short name, like that of no other file, for a file that is there, while MPI-IO opens it. */
typedef struct alias {
  char folder[64], path[128];
} alias;

/* Makes a link to the file in a new folder for temporary files; both have the folder's name. */
static bool make_alias(const char *path, alias *short_name) {
  const char *room = getenv("TMPDIR");
  if (!room || !*room || strlen(room) > 32) room = "/tmp";
  char *whole = realpath(path, NULL);
  snprintf(short_name->folder, sizeof short_name->folder, "%s/volley-XXXXXX", room);
  bool made = whole && mkdtemp(short_name->folder);
  if (made) {
    snprintf(short_name->path, sizeof short_name->path, "%s%s", short_name->folder, strrchr(short_name->folder, '/'));
    made = symlink(whole, short_name->path) == 0;
    if (!made) (void)rmdir(short_name->folder);
  }
  free(whole);
  return made;
}

static void remove_alias(const alias *short_name) {
  (void)remove_semaphore(short_name->path);
  (void)unlink(short_name->path);
  (void)rmdir(short_name->folder);
}

/* Has several ranks go through MPI-IO; one alone does without. */
static void share(volley_hdf5 *file, hid_t access, MPI_Comm comm, bool creates) {
  volley_hdf5_check(file, H5Pset_fapl_mpio(access, comm, MPI_INFO_NULL), "set up");
  volley_hdf5_check(file, H5Pset_all_coll_metadata_ops(access, true), "set up");
  if (creates) volley_hdf5_check(file, H5Pset_coll_metadata_write(access, true), "set up");
}

/* Opens or creates. The file is there, whatever is done: who creates it has reserved room in it. */
static hid_t open_shared(volley_hdf5 *file, MPI_Comm comm, bool creates) {
  alias short_name;
  int fails = 0, ranks;
  volley_hdf5_quiet();
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  if (ranks > 1) keep_pointers_in_memory();
  const bool has_alias = ranks > 1 && (strlen(file->path) > LONGEST || !remove_semaphore(file->path));
  if (has_alias && !make_alias(file->path, &short_name)) {
    volley_fault(file->blame, file->place, "cannot open '%s': no link to it in the folder for temporary files: %s",
                 file->path, strerror(errno));
    fails = 1;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &fails, 1, MPI_INT, MPI_MAX, comm));
  const char *path = has_alias ? short_name.path : file->path;
  const hid_t access = unlocked(file);
  if (ranks > 1) share(file, access, comm, creates);
  hid_t handle = -1;
  if (fails)
    file->failed = true;
  else if (creates)
    handle = volley_hdf5_check(file, H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access), "create");
  else
    handle = volley_hdf5_check(file, H5Fopen(path, H5F_ACC_RDONLY, access), "open");
  volley_hdf5_release(file, access);
  if (has_alias && !fails) remove_alias(&short_name);
  return handle;
}

hid_t volley_hdf5_create_shared(volley_hdf5 *file, MPI_Comm comm) { return open_shared(file, comm, true); }

hid_t volley_hdf5_open_shared(volley_hdf5 *file, MPI_Comm comm) { return open_shared(file, comm, false); }

hid_t volley_data_open(volley_hdf5 *file) {
  volley_hdf5_quiet();
  if (access(file->path, R_OK) == 0 && H5Fis_hdf5(file->path) <= 0) {
    volley_hdf5_fault(file, "'%s' is not an HDF5 file", file->path);
    return -1;
  }
  return volley_hdf5_open(file);
}
