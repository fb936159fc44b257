#include "learner/learner.h"

#include <string.h>

extern const volley_learner_kind volley_learner_rls, volley_learner_batch, volley_learner_none;

static const volley_learner_kind *const kinds[] = {&volley_learner_rls, &volley_learner_batch, NULL};

const volley_learner_kind *const *volley_learners(void) { return kinds; }

const volley_learner_kind *volley_learner_find(const char *name) {
  for (const volley_learner_kind *const *kind = kinds; *kind; kind++) {
    if (strcmp((*kind)->name, name) == 0) return *kind;
  }
  return NULL;
}

const volley_learner_kind *volley_learner_of(const volley_readout *readout) {
  return readout->stop > 0 ? readout->learner : &volley_learner_none;
}
