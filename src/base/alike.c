#include "base/alike.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 1000 }; /* bytes of a text that a message shows */

/* FNV-1a. */
uint64_t volley_bytes_hash(uint64_t before, const void *bytes, size_t n) {
  uint64_t hash = before ^ UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < n; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* What a rank has, as a message shows it. */
typedef struct showing {
  char host[MPI_MAX_PROCESSOR_NAME], text[SHOWN];
} showing;

static showing show(MPI_Comm comm, int root, const char *text) {
  showing shown = {"", ""};
  int length;
  VOLLEY_MPI(MPI_Get_processor_name(shown.host, &length));
  snprintf(shown.text, sizeof shown.text, "%s", text);
  VOLLEY_MPI(MPI_Bcast(&shown, sizeof shown, MPI_BYTE, root, comm));
  return shown;
}

/* Rank 0 tells of itself and of the first rank that has another text. */
static void tell(MPI_Comm comm, const char *what, const char *text, uint64_t own) {
  uint64_t first = own;
  int rank, ranks, odd, n;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  VOLLEY_MPI(MPI_Bcast(&first, 1, MPI_UINT64_T, 0, comm));
  const int differs = own != first, candidate = differs ? rank : INT_MAX;
  VOLLEY_MPI(MPI_Allreduce(&candidate, &odd, 1, MPI_INT, MPI_MIN, comm));
  VOLLEY_MPI(MPI_Allreduce(&differs, &n, 1, MPI_INT, MPI_SUM, comm));
  const showing of_first = show(comm, 0, text), of_odd = show(comm, odd, text);
  if (rank != 0) return;
  volley_fault(
      VOLLEY_USAGE, NULL,
      "the ranks %s: rank 0 on %s has %s; rank %d on %s has %s; %d of %d ranks differ from rank 0, and all must "
      "be alike",
      what, of_first.host, of_first.text, odd, of_odd.host, of_odd.text, n, ranks);
}

volley_status volley_alike(MPI_Comm comm, const char *what, const char *text) {
  const uint64_t own = volley_bytes_hash(0, text, strlen(text)), range[2] = {own, ~own};
  uint64_t least[2];
  VOLLEY_MPI(MPI_Allreduce(range, least, 2, MPI_UINT64_T, MPI_MIN, comm));
  if (least[0] == ~least[1]) return VOLLEY_OK;
  tell(comm, what, text, own);
  return volley_agree(comm);
}
