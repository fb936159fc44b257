/* Lists of gids. */
#ifndef VOLLEY_EXCHANGE_GIDS_H
#define VOLLEY_EXCHANGE_GIDS_H

#include "base/gid.h"

#include <stdint.h>

/* Sorts n gids, ascending. scratch: [n]. */
void volley_gids_sort(volley_gid *gids, uint32_t n, volley_gid *scratch);

#endif
