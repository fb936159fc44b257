/* Section checkpoint. */
#include "experiment/reading.h"

#include "base/units.h"

#include <math.h>
#include <string.h>

static const volley_key_info *checkpoint_key(const char *name) {
  return volley_key_find(VOLLEY_SECTION_CHECKPOINT, name);
}

/* What stands before the last word of text, in the arena, if that word is `word`; else NULL. */
static const char *before_word(volley_arena *arena, const char *text, const char *word) {
  char *copy = volley_arena_copy(arena, text);
  size_t n = strlen(copy);
  while (n > 0 && copy[n - 1] == ' ') copy[--n] = '\0';
  const size_t length = strlen(word);
  if (n <= length || copy[n - length - 1] != ' ' || strcmp(copy + n - length, word) != 0) return NULL;
  copy[n - length - 1] = '\0';
  return copy;
}

/* "500 ms" of model time, which must be one step or more. */
static void read_model_time(volley_reading *reading, volley_node *node, const char *time) {
  char why[256];
  double ms = 0;
  const volley_place place = volley_node_place(reading->arena, node);
  if (!volley_unit_convert(time, "ms", &ms, why, sizeof why))
    volley_value_fault(reading, node, "%s", why);
  else if (!(ms > 0 && isfinite(ms)))
    volley_value_fault(reading, node, "'%.60s' given, a time above 0 is expected, like 500 ms model", node->text);
  else if (volley_whole_steps(reading, node, ms, true, &reading->experiment->checkpoint.steps) &&
           reading->experiment->checkpoint.steps > reading->experiment->simulation.steps)
    volley_note(reading, &place, "the run ends before the first checkpoint, at %.10g ms, is due", ms);
}

/* "10 s" by the clock on the wall. */
static void read_wall_time(volley_reading *reading, volley_node *node, const char *time) {
  char why[256];
  if (!volley_wall_time(time, &reading->experiment->checkpoint.wall, why, sizeof why))
    volley_value_fault(reading, node, "%s", why);
}

static void read_every(volley_reading *reading, volley_node *section) {
  volley_node *node = NULL;
  const char *text = volley_read_text(reading, section, checkpoint_key("every"), (volley_pick){0}, &node);
  if (!text) return;
  const char *wall = before_word(reading->arena, text, "wall"), *model = before_word(reading->arena, text, "model");
  if (wall)
    read_wall_time(reading, node, wall);
  else if (model)
    read_model_time(reading, node, model);
  else
    volley_value_fault(reading, node,
                       "'%.60s' given; a time and the clock that measures it are expected: '10 s wall' (the "
                       "computer's) or '500 ms model' (the simulation's)",
                       text);
}

void volley_read_checkpoint(volley_reading *reading, volley_node *section) {
  volley_checkpoint_plan *plan = &reading->experiment->checkpoint;
  volley_node *node = NULL;
  double keep;
  read_every(reading, section);
  plan->file = volley_read_text(reading, section, checkpoint_key("file"), (volley_pick){0}, &node);
  if (plan->file && *plan->file == '\0') volley_value_fault(reading, node, "a file name is expected");
  if (volley_read_number(reading, section, checkpoint_key("keep"), (volley_pick){0}, &keep)) plan->keep = (int)keep;
}
