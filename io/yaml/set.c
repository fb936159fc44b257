#include "io/yaml/parse.h"

#include <string.h>

volley_status volley_yaml_set(volley_arena *arena, volley_node *root, const char *assignment) {
  const char *label = volley_arena_format(arena, "--set %s", assignment);
  const char *equals = strchr(assignment, '=');
  const volley_place place = {.file = label};
  if (!equals || equals == assignment)
    return volley_fault(VOLLEY_USAGE, &place, "KEY=VALUE is expected, for example simulation.duration=1s");
  char *path = volley_arena_copy(arena, assignment);
  path[equals - assignment] = '\0';
  volley_node *value = volley_yaml_parse(arena, label, equals + 1, strlen(equals + 1), false);
  return value ? volley_node_assign(arena, root, label, path, value) : VOLLEY_USAGE;
}
