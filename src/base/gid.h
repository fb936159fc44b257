/* The name of a neuron in a network: its number among those of all populations, one after the other. Within a population a
 * neuron is an index, of 32 bits in any build. */
#ifndef VOLLEY_BASE_GID_H
#define VOLLEY_BASE_GID_H

#include <stdint.h>

#ifndef VOLLEY_GID_BITS
#define VOLLEY_GID_BITS 32
#endif

/* VOLLEY_MPI_GID, VOLLEY_HDF5_GID: the type for MPI and HDF5, for those who include them. VOLLEY_MOST_NEURONS: of a network; all
 * gids lie below (with 64 bits sixty-four neighbours are named by one number of 32, network/source_index.h). VOLLEY_NO_GID: that
 * of no neuron. */
#if VOLLEY_GID_BITS == 32
typedef uint32_t volley_gid;
#define VOLLEY_MPI_GID MPI_UINT32_T
#define VOLLEY_HDF5_GID H5T_NATIVE_UINT32
#define VOLLEY_MOST_NEURONS UINT32_MAX
#define VOLLEY_NO_GID UINT32_MAX
#elif VOLLEY_GID_BITS == 64
typedef uint64_t volley_gid;
#define VOLLEY_MPI_GID MPI_UINT64_T
#define VOLLEY_HDF5_GID H5T_NATIVE_UINT64
#define VOLLEY_MOST_NEURONS ((UINT64_C(1) << 38) - 64)
#define VOLLEY_NO_GID UINT64_MAX
#else
#error "VOLLEY_GID_BITS is 32 or 64"
#endif

/* What of a gid is above its lower 32 bits. */
static inline uint32_t volley_gid_above(volley_gid gid) { return (uint32_t)((uint64_t)gid >> 32); }

#endif
