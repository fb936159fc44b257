/* Lists of gids. */
#ifndef VOLLEY_EXCHANGE_GIDS_H
#define VOLLEY_EXCHANGE_GIDS_H

#include <stdint.h>

/* Sorts n gids, ascending. scratch: [n]. */
void volley_gids_sort(uint32_t *gids, uint32_t n, uint32_t *scratch);

#endif
