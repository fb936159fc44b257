/* A YAML document as a tree of nodes that know where they stand. Aliases are expanded and mappings merged (<<), so
 * every node has one parent and assignments from the command line can be grafted. All nodes belong to an arena. No MPI. */
#ifndef VOLLEY_IO_YAML_TREE_H
#define VOLLEY_IO_YAML_TREE_H

#include "base/memory.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum volley_yaml_kind { VOLLEY_YAML_SCALAR, VOLLEY_YAML_LIST, VOLLEY_YAML_MAP } volley_yaml_kind;

typedef struct volley_yaml volley_yaml;
struct volley_yaml {
  volley_yaml_kind kind;
  bool plain;          /* scalar written without quotes */
  bool faulted;        /* a fault of this value was reported: later ones would only repeat it */
  const char *text;    /* scalar */
  volley_yaml **items; /* [n] list items or values of a map */
  int n;
  volley_yaml *parent; /* NULL for the root */
  int index;           /* among the parent's items */
  const char *key;     /* in a parent that is a map, else NULL */
  int key_line, key_column;
  const char *file; /* as the user named it, or "--set a.b=c" */
  int line, column; /* from 1; 0 in a value from the command line */
};

/* Parses `length` bytes into a tree; `file` names them in messages (kept, not copied) and with_lines says whether
 * line numbers mean something. Returns NULL after reporting what is wrong. */
volley_yaml *volley_yaml_parse(volley_arena *arena, const char *file, const char *bytes, size_t length,
                               bool with_lines);

/* Applies "a.b.c=value" to the tree. Maps are entered by key, lists by the `name` of an entry or by index. In an entry
 * whose name is a list, such a name reaches its element of each list-valued key. New keys are created; a
 * value that an earlier assignment has made is not replaced. Returns VOLLEY_USAGE after reporting a fault. */
volley_status volley_yaml_set(volley_arena *arena, volley_yaml *root, const char *assignment);

/* The value of a key, or NULL if map is none, has no such key, or the value is null. */
volley_yaml *volley_yaml_get(const volley_yaml *map, const char *key);

/* Whether the node is an empty value, ~ or null. */
bool volley_yaml_is_null(const volley_yaml *node);

/* Whether a fault of the node, or of one below it, was reported. NULL has none. */
bool volley_yaml_is_faulted(const volley_yaml *node);

/* Where a node stands; where its key stands (for a map's child). The path is made in the arena. */
volley_place volley_yaml_place(volley_arena *arena, const volley_yaml *node);
volley_place volley_yaml_key_place(volley_arena *arena, const volley_yaml *node);

/* The tree as YAML text, which parses to the same tree. Owned by the arena. */
const char *volley_yaml_write(volley_arena *arena, const volley_yaml *root);

/* Tree building, shared by parser and assignments: a new node without items; a map's or list's next item. */
volley_yaml *volley_yaml_node(volley_arena *arena, volley_yaml_kind kind, const char *file);
void volley_yaml_append(volley_arena *arena, volley_yaml *parent, volley_yaml *child, const char *key);
volley_yaml *volley_yaml_copy(volley_arena *arena, const volley_yaml *node);

#endif
