/* Members that keys of a kind fill, of a signal or stimulus, by the names of the keys. */
#ifndef VOLLEY_TESTS_KEYS_H
#define VOLLEY_TESTS_KEYS_H

#include "signal/signal.h"
#include "stimulus/stimulus.h"

/* Where the key of that name lies in parameters. */
void *keys_member(const volley_key_info *keys, int n, void *parameters, const char *name);

#define KEY_OF(thing, type, name)                                                                                      \
  (*(type *)keys_member((thing)->kind->keys, (thing)->kind->n_keys, (thing)->parameters, #name))
#define NUMBER(thing, name) KEY_OF(thing, double, name)
#define INTEGER(thing, name) KEY_OF(thing, int, name)
#define TEXT(thing, name) KEY_OF(thing, const char *, name)
#define LIST(thing, name) KEY_OF(thing, volley_list, name)
#define SERIES(thing) (*(volley_series *)(thing)->parameters) /* of kinds whose parameters begin with one */

#endif
