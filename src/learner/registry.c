#include "learner/learner.h"

/* clang-format off */
#define KINDS(X) \
  X(rls) \
  X(batch) \
  /* one line a kind */
/* clang-format on */

#define DECLARED(name) extern const volley_learner_kind volley_learner_##name;
#define LISTED(name) &volley_learner_##name,
KINDS(DECLARED)
extern const volley_learner_kind volley_learner_none;

static const volley_learner_kind *const kinds[] = {KINDS(LISTED) NULL};

const volley_learner_kind *const *volley_learners(void) { return kinds; }

const volley_learner_kind *volley_learner_of(const volley_readout *readout) {
  return readout->stop > 0 ? readout->learner : &volley_learner_none;
}
