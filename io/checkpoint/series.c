#define _GNU_SOURCE /* memmem, pread */

#include "io/checkpoint/series.h"

#include "base/text.h"
#include "io/checkpoint/checkpoint.h"
#include "io/file/disk_space.h"
#include "io/file/hdf5.h"
#include "io/file/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 8192 /* bytes from the start in which the name of the group /volley_checkpoint lies */ };

char *volley_checkpoint_name(const char *file, int k) {
  return k == 0 ? volley_path_format("%s", file) : volley_path_format("%s.%d", file, k);
}

volley_status volley_checkpoint_check_names(const char *file, int keep) {
  volley_status status = VOLLEY_OK;
  for (int k = 0; k < keep && status == VOLLEY_OK; k++) {
    struct stat found;
    char *name = volley_checkpoint_name(file, k);
    if (stat(name, &found) == 0 && !S_ISREG(found.st_mode))
      status =
          volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': '%s' is not a regular file", file, name);
    free(name);
  }
  return status;
}

/* Gives the file the second name `next`, too, so that it is never without one; where the file system has no such links
 * it is renamed. Returns 0 or errno. */
static int set_aside(const char *file, const char *next) {
  if (unlink(next) && errno != ENOENT) return errno;
  if (link(file, next) == 0 || errno == ENOENT) return 0;
  return rename(file, next) ? errno : 0;
}

int volley_checkpoint_rotate(const char *temporary, const char *file, int keep) {
  int code = 0;
  for (int k = keep - 1; k > 0 && code == 0; k--) {
    char *name = volley_checkpoint_name(file, k - 1), *next = volley_checkpoint_name(file, k);
    if (k == 1) {
      code = set_aside(name, next);
    } else if (rename(name, next) && errno != ENOENT) {
      code = errno;
    }
    free(name);
    free(next);
  }
  return code ? code : volley_file_rename(temporary, file);
}

/* What a search for the dataset at an address in the file needs and finds. */
typedef struct search {
  haddr_t offset;
  char name[512];
} search;

static herr_t compare_offset(hid_t root, const char *name, const H5O_info_t *object, void *context) {
  search *s = context;
  if (object->type != H5O_TYPE_DATASET) return 0;
  const hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
  const bool found = set >= 0 && H5Dget_offset(set) == s->offset;
  if (set >= 0) H5Dclose(set);
  if (found) snprintf(s->name, sizeof s->name, "/%s", name);
  return found;
}

/* Finds the name of the dataset that begins at an address, "" if there is none, in a file of which only values of
 * datasets have changed. */
static void find_dataset(const char *path, search *s) {
  const hid_t file = volley_hdf5_try_open(path);
  if (file < 0) return;
  (void)H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, compare_offset, s, H5O_INFO_BASIC);
  H5Fclose(file);
}

static void explain_damage(const char *path, const volley_seal_result *found) {
  static const char advice[] = "take an older checkpoint";
  search s = {.offset = found->at};
  if (found->size > 0) find_dataset(path, &s);
  if (s.name[0]) {
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is damaged: dataset %s has changed since it was written; %s", path, s.name,
                 advice);
  } else if (found->size > 0) {
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is damaged: bytes %llu to %llu have changed since it was written; %s", path,
                 (unsigned long long)found->at, (unsigned long long)(found->at + found->size - 1), advice);
  } else {
    volley_fault(VOLLEY_USAGE, NULL,
                 "'%s' is damaged: its tables or its end mark have changed since it was written; %s", path, advice);
  }
}

void volley_checkpoint_explain(const char *path, const volley_seal_result *found) {
  switch (found->state) {
    case VOLLEY_SEAL_WHOLE: break;
    case VOLLEY_SEAL_UNREADABLE:
      volley_fault(VOLLEY_USAGE, NULL, "cannot open '%s': %s", path, strerror(found->code));
      break;
    case VOLLEY_SEAL_NONE:
      if (volley_is_checkpoint(path)) {
        volley_fault(VOLLEY_USAGE, NULL,
                     "'%s' was cut off: it ends after %s without an end mark; take an older checkpoint", path,
                     volley_count(found->bytes, "byte").text);
      } else {
        volley_fault(
            VOLLEY_USAGE, NULL,
            "'%s' is no checkpoint of Volley: it has no end mark; give a file that volley run --checkpoint wrote",
            path);
      }
      break;
    case VOLLEY_SEAL_FORMAT:
      volley_fault(VOLLEY_USAGE, NULL, "'%s' has checkpoint format %u; this version of Volley reads format %d", path,
                   found->format, VOLLEY_CHECKPOINT_FORMAT);
      break;
    case VOLLEY_SEAL_DAMAGED: explain_damage(path, found); break;
  }
}

bool volley_is_checkpoint(const char *path) {
  static const unsigned char signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  static const char group[] = "volley_checkpoint";
  struct stat found;
  unsigned char head[HEAD] = {0};
  if (stat(path, &found) || !S_ISREG(found.st_mode)) return false;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const ssize_t n = pread(descriptor, head, sizeof head, 0);
  close(descriptor);
  const bool named = n > 0 && memmem(head, (size_t)n, group, sizeof group) != NULL;
  return (named && memcmp(head, signature, sizeof signature) == 0) || volley_seal_is_there(path);
}
