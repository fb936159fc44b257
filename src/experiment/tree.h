/* What a user describes, as a tree of nodes that know where they stand, whoever has made it: a parser of YAML or calls.
 * Every node has one parent, so that assignments can be grafted. All nodes belong to an arena. No MPI. */
#ifndef VOLLEY_EXPERIMENT_TREE_H
#define VOLLEY_EXPERIMENT_TREE_H

#include "base/memory.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum volley_node_kind {
  VOLLEY_NODE_SCALAR,
  VOLLEY_NODE_LIST,
  VOLLEY_NODE_MAP,
  VOLLEY_NODE_NUMBERS /* stands for a list of as many scalars */
} volley_node_kind;

typedef struct volley_node volley_node;
struct volley_node {
  volley_node_kind kind;
  bool plain;            /* scalar written without quotes */
  bool faulted;          /* a fault of this value was reported: later ones would only repeat it */
  const char *text;      /* scalar; numbers as they were written, separated by anything, or "" */
  const char *unit;      /* scalar or numbers that were read: their documented unit, volley_unit_of_flags, or NULL */
  double number;         /* what it is in that unit; NAN where several readers have found several numbers */
  const double *numbers; /* [n_numbers] in the documented unit */
  size_t n_numbers;
  volley_node **items; /* [n] list items or values of a map */
  int n;
  const char *const *known; /* [n_known] a map that was checked: the keys that it can have, in order */
  int n_known;
  volley_node *defaults; /* of a checked map: what stands for keys that it lacks, as a map */
  volley_node *parent;   /* NULL for the root */
  int index;             /* among the parent's items */
  const char *key;       /* in a parent that is a map, else NULL */
  int key_line, key_column;
  const char *file; /* as the user named it, or "--set a.b=c" */
  int line, column; /* from 1; 0 in a value from the command line */
};

/* Puts a value at the path "a.b.c". Maps are entered by key, lists by the `name` of an entry or by index. In an entry
 * whose name is a list, such a name reaches its element of each list-valued key. New keys are created; a
 * value that an earlier "--set ..." has made is not replaced. label: what messages call the assignment. Returns
 * VOLLEY_USAGE after reporting a fault. */
volley_status volley_node_assign(volley_arena *arena, volley_node *root, const char *label, const char *path,
                                 volley_node *value);

/* The value of a key, or NULL if map is none, has no such key, or the value is null. */
volley_node *volley_node_get(const volley_node *map, const char *key);

/* The unit of true and false, which are 1 and 0. */
extern const char volley_unit_of_flags[];

/* Notes that a scalar has been read as a number in a unit. */
void volley_node_note_number(volley_node *node, const char *unit, double number);

/* "a list", for messages. */
const char *volley_node_kind_name(const volley_node *node);

/* Whether an assignment "--set ..." has made the node. */
bool volley_node_is_assigned(const volley_node *node);

/* Whether the node is an empty value, ~ or null. */
bool volley_node_is_null(const volley_node *node);

/* Whether a fault of the node, or of one below it, was reported. NULL has none. */
bool volley_node_is_faulted(const volley_node *node);

/* Where a node stands; where its key stands (for a map's child). The path is made in the arena. */
volley_place volley_node_place(volley_arena *arena, const volley_node *node);
volley_place volley_node_key_place(volley_arena *arena, const volley_node *node);

/* The tree as YAML text, which parses to the same tree. Owned by the arena. */
const char *volley_node_write(volley_arena *arena, const volley_node *root);

/* What a description says, complete: a new tree whose maps have their keys in the order of the tables, with defaults,
 * numbers in their documented units (lists of them without it), and nothing that is null. Of a tree that was checked. */
volley_node *volley_node_resolve(volley_arena *arena, const volley_node *node);

/* Writes the shortest decimal text that reads as the same number. Returns text. */
enum { VOLLEY_NUMBER_TEXT = 32 };
const char *volley_number_text(double number, char text[VOLLEY_NUMBER_TEXT]);

/* Makes numbers a list of scalars, with the places and words that they were written with, if they were; leaves others as they
 * are. NULL stays NULL. Returns node. */
volley_node *volley_node_expand(volley_arena *arena, volley_node *node);

/* What messages of number i of a list name: it, or the list as a whole where it has none. */
volley_node *volley_node_item(volley_arena *arena, volley_node *list, int i);

/* The next number, as it was written, of numbers that have a text; to be begun with {.at = node->text, .line, .column}. Returns
 * its length; the first character is at `word`, in that line and column. 0: there are no more. */
typedef struct volley_word_reader {
  const char *at, *word;
  int line, column;
} volley_word_reader;
size_t volley_next_word(volley_word_reader *reader);

/* Tree building: a new node without items; a map's or list's next item. */
volley_node *volley_node_create(volley_arena *arena, volley_node_kind kind, const char *file);
void volley_node_append(volley_arena *arena, volley_node *parent, volley_node *child, const char *key);
volley_node *volley_node_copy(volley_arena *arena, const volley_node *node);

#endif
