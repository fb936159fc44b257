/* volley completion: what a shell needs to complete command lines, from the tables of the commands. */
#include "app/app.h"

#include <string.h>

typedef struct settings {
  const char *shell;
} settings;

static const volley_option option_table[] = {
    {"SHELL", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, shell), NULL, "bash or zsh"},
};

static void write_names(const char *before, const char *after, FILE *out) {
  for (const volley_command *const *command = volley_commands(); *command; command++) {
    fprintf(out, "%s%s%s", before, (*command)->name, after);
  }
}

/* a|b|c -> a b c */
static void write_choices(const char *choices, FILE *out) {
  for (; *choices; choices++) fputc(*choices == '|' ? ' ' : *choices, out);
}

/* Whether a command's argument is the name of a model. */
static bool takes_model(const volley_command *command) { return strcmp(command->options[0].name, "NAME") == 0; }

static bool has_value(const volley_option *option) {
  return option->kind != VOLLEY_OPTION_FLAG && !volley_option_is_argument(option);
}

/* The branch of a command: the words that may follow. No words: names of files. */
static void write_bash_command(const volley_command *command, FILE *out) {
  fprintf(out, "    %s)\n      case $before in\n", command->name);
  for (int k = 0; k < command->n_options; k++) {
    const volley_option *option = &command->options[k];
    if (!has_value(option)) continue;
    fprintf(out, option->letter ? "      --%s | -%c) words='" : "      --%s) words='", option->name, option->letter);
    if (option->kind == VOLLEY_OPTION_CHOICE) write_choices(option->value, out);
    fputs("' ;;\n", out);
  }
  fputs("      *) [[ $word != -* ]] || words='", out);
  for (int k = 0; k < command->n_options; k++) {
    if (!volley_option_is_argument(&command->options[k])) fprintf(out, "--%s ", command->options[k].name);
  }
  fputs("--help' ;;\n      esac ;;\n", out);
}

static void write_bash(FILE *out) {
  fputs("# Completion of volley for bash: source <(volley completion bash)\n"
        "_volley() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=\n"
        "  case $COMP_CWORD-${COMP_WORDS[1]} in\n"
        "  1-* | 2-help) words='",
        out);
  write_names("", " ", out);
  fputs("help version' ;;\n"
        "  2-completion) words='bash zsh' ;;\n"
        "  *)\n"
        "    case ${COMP_WORDS[1]} in\n",
        out);
  for (const volley_command *const *command = volley_commands(); *command; command++) {
    if ((*command)->n_options > 0) write_bash_command(*command, out);
  }
  fputs("    esac\n", out);
  for (const volley_command *const *command = volley_commands(); *command; command++) {
    if ((*command)->n_options == 0 || !takes_model(*command)) continue;
    fprintf(out,
            "    [[ ${COMP_WORDS[1]} != %s || $word == -* ]] || words=$(\"${COMP_WORDS[0]}\" models 2>/dev/null | "
            "cut -d' ' -f1)\n",
            (*command)->name);
  }
  fputs("    ;;\n"
        "  esac\n"
        "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "}\n"
        "complete -o default -F _volley volley\n",
        out);
}

/* Text within '...' and [...] of _arguments. */
static void write_zsh_text(const char *text, FILE *out) {
  for (; *text; text++) {
    if (*text == '\'')
      fputs("'\\''", out);
    else if (strchr("[]:\\", *text))
      fprintf(out, "\\%c", *text);
    else
      fputc(*text, out);
  }
}

static void write_zsh_option(const volley_option *option, FILE *out) {
  fputs(" \\\n      ", out);
  if (option->kind == VOLLEY_OPTION_LIST) fputs("'*'", out);
  if (option->letter) {
    fprintf(out, "'(-%c --%s)'{-%c,--%s}'[", option->letter, option->name, option->letter, option->name);
  } else {
    fprintf(out, "'--%s[", option->name);
  }
  write_zsh_text(option->doc, out);
  fputc(']', out);
  if (has_value(option)) {
    fputc(':', out);
    write_zsh_text(option->value, out);
    fputc(':', out);
  }
  if (option->kind == VOLLEY_OPTION_CHOICE) {
    fputc('(', out);
    write_choices(option->value, out);
    fputc(')', out);
  } else if (option->kind == VOLLEY_OPTION_TEXT) {
    fputs("_files", out);
  }
  fputc('\'', out);
}

static void write_zsh_command(const volley_command *command, FILE *out) {
  fprintf(out, "  %s)\n    _arguments", command->name);
  bool is_model = false;
  for (int k = 0; k < command->n_options; k++) {
    if (!volley_option_is_argument(&command->options[k]))
      write_zsh_option(&command->options[k], out);
    else
      is_model = takes_model(command);
  }
  fprintf(out, " \\\n      '(-h --help)'{-h,--help}'[show help and stop]' '*:argument:%s' ;;\n",
          is_model ? "($(volley models 2>/dev/null | cut -d\" \" -f1))" : "_files");
}

static void write_zsh(FILE *out) {
  fputs("#compdef volley\n"
        "# Completion of volley for zsh: source <(volley completion zsh)\n"
        "_volley() {\n"
        "  local -a commands=(\n",
        out);
  for (const volley_command *const *command = volley_commands(); *command; command++) {
    fprintf(out, "    '%s:", (*command)->name);
    write_zsh_text((*command)->summary, out);
    fputs("'\n", out);
  }
  fputs("    'help:describe a command')\n"
        "  if ((CURRENT == 2)) || [[ $words[2] == help ]]; then\n"
        "    _describe command commands\n"
        "    return\n"
        "  fi\n"
        "  shift words\n"
        "  ((CURRENT--))\n"
        "  case $words[1] in\n"
        "  completion) _values shell bash zsh ;;\n",
        out);
  for (const volley_command *const *command = volley_commands(); *command; command++) {
    if (strcmp((*command)->name, "completion") != 0) write_zsh_command(*command, out);
  }
  fputs("  esac\n"
        "}\n"
        "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _volley \"$@\"; else compdef _volley volley; fi\n",
        out);
}

static volley_status completion_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, &options));
  if (strcmp(options.shell, "bash") == 0)
    write_bash(stdout);
  else if (strcmp(options.shell, "zsh") == 0)
    write_zsh(stdout);
  else
    return volley_fault(VOLLEY_USAGE, NULL, "there is no completion for '%s': give bash or zsh", options.shell);
  return VOLLEY_OK;
}

const volley_command volley_command_completion = {
    .name = "completion",
    .summary = "write a script by which bash or zsh completes command lines",
    .description =
        "Writes the script to the standard output: source <(volley completion bash) in .bashrc, or\n"
        "source <(volley completion zsh) in .zshrc behind compinit. An installed copy has it where shells look for it.",
    VOLLEY_OPTIONS(option_table),
    .serial = true,
    .run = completion_command};
