/* The output of a run by its name, whatever has become of the run: the file itself or, where an interrupted run has left its
 * recordings in OUT.h5.parts and OUT.h5.part, these as one file. */
#ifndef VOLLEY_IO_OUTPUT_FOUND_H
#define VOLLEY_IO_OUTPUT_FOUND_H

#include "base/status.h"

#include <stdbool.h>

typedef struct volley_found_output {
  char *path;   /* of a file that readers of outputs read; owned */
  bool is_view; /* it is a small temporary file, whose datasets are those of the parts; removed when it is released */
} volley_found_output;

/* Returns VOLLEY_USAGE with a fault if there is nothing. In any case *out is to be released. Not collective. */
volley_status volley_output_find(const char *name, volley_found_output *out);
void volley_output_found_release(volley_found_output *found);

/* Writes the small file that shows the parts of an unfinished output to a path, for other programs. Returns VOLLEY_USAGE with a
 * fault if there is nothing to show, the output is whole, or the path is taken. Not collective. */
volley_status volley_output_view(const char *name, const char *path);

#endif
