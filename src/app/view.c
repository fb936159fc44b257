/* volley view: an unfinished output as one file, for programs that read HDF5. */
#include "app/app.h"
#include "base/text.h"
#include "io/output/found.h"

#include <stdio.h>

typedef struct settings {
  const char *file, *output;
} settings;

static const volley_option option_table[] = {
    {"OUT.h5", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL, "output of a run that is not finished"},
    {"output", 'o', VOLLEY_OPTION_TEXT, true, offsetof(settings, output), "VIEW.h5", "file that is made"},
};

static volley_status view_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, &options));
  VOLLEY_TRY(volley_output_view(options.file, options.output));
  printf("what '%s' holds so far is shown by %s\n", options.file, volley_show(options.output).text);
  return VOLLEY_OK;
}

const volley_command volley_command_view = {
    .name = "view",
    .summary = "show an unfinished output as one file",
    .description =
        "A run that goes on, or was interrupted, has its recordings in OUT.h5.parts and OUT.h5.part. This writes "
        "a small file\n"
        "whose datasets are those of all parts (HDF5 virtual datasets; nothing is copied), for any program that reads "
        "HDF5.\n"
        "It shows what is there now, for as long as the parts are there.",
    VOLLEY_OPTIONS(option_table),
    .serial = true,
    .run = view_command};
