/* fixed_outdegree: each source draws its targets. The owner of the source does it, and the edges go to those of the targets. */
#include "base/text.h"
#include "rule/edge_list.h"
#include "rule/near.h"

#include <inttypes.h>
#include <stdio.h>

static const char *check_outdegree(const volley_experiment *experiment, const volley_projection *projection,
                                   char *buffer, size_t size) {
  const volley_population *target = &experiment->populations[projection->target];
  const uint32_t n = target->size - (projection->source == projection->target && !projection->autapses ? 1 : 0);
  if (projection->number > UINT32_MAX) {
    snprintf(buffer, size, "outdegree %" PRIu64 " is too large; at most %u", projection->number, UINT32_MAX);
    return buffer;
  }
  if ((projection->number > 0 && n == 0) || (!projection->multapses && projection->number > n)) {
    snprintf(buffer, size, "outdegree %" PRIu64 "%s, but %s has only %s to draw from", projection->number,
             projection->multapses ? "" : " without multapses", target->name, volley_count(n, "neuron").text);
    return buffer;
  }
  return NULL;
}

static double expected_outdegree(const volley_experiment *experiment, const volley_projection *projection) {
  return (double)projection->number * experiment->populations[projection->source].size;
}

/* Each drawing is one turned round, in which the source chooses. */
/* The targets of a rank's sources, which go into the mail. */
typedef struct mailing {
  volley_edge_mail *mail;
  volley_drawing *drawing;
  const volley_gid *gids; /* [n] of the sources */
  uint32_t n, next;
} mailing;

static void begin(void *context) {
  const mailing *m = context;
  const volley_projection *projection = m->drawing->projection;
  if (projection->profile)
    m->drawing->near =
        volley_near_create(m->drawing->experiment, projection, projection->source, projection->target, false);
}

static void put_edges(void *context) {
  mailing *m = context;
  volley_drawing *drawing = m->drawing;
  const volley_projection *projection = drawing->projection;
  const volley_population *source = &drawing->experiment->populations[projection->source];
  for (; m->next < m->n && m->mail->n < VOLLEY_EDGE_ROWS; m->next++) {
    const volley_gid gid = m->gids[m->next];
    const uint32_t index = volley_index_in(source, gid);
    volley_drawing_choose(drawing, index, projection->number, drawing->partner, gid);
    for (size_t k = 0; k < drawing->n; k++)
      volley_edge_mail_add(m->mail, &(volley_edge){.target = drawing->sources[k], .source = index, .number = k});
  }
}

static volley_status list(const volley_partition *partition, int p, const volley_reader *reader,
                          volley_edge_mail *mail) {
  const volley_experiment *experiment = partition->experiment;
  const volley_projection *projection = &experiment->projections[p];
  volley_drawing drawing = {
      .experiment = experiment,
      .projection = projection,
      .n_source = experiment->populations[projection->target].size,
      .excludes_self = projection->source == projection->target && !projection->autapses,
      .partner = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_PARTNER, (uint32_t)p),
  };
  (void)reader;
  mailing m = {mail, &drawing, partition->gids[projection->source], partition->counts[projection->source], 0};
  volley_edge_mail_fill(mail, begin, &m);
  if (!volley_edge_mail_expect(mail, expected_outdegree(experiment, projection))) {
    volley_drawing_release(&drawing);
    return VOLLEY_OK;
  }
  for (bool more = true; more; more = volley_edge_mail_send(mail, m.next < m.n))
    volley_edge_mail_fill(mail, put_edges, &m);
  volley_drawing_release(&drawing);
  return VOLLEY_OK;
}

const volley_rule volley_rule_fixed_outdegree = {
    .name = "fixed_outdegree",
    .doc = "each source neuron gets `outdegree` targets, drawn at random; with a `probability` that depends on the "
           "distance, "
           "by its ratios",
    .number_key = "outdegree",
    .takes_distance = true,
    .random = true,
    .takes_multapses = true,
    .check = check_outdegree,
    .expected = expected_outdegree,
    .list = list,
    .draw = volley_edge_list_draw,
};
