#include "model/registry.h"

#include "base/memory.h"

#include <string.h>

static const void *const *kinds_of(const volley_registry *registry) {
  return registry->all ? (const void *const *)registry->all : registry->built_in;
}

const void *volley_registry_all(const volley_registry *registry) { return kinds_of(registry); }

const void *volley_registry_find(const volley_registry *registry, const char *name) {
  for (const void *const *kind = kinds_of(registry); *kind; kind++)
    if (strcmp(*(const char *const *)*kind, name) == 0) return *kind;
  return NULL;
}

void volley_registry_add(volley_registry *registry, const void *kind) {
  size_t n = 0;
  while (kinds_of(registry)[n]) n++;
  const void **all = volley_grow(registry->all, n + 2, sizeof *all, "the kinds of plugins");
  if (!registry->all) memcpy(all, registry->built_in, n * sizeof *all);
  all[n] = kind;
  all[n + 1] = NULL;
  registry->all = all;
}
