/* Disk space taken before it is written to. A disk that fills up inside a collective write leaves HDF5 and MPI-IO in a
 * state from which they do not always return; so rank 0 reserves the bytes of every write beforehand, and a full
 * disk, quota or size limit is found while the file is still whole and can be closed. */
#ifndef VOLLEY_IO_FILE_DISK_SPACE_H
#define VOLLEY_IO_FILE_DISK_SPACE_H

#include "base/status.h"

#include <stdint.h>

typedef struct volley_disk_space {
  int descriptor;
  uint64_t reserved; /* the file may grow to this size */
} volley_disk_space;

/* Opens (creates, empties) the file at path. Returns 0 or the system's errno. Not collective, like all of this. */
int volley_disk_space_open(volley_disk_space *room, const char *path);

/* Sees that the file can grow to size bytes. Returns 0 or errno: ENOSPC, EDQUOT, EFBIG, ... */
int volley_disk_space_reserve(volley_disk_space *room, uint64_t size);

/* Bytes that the file has now. */
uint64_t volley_disk_space_size(const volley_disk_space *room);

/* Gives back what was reserved but not written, brings the file to the disk and closes it. Returns 0 or errno. */
int volley_disk_space_close(volley_disk_space *room);

/* Bytes that may still be written to the file system of path's folder; 0 if that cannot be found out. */
uint64_t volley_file_free_space(const char *path);

/* Renames a file that is on the disk, replacing `to`, and brings the new name to the disk. Returns 0 or errno. */
int volley_file_rename(const char *from, const char *to);

/* Makes a folder if it is not there and brings its name to the disk. Returns 0 or errno. */
int volley_file_make_folder(const char *path);

/* Makes the folder of a path and those that it lies in, where they are not there. Returns 0 or errno. */
int volley_file_make_folder_of(const char *path);
bool volley_file_has_folder(const char *path);

/* Whether a file could be created at path (or replaced, if overwrite is set); the temporary name is tried out and
 * removed again, which only who has the lock may do; NULL: it is not. Adds a fault with VOLLEY_USAGE if not. */
volley_status volley_file_check(const char *path, const char *temporary, bool overwrite);

#endif
