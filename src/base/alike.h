/* Whether all ranks were given the same: what differs there would end as a network that nobody described, or not at all. */
#ifndef VOLLEY_BASE_ALIKE_H
#define VOLLEY_BASE_ALIKE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Compares a text between ranks: one small reduction where all have the same. Where not, a fault names one rank that has
 * another text than rank 0, their hosts, and what both have. what: the same on every rank, "were given different words".
 * Collective over comm, agreed status: VOLLEY_USAGE if a rank differs. */
volley_status volley_alike(MPI_Comm comm, const char *what, const char *text);

/* A number that stands for bytes: those of two texts differ, but for a chance of 2^-64. before: 0, or that of what goes
 * before. */
uint64_t volley_bytes_hash(uint64_t before, const void *bytes, size_t n);

#endif
