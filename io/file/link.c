#include "io/file/link.h"

#include "base/memory.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINKS = 40 };

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
