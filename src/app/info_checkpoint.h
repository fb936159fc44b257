#ifndef VOLLEY_APP_INFO_CHECKPOINT_H
#define VOLLEY_APP_INFO_CHECKPOINT_H

#include "base/status.h"

/* Verifies the checkpoint at path and prints what it is. One process. Returns VOLLEY_USAGE, the fault being printed, if it
 * cannot be read or is not whole. */
volley_status volley_info_checkpoint(const char *path, bool json);

#endif
