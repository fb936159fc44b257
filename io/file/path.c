#include "io/file/path.h"

#include "base/status.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINKS = 40 };

char *volley_path_format(const char *format, ...) {
  va_list words, again;
  va_start(words, format);
  va_copy(again, words);
  const size_t size = (size_t)vsnprintf(NULL, 0, format, words) + 1;
  char *path = volley_alloc(size, 1, "a path");
  vsnprintf(path, size, format, again);
  va_end(again);
  va_end(words);
  return path;
}

char *volley_link_target(const char *path) {
  char *at = volley_alloc(PATH_MAX, 1, "a path"), next[PATH_MAX];
  snprintf(at, PATH_MAX, "%s", path);
  for (int links = 0; links < MAX_LINKS; links++) {
    const ssize_t n = readlink(at, next, sizeof next - 1);
    if (n <= 0) return at; /* no link */
    next[n] = '\0';
    char *slash = strrchr(at, '/');
    const size_t folder = next[0] != '/' && slash ? (size_t)(slash - at) + 1 : 0;
    if (folder + (size_t)n >= PATH_MAX) break;
    memcpy(at + folder, next, (size_t)n + 1);
  }
  snprintf(at, PATH_MAX, "%s", path);
  return at;
}

const char *volley_path_absolute(MPI_Comm comm, volley_arena *arena, const char *given_path) {
  char path[PATH_MAX] = "";
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    char folder[PATH_MAX];
    const char *given = dirname(volley_arena_copy(arena, given_path));
    const char *name = basename(volley_arena_copy(arena, given_path));
    const bool fits = realpath(given, folder) && snprintf(path, sizeof path, "%s/%s", folder, name) < PATH_MAX;
    if (!fits) snprintf(path, sizeof path, "%s", given_path);
  }
  VOLLEY_MPI(MPI_Bcast(path, PATH_MAX, MPI_CHAR, 0, comm));
  return volley_arena_copy(arena, path);
}

char *volley_path_numbered(const char *path, int number) {
  const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
  const size_t n = dot && dot > (slash ? slash + 1 : path) ? (size_t)(dot - path) : strlen(path);
  return volley_path_format("%.*s.%d%s", (int)n, path, number, path + n);
}
