/* The summary of a run as JSON. */
#ifndef VOLLEY_IO_OUTPUT_SUMMARY_H
#define VOLLEY_IO_OUTPUT_SUMMARY_H

#include "base/status.h"
#include "engine/summary.h"

#include <stdio.h>

enum { VOLLEY_DIGEST_SIZE = 33 };

/* The digest as 32 hexadecimal digits and a final zero. */
void volley_digest_text(const uint64_t digest[2], char text[VOLLEY_DIGEST_SIZE]);

/* Writes text as a JSON string, with its quotes. */
void volley_json_text(FILE *out, const char *text);

/* Writes a number as JSON with all its digits; null where it is not finite. */
void volley_json_number(FILE *out, double value);

/* Writes the summary as one JSON object to path (temporary name, then renamed). Not collective: rank 0 calls it.
 * Returns VOLLEY_FAILURE with a fault if it cannot. */
volley_status volley_summary_write(const volley_summary *summary, const char *path);

#endif
