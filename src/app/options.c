#include "app/options.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 48 };

/* A command line being read. */
typedef struct reading {
  const volley_command *command;
  const char *const *arguments;
  int n, next;
  void *target;
  bool given[MAX_OPTIONS];
} reading;

static volley_status complain(const reading *line, const char *format, const char *what, const char *more) {
  char text[1024];
  snprintf(text, sizeof text, format, what, more);
  return volley_fault(VOLLEY_USAGE, NULL, "%s; see: volley help %s", text, line->command->name);
}

bool volley_option_is_argument(const volley_option *option) {
  return option->kind == VOLLEY_OPTION_ARGUMENT || option->kind == VOLLEY_OPTION_ARGUMENTS;
}

/* --name, or NAME for an argument, in a buffer that the next call reuses. */
static const char *spelled(const volley_option *option) {
  static char text[64];
  snprintf(text, sizeof text, "%s%s", volley_option_is_argument(option) ? "" : "--", option->name);
  return text;
}

static const volley_option *by_name(const volley_command *command, const char *name, size_t length) {
  for (int i = 0; i < command->n_options; i++) {
    const volley_option *option = &command->options[i];
    if (volley_option_is_argument(option)) continue;
    if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) return option;
  }
  return NULL;
}

static const volley_option *by_letter(const volley_command *command, char letter) {
  for (int i = 0; i < command->n_options; i++) {
    if (command->options[i].letter == letter) return &command->options[i];
  }
  return NULL;
}

/* Names the nearest known option, so that a slip of the finger costs no look at the help. */
static volley_status unknown_option(const reading *line, const char *text) {
  char word[64];
  snprintf(word, sizeof word, "%.*s", (int)strcspn(text, "="), text);
  const char *names[MAX_OPTIONS];
  int n = 0;
  for (int i = 0; i < line->command->n_options; i++) {
    if (!volley_option_is_argument(&line->command->options[i])) names[n++] = line->command->options[i].name;
  }
  const char *near = volley_nearest(word + strspn(word, "-"), names, n);
  return near ? complain(line, "unknown option '%s'; did you mean '--%s'?", word, near)
              : complain(line, "unknown option '%s'%s", word, "");
}

static volley_status store_count(reading *line, const volley_option *option, const char *text) {
  char *end;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (end == text || *end || errno || value < 1 || value > INT_MAX) {
    return complain(line, "%s takes a whole number from 1 up, not '%s'", spelled(option), text);
  }
  *(int *)((char *)line->target + option->offset) = (int)value;
  return VOLLEY_OK;
}

static volley_status store_choice(reading *line, const volley_option *option, const char *text) {
  int index = 0;
  for (const char *word = option->value;; word++, index++) {
    const size_t length = strcspn(word, "|");
    if (strlen(text) == length && strncmp(word, text, length) == 0) {
      *(int *)((char *)line->target + option->offset) = index;
      return VOLLEY_OK;
    }
    word += length;
    if (!*word) break;
  }
  char expected[128];
  snprintf(expected, sizeof expected, "%s takes %s", spelled(option), option->value);
  return complain(line, "%s, not '%s'", expected, text);
}

void volley_text_list_add(volley_text_list *list, const char *text) {
  const char **texts = volley_alloc((size_t)list->n + 1, sizeof *texts, "the command line");
  for (int k = 0; k < list->n; k++) texts[k] = list->texts[k];
  texts[list->n++] = text;
  free(list->texts);
  list->texts = texts;
}

static void store_in_list(reading *line, const volley_option *option, const char *text) {
  volley_text_list *list = (volley_text_list *)((char *)line->target + option->offset);
  if (!list->texts) list->texts = volley_alloc((size_t)line->n, sizeof *list->texts, "the command line");
  list->texts[list->n++] = text;
}

static volley_status store(reading *line, const volley_option *option, const char *text) {
  const ptrdiff_t number = option - line->command->options;
  const bool repeats = option->kind == VOLLEY_OPTION_LIST || option->kind == VOLLEY_OPTION_ARGUMENTS;
  if (line->given[number] && !repeats && option->kind != VOLLEY_OPTION_FLAG) {
    return complain(line, "%s is given twice%s", spelled(option), "");
  }
  line->given[number] = true;
  char *member = (char *)line->target + option->offset;
  switch (option->kind) {
    case VOLLEY_OPTION_FLAG: *(bool *)member = true; return VOLLEY_OK;
    case VOLLEY_OPTION_COUNT: return store_count(line, option, text);
    case VOLLEY_OPTION_CHOICE: return store_choice(line, option, text);
    case VOLLEY_OPTION_LIST:
    case VOLLEY_OPTION_ARGUMENTS: store_in_list(line, option, text); return VOLLEY_OK;
    default: break;
  }
  if (!text[0]) return complain(line, "%s is empty%s", spelled(option), "");
  *(const char **)member = text;
  return VOLLEY_OK;
}

