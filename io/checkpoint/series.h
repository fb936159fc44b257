/* The files of a series of checkpoints: FILE is the newest, FILE.1 the one before, FILE.2, ... None is collective. */
#ifndef VOLLEY_IO_CHECKPOINT_SERIES_H
#define VOLLEY_IO_CHECKPOINT_SERIES_H

#include "base/status.h"
#include "io/file/seal.h"

/* Path of the k-th file: FILE for 0, else FILE.k. Owned by the caller. */
char *volley_checkpoint_name(const char *file, int k);

/* Adds a fault if one of the first `keep` names is taken by something that is no regular file. */
volley_status volley_checkpoint_check_names(const char *file, int keep);

/* Gives `temporary`, which is on the disk, the name FILE, and the older ones the next number each; the last of `keep`
 * is replaced. At every instant FILE exists if it did before. Returns 0 or errno. */
int volley_checkpoint_rotate(const char *temporary, const char *file, int keep);

/* Adds the fault that says why volley_seal_verify() did not find the file at path whole. */
void volley_checkpoint_explain(const char *path, const volley_seal_result *found);

#endif
