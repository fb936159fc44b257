#define _GNU_SOURCE /* mkdtemp, realpath */

#include "io/file/hdf5.h"

#include <errno.h>
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

/* A short name for a file that is there, while MPI-IO opens it. */
typedef struct alias {
  char folder[64], path[80];
} alias;

/* Makes a link to the file in a new folder for temporary files. */
static bool make_alias(const char *path, alias *short_name) {
  const char *room = getenv("TMPDIR");
  if (!room || !*room || strlen(room) > 32) room = "/tmp";
  char *whole = realpath(path, NULL);
  snprintf(short_name->folder, sizeof short_name->folder, "%s/volley-XXXXXX", room);
  bool made = whole && mkdtemp(short_name->folder);
  if (made) {
    snprintf(short_name->path, sizeof short_name->path, "%s/file", short_name->folder);
    made = symlink(whole, short_name->path) == 0;
    if (!made) (void)rmdir(short_name->folder);
  }
  free(whole);
  return made;
}

static void remove_alias(const alias *short_name) {
  (void)unlink(short_name->path);
  (void)rmdir(short_name->folder);
}

/* Open MPI gives every file that it opens a pointer that its ranks share, which HDF5 does not use, and guards it by what all
 * jobs of a computer have in common: a semaphore /dev/shm/sem.OMPIO_NAME, for which a later run would wait for ever if one with
 * an output of that name was killed while it had it, or FILE.locktest.N, which would be left behind. So there is no such
 * pointer, unless the user wants it. Open MPI reads this at the first file. */
static void refuse_shared_pointers(void) { setenv("OMPI_MCA_sharedfp", "^sm,lockedfile", 0); }

/* Has several ranks go through MPI-IO; one alone does without. */
static void share(volley_hdf5 *file, hid_t access, MPI_Comm comm, bool creates) {
  refuse_shared_pointers();
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
  const bool is_long = ranks > 1 && strlen(file->path) > LONGEST;
  if (is_long && !make_alias(file->path, &short_name)) {
    volley_fault(file->blame, file->place, "cannot open '%s': no link to it in the folder for temporary files: %s",
                 file->path, strerror(errno));
    fails = 1;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &fails, 1, MPI_INT, MPI_MAX, comm));
  const char *path = is_long ? short_name.path : file->path;
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
  if (is_long && !fails) remove_alias(&short_name);
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
