#define _GNU_SOURCE /* fallocate */

#include "io/file/disk_space.h"

#include "io/file/path.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const uint64_t reserve_step = (uint64_t)16 << 20; /* bytes taken ahead where the disk has them */

int volley_disk_space_open(volley_disk_space *room, const char *path) {
  room->reserved = 0;
  room->descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  return room->descriptor < 0 ? errno : 0;
}

/* For file systems that cannot reserve: whether the free space would do. */
static int check_free(const volley_disk_space *room, uint64_t size) {
  struct statvfs system;
  struct stat file;
  if (fstatvfs(room->descriptor, &system) || fstat(room->descriptor, &file)) return errno;
  const uint64_t taken = (uint64_t)file.st_blocks * 512;
  return size > taken && size - taken > (uint64_t)system.f_bavail * system.f_frsize ? ENOSPC : 0;
}

static int take(const volley_disk_space *room, uint64_t size) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur) return EFBIG;
  int result;
  do result = fallocate(room->descriptor, FALLOC_FL_KEEP_SIZE, (off_t)room->reserved, (off_t)(size - room->reserved));
  while (result && errno == EINTR);
  if (result == 0) return 0;
  return errno == EOPNOTSUPP || errno == ENOSYS ? check_free(room, size) : errno;
}

int volley_disk_space_reserve(volley_disk_space *room, uint64_t size) {
  if (size <= room->reserved) return 0;
  uint64_t wanted = size + reserve_step;
  int code = take(room, wanted);
  if (code) code = take(room, wanted = size);
  if (code == 0) room->reserved = wanted;
  return code;
}

uint64_t volley_disk_space_size(const volley_disk_space *room) {
  struct stat file;
  return fstat(room->descriptor, &file) == 0 ? (uint64_t)file.st_size : 0;
}

int volley_disk_space_close(volley_disk_space *room) {
  struct stat file;
  int code = 0;
  if (fstat(room->descriptor, &file) || ftruncate(room->descriptor, file.st_size) || fsync(room->descriptor))
    code = errno;
  if (close(room->descriptor) && code == 0) code = errno;
  room->descriptor = -1;
  return code;
}

/* The folder of path, owned by the caller. */
static char *folder_of(const char *path) {
  char *copy = volley_path_format("%s", path);
  char *name = dirname(copy);
  memmove(copy, name, strlen(name) + 1);
  return copy;
}

uint64_t volley_file_free_space(const char *path) {
  struct statvfs system;
  char *folder = folder_of(path);
  const bool found = statvfs(folder, &system) == 0;
  free(folder);
  return found ? (uint64_t)system.f_bavail * system.f_frsize : 0;
}

/* Brings the names in the folder of path to the disk. Returns 0 or errno. */
static int sync_folder_of(const char *path) {
  char *folder = folder_of(path);
  const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  if (descriptor < 0) return errno;
  const int code = fsync(descriptor) && errno != EINVAL ? errno : 0; /* EINVAL: no such thing on this file system */
  close(descriptor);
  return code;
}

int volley_file_rename(const char *from, const char *to) {
  if (rename(from, to)) return errno;
  char *old_folder = folder_of(from), *new_folder = folder_of(to);
  const bool moved = strcmp(old_folder, new_folder) != 0;
  free(old_folder);
  free(new_folder);
  const int code = sync_folder_of(to);
  return code || !moved ? code : sync_folder_of(from);
}

int volley_file_make_folder(const char *path) {
  if (mkdir(path, 0777)) return errno == EEXIST ? 0 : errno;
  return sync_folder_of(path);
}

int volley_file_make_folder_of(const char *path) {
  char *folder = folder_of(path), *end = folder + strlen(folder);
  int code = 0;
  for (char *at = folder + 1; at <= end && code == 0; at++) {
    const char was = *at;
    if (was && was != '/') continue;
    *at = '\0';
    code = volley_file_make_folder(folder);
    *at = was;
  }
  free(folder);
  return code;
}

bool volley_file_has_folder(const char *path) {
  struct stat found;
  char *folder = folder_of(path);
  const bool is_there = stat(folder, &found) == 0;
  free(folder);
  return is_there;
}

/* Tries to create the temporary file, and removes it again if it was not there. Returns 0 or errno. */
static int try_to_create(const char *temporary) {
  int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  const bool created = descriptor >= 0;
  if (!created && errno == EEXIST) descriptor = open(temporary, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  close(descriptor);
  if (created) unlink(temporary);
  return 0;
}

static volley_status check_folder(const char *path, const char *folder) {
  struct stat found;
  if (stat(folder, &found))
    return volley_fault(VOLLEY_USAGE, NULL,
                        "cannot write output '%s': folder '%s': %s; create it or choose another "
                        "output",
                        path, folder, strerror(errno));
  if (!S_ISDIR(found.st_mode))
    return volley_fault(VOLLEY_USAGE, NULL, "cannot write output '%s': '%s' is not a folder", path, folder);
  if (access(folder, W_OK | X_OK))
    return volley_fault(VOLLEY_USAGE, NULL,
                        "cannot write output '%s': folder '%s' cannot be written to: %s; choose "
                        "a folder where files may be created",
                        path, folder, strerror(errno));
  return VOLLEY_OK;
}

volley_status volley_file_check(const char *path, const char *temporary, bool overwrite) {
  struct stat found;
  const size_t length = strlen(path);
  if (length == 0) return volley_fault(VOLLEY_USAGE, NULL, "the output has no name; give the path of a file");
  const bool exists = stat(path, &found) == 0;
  if (path[length - 1] == '/' || (exists && S_ISDIR(found.st_mode)))
    return volley_fault(VOLLEY_USAGE, NULL, "output '%s' is a folder; give the path of a file", path);
  char *folder = folder_of(path);
  const volley_status status = check_folder(path, folder);
  free(folder);
  VOLLEY_TRY(status);
  if (exists && !S_ISREG(found.st_mode))
    return volley_fault(VOLLEY_USAGE, NULL, "output '%s' is not a regular file; choose another", path);
  if (exists && !overwrite)
    return volley_fault(VOLLEY_USAGE, NULL, "output '%s' exists; choose another with -o or replace it with --overwrite",
                        path);
  const int code = temporary ? try_to_create(temporary) : 0;
  if (code)
    return volley_fault(VOLLEY_USAGE, NULL, "cannot write output '%s': '%s' cannot be created: %s", path, temporary,
                        strerror(code));
  return VOLLEY_OK;
}
