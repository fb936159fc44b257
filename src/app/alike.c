#define _GNU_SOURCE /* link.h: the program's headers in memory */
#include "app/alike.h"

#include "base/alike.h"
#include "base/build_info.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The words as a shell takes them; caller frees. */
static char *join_words(int n, const char *const *words) {
  size_t size = 1;
  for (int w = 0; w < n; w++) size += 4 * strlen(words[w]) + 4; /* at most, quoted */
  char *all = volley_alloc(size, 1, "the command line"), *at = all;
  for (int w = 0; w < n; w++) {
    char *word = volley_shell_word(words[w]);
    at += snprintf(at, size - (size_t)(at - all), "%s%s", w ? " " : "", word);
    free(word);
  }
  return all;
}

/* The number that the linker gave to the program's bytes, as a text in hexadecimal digits; "" if it gave none. */
static int find_build_id(struct dl_phdr_info *program, size_t size, void *text) {
  (void)size;
  for (int h = 0; h < program->dlpi_phnum; h++) {
    const ElfW(Phdr) *header = &program->dlpi_phdr[h];
    const char *at = (const char *)(program->dlpi_addr + header->p_vaddr), *end = at + header->p_memsz;
    while (header->p_type == PT_NOTE && at + sizeof(ElfW(Nhdr)) <= end) {
      const ElfW(Nhdr) *note = (const void *)at;
      const unsigned char *bytes = (const unsigned char *)at + sizeof *note + (note->n_namesz + 3) / 4 * 4;
      for (unsigned b = 0; note->n_type == NT_GNU_BUILD_ID && b < note->n_descsz && b < 20; b++)
        sprintf((char *)text + 2 * b, "%02x", bytes[b]);
      at = (const char *)bytes + (note->n_descsz + 3) / 4 * 4;
    }
  }
  return 1; /* the first is the program, the others are libraries */
}

volley_status volley_ranks_compare(int n, const char *const *words, MPI_Comm comm) {
  char folder[PATH_MAX], build[4096], id[41] = "";
  char *line = join_words(n, words);
  const volley_status status = volley_alike(comm, "were given different words", line);
  free(line);
  VOLLEY_TRY(status);
  if (!getcwd(folder, sizeof folder)) snprintf(folder, sizeof folder, "none (%s)", strerror(errno));
  VOLLEY_TRY(volley_alike(comm, "have different working folders", folder));
  dl_iterate_phdr(find_build_id, id);
  snprintf(build, sizeof build, "Volley %s (%s), by %s with %s, build %s", VOLLEY_VERSION, VOLLEY_GIT_COMMIT,
           VOLLEY_COMPILER, VOLLEY_C_FLAGS, id);
  return volley_alike(comm, "run different programs", build);
}

/* A new file in the folder of `path`, its name in `marker`; "" if there can be none. */
static void make_marker(const char *path, char marker[PATH_MAX]) {
  const char *slash = strrchr(path, '/');
  const int length = slash ? (int)(slash - path) + 1 : 0;
  const bool fits = snprintf(marker, PATH_MAX, "%.*s.volley-XXXXXX", length, path) < PATH_MAX;
  const int file = fits ? mkstemp(marker) : -1;
  if (file < 0)
    marker[0] = '\0';
  else
    close(file);
}

volley_status volley_folder_compare(const char *path, MPI_Comm comm) {
  char marker[PATH_MAX] = "";
  int rank, ranks, first;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  if (ranks == 1) return VOLLEY_OK;
  if (rank == 0) make_marker(path, marker);
  VOLLEY_MPI(MPI_Bcast(marker, PATH_MAX, MPI_CHAR, 0, comm));
  if (!marker[0]) return VOLLEY_OK;
  const int blind = access(marker, F_OK) != 0 ? rank : ranks;
  VOLLEY_MPI(MPI_Allreduce(&blind, &first, 1, MPI_INT, MPI_MIN, comm));
  if (rank == 0) unlink(marker);
  if (first == ranks) return VOLLEY_OK;
  if (rank == first) {
    struct utsname host;
    const char *name = uname(&host) == 0 ? host.nodename : "a host";
    volley_fault(VOLLEY_USAGE, NULL,
                 "rank %d on %s does not see the folder that rank 0 sees, where '%s' is to be written: all hosts must "
                 "share it",
                 rank, name, path);
  }
  return volley_agree(comm);
}
