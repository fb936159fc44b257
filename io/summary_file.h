/* The summary of a run as JSON. */
#ifndef VOLLEY_IO_SUMMARY_FILE_H
#define VOLLEY_IO_SUMMARY_FILE_H

#include "base/status.h"
#include "engine/summary.h"

/* Writes the summary as one JSON object to path (temporary name, then renamed). Not collective: rank 0 calls it.
 * Returns VOLLEY_FAILURE with a fault if it cannot. */
volley_status volley_summary_write(const volley_summary *summary, const char *path);

#endif
