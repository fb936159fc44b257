#include "io/yaml/arrays.h"

#include "base/search.h"
#include "base/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 64 /* values that are worth it */ };

/* The list that is open while the text is looked through. */
typedef struct looking {
  volley_arena *arena;
  const char *bytes;
  size_t length;
  volley_yaml_arrays *out;
  bool is_open;             /* it has held nothing but numbers */
  yaml_mark_t begin, first; /* of the list and of its first number */
  size_t end;               /* index behind the last number */
  double *numbers;
  size_t n;
  size_t index, byte; /* how far indices, which count characters, are known as bytes */
} looking;

void volley_yaml_report_depth(volley_place place) {
  volley_fault(VOLLEY_USAGE, &place, "nested more than %d levels deep; an experiment needs less than ten",
               VOLLEY_YAML_DEPTH);
}

/* Where the character of an index begins. Indices ascend, but for those of one list. */
static size_t byte_of(looking *l, size_t index) {
  while (l->index < index && l->byte < l->length) {
    do l->byte++;
    while (l->byte < l->length && ((unsigned char)l->bytes[l->byte] & 0xC0) == 0x80);
    l->index++;
  }
  return l->byte;
}

static bool is_ascii(const char *bytes, size_t n) {
  unsigned char all = 0;
  for (size_t i = 0; i < n; i++) all |= (unsigned char)bytes[i];
  return all < 0x80;
}

/* Puts [] and blanks in the place of bytes from .. end - 1. */
static void blank(looking *l, size_t from, size_t end, size_t open, size_t close) {
  char **bytes = &l->out->bytes;
  if (!*bytes) {
    *bytes = volley_alloc(l->length + 1, 1, "YAML text");
    memcpy(*bytes, l->bytes, l->length);
  }
  for (size_t i = from; i < end; i++)
    if ((*bytes)[i] != '\n' && (*bytes)[i] != '\r') (*bytes)[i] = ' ';
  (*bytes)[open] = '[';
  (*bytes)[close] = ']';
}

/* Takes the list that ends here. A list of dashes becomes [] at its first number, which stands further in than the dash. */
static void close_list(looking *l, const yaml_event_t *event, bool is_flow) {
  if (l->n < LEAST || (!is_flow && l->first.line != l->begin.line)) return;
  const size_t from = byte_of(l, l->begin.index), end = byte_of(l, is_flow ? event->end_mark.index : l->end);
  if (!is_ascii(l->bytes + from, end - from)) return;
  const size_t shift = is_flow ? 0 : l->first.index - 1 - l->begin.index; /* all in bytes of one character */
  blank(l, from, end, from + shift, is_flow ? end - 1 : from + shift + 1);
  volley_yaml_arrays *out = l->out;
  double *numbers = volley_arena_alloc(l->arena, l->n, sizeof *numbers);
  char *text = volley_arena_alloc(l->arena, end - from + 1, 1);
  memcpy(numbers, l->numbers, l->n * sizeof *numbers);
  memcpy(text, l->bytes + from, end - from);
  if ((out->n & (out->n - 1)) == 0)
    out->all = volley_grow(out->all, out->n ? 2 * out->n : 1, sizeof *out->all, "lists of numbers");
  out->all[out->n++] = (volley_yaml_array){l->begin.index + shift, l->begin.line, l->begin.column, text, numbers, l->n};
}

/* Adds a scalar to the list that is open; false: it is no plain number. */
static bool add_number(looking *l, const yaml_event_t *event) {
  const char *word = (const char *)event->data.scalar.value;
  if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || event->data.scalar.anchor || event->data.scalar.tag ||
      event->data.scalar.length == 0 || volley_decimal_length(word) != event->data.scalar.length)
    return false;
  if (l->n == 0) l->first = event->start_mark;
  if ((l->n & (l->n - 1)) == 0)
    l->numbers = volley_grow(l->numbers, l->n ? 2 * l->n : 1, sizeof *l->numbers, "a list of numbers");
  l->numbers[l->n++] = strtod(word, NULL);
  l->end = event->end_mark.index;
  return isfinite(l->numbers[l->n - 1]);
}

static void take_event(looking *l, const yaml_event_t *event, bool *is_flow) {
  switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
      l->is_open = !event->data.sequence_start.anchor && !event->data.sequence_start.tag;
      *is_flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
      l->begin = event->start_mark;
      l->n = 0;
      break;
    case YAML_SCALAR_EVENT: l->is_open = l->is_open && add_number(l, event); break;
    case YAML_SEQUENCE_END_EVENT:
      if (l->is_open) close_list(l, event, *is_flow);
      l->is_open = false;
      break;
    default: l->is_open = false;
  }
}

bool volley_yaml_look(volley_arena *arena, const char *file, const char *bytes, size_t length, bool with_lines,
                      volley_yaml_arrays *out) {
  yaml_parser_t parser;
  looking l = {.arena = arena, .bytes = bytes, .length = length, .out = out};
  *out = (volley_yaml_arrays){0};
  if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) l.byte = 3;
  const bool is_wide = length >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0);
  if (!yaml_parser_initialize(&parser)) volley_die("no memory for the YAML parser");
  yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
  int depth = 0;
  bool done = false, is_flow = false;
  while (!done && depth <= VOLLEY_YAML_DEPTH) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) break;
    if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT) depth++;
    if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) depth--;
    done = event.type == YAML_STREAM_END_EVENT;
    if (!is_wide) take_event(&l, &event, &is_flow);
    if (depth > VOLLEY_YAML_DEPTH) {
      const yaml_mark_t mark = event.start_mark;
      volley_yaml_report_depth(with_lines ? (volley_place){file, (int)mark.line + 1, (int)mark.column + 1, NULL}
                                          : (volley_place){.file = file});
    }
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  free(l.numbers);
  return depth <= VOLLEY_YAML_DEPTH;
}

void volley_yaml_arrays_free(volley_yaml_arrays *arrays) {
  free(arrays->all);
  free(arrays->bytes);
}

const volley_yaml_array *volley_yaml_array_at(const volley_yaml_arrays *arrays, size_t mark) {
  size_t low = 0;
  VOLLEY_SEARCH(low, arrays->n, i, arrays->all[i].mark < mark)
  return low < arrays->n && arrays->all[low].mark == mark ? &arrays->all[low] : NULL;
}
