/* A toy command: volley greet NAME --times N. */
#include "app/app.h"

#include <stdio.h>

typedef struct settings {
  const char *name;
  int times; /* 0: not given */
} settings;

static const volley_option option_table[] = {
    {"NAME", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, name), NULL, "who is greeted"},
    {"times", 0, VOLLEY_OPTION_COUNT, false, offsetof(settings, times), "N", "how often; default 1"},
};

static volley_status greet(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, &options));
  for (int i = 0; i < (options.times > 0 ? options.times : 1); i++) printf("Hello, %s\n", options.name);
  return VOLLEY_OK;
}

const volley_command volley_command_greet = {
    .name = "greet",
    .summary = "greet somebody",
    .description = "Greets somebody, once or several times.",
    VOLLEY_OPTIONS(option_table),
    .serial = true,
    .run = greet,
};
