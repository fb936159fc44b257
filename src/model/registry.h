/* Kinds of one sort by their names: those that the program has, and those that plugins bring. */
#ifndef VOLLEY_MODEL_REGISTRY_H
#define VOLLEY_MODEL_REGISTRY_H

/* Pointers to structs whose first member is the name, ended by NULL. */
typedef struct volley_registry {
  const void *const *built_in;
  const void **all; /* those and the ones that were added; NULL: none were */
} volley_registry;

#define VOLLEY_REGISTRY(kinds)                                                                                         \
  { .built_in = (const void *const *)(kinds) }

/* All kinds, ended by NULL, and one by name (NULL if unknown). */
const void *volley_registry_all(const volley_registry *registry);
const void *volley_registry_find(const volley_registry *registry, const char *name);

/* Adds a kind, which must last as long as the program; no other may have its name. Not to be called by several threads. */
void volley_registry_add(volley_registry *registry, const void *kind);

#endif
