/* YAML as a description: text to tree, and assignments from the command line. No MPI. */
#ifndef VOLLEY_IO_YAML_PARSE_H
#define VOLLEY_IO_YAML_PARSE_H

#include "experiment/tree.h"

/* Parses `length` bytes into a tree; `file` names them in messages (kept, not copied) and with_lines says whether
 * line numbers mean something. Aliases are expanded and mappings merged (<<), so that every node has one parent. Returns
 * NULL after reporting what is wrong. */
volley_node *volley_yaml_parse(volley_arena *arena, const char *file, const char *bytes, size_t length,
                               bool with_lines);

/* Applies "a.b.c=value" to the tree (volley_node_assign()). Returns VOLLEY_USAGE after reporting a fault. */
volley_status volley_yaml_set(volley_arena *arena, volley_node *root, const char *assignment);

#endif
