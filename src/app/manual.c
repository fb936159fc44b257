/* volley manual: the page volley(1), from the tables of the commands. */
#include "app/app.h"
#include "base/build_info.h"

#include <string.h>

/* Text in which nothing is a request of troff or a hyphen that it may break at. */
static void write_text(const char *text, FILE *out) {
  bool begins = true;
  for (; *text; text++) {
    if (begins && strchr(".'", *text)) fputs("\\&", out);
    begins = *text == '\n';
    if (*text == '-' || *text == '\\')
      fputs(*text == '-' ? "\\-" : "\\e", out);
    else
      fputc(*text, out);
  }
}

static void write_option(const volley_option *option, FILE *out) {
  fputs(".TP\n.B ", out);
  if (option->letter) fprintf(out, "\\-%c, ", option->letter);
  if (!volley_option_is_argument(option)) fputs("\\-\\-", out);
  write_text(option->name, out);
  if (option->value) {
    fputs(" \\fI", out);
    write_text(option->value, out);
    fputs("\\fR", out);
  }
  fputc('\n', out);
  write_text(option->doc, out);
  fputc('\n', out);
}

static void write_command(const volley_command *command, FILE *out) {
  fprintf(out, ".SS volley %s\n", command->name);
  write_text(command->description, out);
  fputc('\n', out);
  for (int k = 0; k < command->n_options; k++) write_option(&command->options[k], out);
}

static void write_page(FILE *out) {
  fputs(".TH VOLLEY 1 \"\" \"Volley " VOLLEY_VERSION "\" \"User Commands\"\n"
        ".SH NAME\nvolley \\- simulator of spiking neural networks on clusters\n"
        ".SH SYNOPSIS\n.B volley\n.I COMMAND\n[\\fIarguments\\fR]\n.br\n"
        ".B mpirun \\-n\n.I RANKS\n.B volley run\n.I FILE.yaml\n.B \\-o\n.I OUT.h5\n"
        ".SH DESCRIPTION\n"
        "Volley runs networks of spiking neurons that are described in a YAML file or a SONATA configuration, on any\n"
        "number of ranks and threads with the same spikes.\n"
        ".SH COMMANDS\n",
        out);
  for (const volley_command *const *command = volley_commands(); *command; command++) write_command(*command, out);
  fputs(".SH EXIT STATUS\n0 done, 1 failed while running, 2 wrong usage or experiment, 3 stopped with a checkpoint.\n"
        ".SH ENVIRONMENT\n"
        ".TP\n.B OMP_NUM_THREADS\\fR, \\fBSLURM_CPUS_PER_TASK\nthreads of each rank, where no option says how many\n"
        ".TP\n.B SLURM_JOB_END_TIME\nwhen a run writes a checkpoint and stops, where no option says so\n"
        ".SH SEE ALSO\n.BR mpirun (1),\n.BR srun (1)\n",
        out);
}

static volley_status manual_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, NULL));
  write_page(stdout);
  return VOLLEY_OK;
}

const volley_command volley_command_manual = {
    .name = "manual",
    .summary = "write the manual page volley(1)",
    .description = "Writes the manual page of all commands to the standard output: volley manual | man -l -",
    .serial = true,
    .run = manual_command};
