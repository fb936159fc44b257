/* Lists of many numbers, which go from the text into arrays: libyaml's document, and a node of the tree for each value, would
 * take fifty times the room. */
#ifndef VOLLEY_IO_YAML_ARRAYS_H
#define VOLLEY_IO_YAML_ARRAYS_H

#include "base/memory.h"
#include "base/status.h"

#include <yaml.h>

enum { VOLLEY_YAML_DEPTH = 64 };

/* A list of numbers. */
typedef struct volley_yaml_array {
  size_t mark;         /* libyaml's index of the node that stands for it */
  size_t line, column; /* where it begins, from 0 */
  const char *text;    /* as it was written */
  const double *numbers;
  size_t n;
} volley_yaml_array;

typedef struct volley_yaml_arrays {
  volley_yaml_array *all; /* ascending; owned: volley_yaml_arrays_free() */
  size_t n;
  char *
      bytes; /* the text, with [] and blanks in the place of these lists, so that all else stands where it did; NULL: there are
                  none */
} volley_yaml_arrays;

/* Looks through a text for them, and for nesting that is too deep: libyaml's own time and memory grow with the square of the
 * depth. Returns false after reporting that. What else is wrong is left to the parser proper. Texts and numbers are the
 * arena's. */
bool volley_yaml_look(volley_arena *arena, const char *file, const char *bytes, size_t length, bool with_lines,
                      volley_yaml_arrays *out);
void volley_yaml_arrays_free(volley_yaml_arrays *arrays);

/* The array of the node at a mark; NULL: it is none. */
const volley_yaml_array *volley_yaml_array_at(const volley_yaml_arrays *arrays, size_t mark);

/* Reports that a node is nested too deep. */
void volley_yaml_report_depth(volley_place place);

#endif
