#include "exchange/gids.h"

#include <string.h>

/* By eight bits at a time, leaving out bits that are the same in all; few gids by insertion. */
void volley_gids_sort(volley_gid *gids, uint32_t n, volley_gid *scratch) {
  if (n <= 32) {
    for (uint32_t i = 1; i < n; i++) {
      const volley_gid gid = gids[i];
      uint32_t j = i;
      for (; j > 0 && gids[j - 1] > gid; j--) gids[j] = gids[j - 1];
      gids[j] = gid;
    }
    return;
  }
  for (int shift = 0; shift < VOLLEY_GID_BITS; shift += 8) {
    uint32_t starts[257] = {0};
    for (uint32_t i = 0; i < n; i++) starts[((gids[i] >> shift) & 255) + 1]++;
    if (starts[((gids[0] >> shift) & 255) + 1] == n) continue;
    for (int s = 0; s < 256; s++) starts[s + 1] += starts[s];
    for (uint32_t i = 0; i < n; i++) scratch[starts[(gids[i] >> shift) & 255]++] = gids[i];
    memcpy(gids, scratch, n * sizeof *gids);
  }
}
