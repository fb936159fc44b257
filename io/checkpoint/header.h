/* The attributes of the group /volley_checkpoint, from one table for writing and reading. */
#ifndef VOLLEY_IO_CHECKPOINT_HEADER_H
#define VOLLEY_IO_CHECKPOINT_HEADER_H

#include "base/memory.h"
#include "io/checkpoint/checkpoint.h"
#include "io/file/hdf5_check.h"

/* Writes what info has; NULL texts become "". Collective. */
void volley_checkpoint_put_header(volley_hdf5 *file, hid_t group, const volley_checkpoint_info *info);

/* Reads it back; texts are the arena's. Collective. */
void volley_checkpoint_get_header(volley_hdf5 *file, hid_t group, volley_arena *arena, volley_checkpoint_info *info);

#endif
