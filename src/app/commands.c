#include "app/app.h"

#include "model/registry.h"

/* clang-format off */
#define COMMANDS(X) \
  X(run) \
  X(check) \
  X(sweep) \
  X(models) \
  X(info) \
  X(plot) \
  X(export) \
  X(view) \
  X(watch) \
  X(reference) \
  X(completion) \
  X(manual) \
  /* one line a command */
/* clang-format on */

#define DECLARED(name) extern const volley_command volley_command_##name;
#define LISTED(name) &volley_command_##name,
COMMANDS(DECLARED)

static const volley_command *const commands[] = {COMMANDS(LISTED) NULL};
static const volley_registry registry = VOLLEY_REGISTRY(commands);

const volley_command *const *volley_commands(void) { return commands; }

const volley_command *volley_command_find(const char *name) { return volley_registry_find(&registry, name); }