/* attached: the value that stands in the same argument, or NULL. */
static volley_status take_option(reading *line, const volley_option *option, const char *attached) {
  if (option->kind == VOLLEY_OPTION_FLAG) {
    if (attached) return complain(line, "%s takes no value, found '%s'", spelled(option), attached);
    return store(line, option, "");
  }
  if (attached) return store(line, option, attached);
  const bool none = line->next == line->n || strncmp(line->arguments[line->next], "--", 2) == 0;
  if (none) return complain(line, "%s needs a value: %s", spelled(option), option->value);
  return store(line, option, line->arguments[line->next++]);
}

static volley_status take_argument(reading *line, const char *text) {
  for (int i = 0; i < line->command->n_options; i++) {
    const volley_option *option = &line->command->options[i];
    const bool takes =
        option->kind == VOLLEY_OPTION_ARGUMENT ? !line->given[i] : option->kind == VOLLEY_OPTION_ARGUMENTS;
    if (takes) return store(line, option, text);
  }
  return complain(line, "unexpected argument '%s'%s", text, "");
}

static volley_status take(reading *line, const char *text) {
  if (strncmp(text, "--", 2) == 0) {
    const size_t length = strcspn(text + 2, "=");
    const volley_option *option = by_name(line->command, text + 2, length);
    if (!option) return unknown_option(line, text);
    return take_option(line, option, text[2 + length] ? text + 2 + length + 1 : NULL);
  }
  if (text[0] == '-' && text[1]) {
    const volley_option *option = by_letter(line->command, text[1]);
    if (!option) return unknown_option(line, text);
    return take_option(line, option, text[2] ? text + 2 : NULL);
  }
  return take_argument(line, text);
}

int volley_options_passed_on(const volley_command *command, int n, const char *const *words) {
  int at = 0;
  while (command->passes_on && at < n && strcmp(words[at], "--") != 0) at++;
  return command->passes_on ? at : n;
}

/* Options of PETSc begin with a dash, and each has one value at most. */
static volley_status check_passed_on(const reading *line, int from) {
  for (int i = from; i < line->n; i++) {
    const bool may_be_value = i > from && line->arguments[i - 1][0] == '-';
    if (line->arguments[i][0] == '-' || may_be_value) continue;
    return complain(line, "'%s' behind -- is no option of PETSc: these begin with a dash, as in -- -ksp_type cg%s",
                    line->arguments[i], "");
  }
  return VOLLEY_OK;
}

volley_status volley_options_parse(const volley_command *command, int n_arguments, const char *const *arguments,
                                   void *target) {
  reading line = {.command = command, .arguments = arguments, .n = n_arguments, .target = target};
  line.n = volley_options_passed_on(command, n_arguments, arguments);
  volley_status status = VOLLEY_OK;
  bool only_arguments = false;
  while (line.next < line.n) {
    const char *text = line.arguments[line.next++];
    if (!only_arguments && strcmp(text, "--") == 0) {
      only_arguments = true;
      continue;
    }
    const volley_status taken = only_arguments ? take_argument(&line, text) : take(&line, text);
    if (taken != VOLLEY_OK) status = taken;
  }
  const int passed_on = line.n + 1;
  line.n = n_arguments;
  if (check_passed_on(&line, passed_on) != VOLLEY_OK) status = VOLLEY_USAGE;
  for (int i = 0; i < command->n_options; i++) {
    const volley_option *option = &command->options[i];
    if (option->required && !line.given[i]) status = complain(&line, "%s is missing: %s", spelled(option), option->doc);
  }
  return status;
}

/* Arguments and required options by name, the others as [options]. */
static void write_usage(const volley_command *command, FILE *out) {
  bool more = false;
  fprintf(out, "usage: volley %s", command->name);
  for (int i = 0; i < command->n_options; i++) {
    const volley_option *option = &command->options[i];
    if (volley_option_is_argument(option)) {
      fprintf(out, option->required ? " %s" : " [%s]", option->name);
      if (option->kind == VOLLEY_OPTION_ARGUMENTS) fprintf(out, " ...");
    } else if (option->required) {
      fprintf(out, " %s %s", spelled(option), option->value);
    } else {
      more = true;
    }
  }
  fprintf(out, "%s%s\n", more ? " [options]" : "", command->passes_on ? " [-- options of PETSc]" : "");
}

void volley_options_write_help(const volley_command *command, FILE *out) {
  write_usage(command, out);
  fprintf(out, "\n%s\n\n", command->description);
  for (int i = 0; i < command->n_options; i++) {
    const volley_option *option = &command->options[i];
    char left[96];
    const char letter[] = {'-', option->letter, ',', ' ', 0};
    snprintf(left, sizeof left, "%s%s%s%s", option->letter ? letter : "", spelled(option), option->value ? " " : "",
             option->value ? option->value : "");
    fprintf(out, "  %-32s %s\n", left, option->doc);
  }
  fprintf(out, "  %-32s %s\n", "-h, --help", "show this and stop");
}

volley_status volley_time_option(const char *name, const char *text, double *ms) {
  char why[256];
  if (!text) return VOLLEY_OK;
  if (!volley_unit_convert(text, "ms", ms, why, sizeof why))
    return volley_fault(VOLLEY_USAGE, NULL, "--%s %s: %s", name, text, why);
  if (!isfinite(*ms)) return volley_fault(VOLLEY_USAGE, NULL, "--%s %s: give a finite time in ms", name, text);
  return VOLLEY_OK;
}
