/* volley info: which labels the outputs of a network give the images that it was shown. */
#include "app/info.h"

#include "app/json.h"
#include "base/search.h"
#include "io/output/images.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double trace_ms = 10, last_ms = 5; /* decay of the traces, and the time at the end over which they count */

/* Whether a teacher told the answer while an image was shown. */
enum { UNTAUGHT, TAUGHT, UNKNOWN, KINDS };

/* The images of one kind, as they were shown. */
typedef struct score {
  uint64_t all, right;
  uint64_t *confusion; /* [labels][labels + 1] label of the image, prediction */
} score;

/* The images that a stimulus has shown, as one population tells them. */
typedef struct classification {
  const volley_shown_images *shown;
  const volley_taught *taught;
  uint64_t first, end; /* of the images that count */
  uint64_t labels;     /* they are below */
  uint64_t size;       /* of the population */
  uint64_t *label_of;  /* [size] labels: no output */
  uint64_t *spikes;    /* [n][labels] */
  double *traces;      /* [n][labels] integrals at the end of the image, ms */
  uint64_t *predicted; /* [n] labels: undecided */
  int *kinds;          /* [n] */
  score scores[KINDS];
} classification;

/* What a spike at time t adds to the integral of a trace over the last of an image that ends at stop. */
static double trace_of(double t, double stop) {
  const double from = fmax(stop - last_ms, t);
  return trace_ms * (exp((t - from) / trace_ms) - exp((t - stop) / trace_ms));
}

static void take_spikes(void *taker, size_t n, const double *times, const uint64_t *ids) {
  classification *j = taker;
  const volley_shown_images *shown = j->shown;
  for (size_t i = 0; i < n; i++) {
    const uint64_t label = ids[i] < j->size ? j->label_of[ids[i]] : j->labels;
    if (label == j->labels) continue;
    uint64_t low = 0; /* the first image that ends at this time or later */
    VOLLEY_SEARCH(low, shown->n, k, shown->stop_ms[k] < times[i])
    if (low == shown->n || times[i] <= shown->start_ms[low]) continue;
    j->spikes[low * j->labels + label]++;
    j->traces[low * j->labels + label] += trace_of(times[i], shown->stop_ms[low]);
  }
}

/* The label with most spikes, of equally many the one with the larger trace; j->labels if there is none. */
static uint64_t tell(const classification *j, uint64_t image) {
  const uint64_t *spikes = j->spikes + image * j->labels;
  const double *traces = j->traces + image * j->labels;
  uint64_t best = 0;
  bool tied = false;
  for (uint64_t label = 1; label < j->labels; label++) {
    if (spikes[label] < spikes[best] || (spikes[label] == spikes[best] && traces[label] < traces[best])) continue;
    tied = spikes[label] == spikes[best] && traces[label] == traces[best];
    best = label;
  }
  return spikes[best] == 0 || tied ? j->labels : best;
}

static int kind_of(const classification *j, uint64_t image) {
  if (!j->taught->lessons) return UNKNOWN;
  for (uint64_t l = 0; l < j->taught->n_lessons; l++) {
    const volley_lesson *lesson = &j->taught->lessons[l];
    if (lesson->images == j->shown->number && j->shown->start_ms[image] < lesson->stop_ms &&
        j->shown->stop_ms[image] > lesson->start_ms)
      return TAUGHT;
  }
  return UNTAUGHT;
}

static void compare(classification *j) {
  for (uint64_t k = j->first; k < j->end; k++) {
    const uint64_t label = j->shown->labels[k];
    j->predicted[k] = tell(j, k);
    j->kinds[k] = kind_of(j, k);
    if (label >= j->labels) continue;
    score *s = &j->scores[j->kinds[k]];
    s->all++;
    s->confusion[label * (j->labels + 1) + j->predicted[k]]++;
    s->right += j->predicted[k] == label;
  }
}

/* Sizes the classification of a recorder's spikes and says which images it covers. */
static void prepare(classification *j, const volley_recorder_info *recorder, double start, double stop) {
  const volley_shown_images *shown = j->shown;
  for (uint64_t i = 0; i < j->taught->n; i++)
    if (j->taught->labels[i] >= j->labels) j->labels = j->taught->labels[i] + 1;
  if (recorder->start_ms > start) start = recorder->start_ms;
  if (recorder->stop_ms < stop) stop = recorder->stop_ms;
  while (j->first < shown->n && shown->start_ms[j->first] < start) j->first++;
  j->end = j->first;
  while (j->end < shown->n && shown->stop_ms[j->end] <= stop) j->end++;
  j->label_of = volley_alloc(j->size, sizeof *j->label_of, "labels of outputs");
  j->spikes = volley_alloc(shown->n * j->labels, sizeof *j->spikes, "spikes by image");
  j->traces = volley_alloc(shown->n * j->labels, sizeof *j->traces, "spikes by image");
  j->predicted = volley_alloc(shown->n, sizeof *j->predicted, "predictions");
  j->kinds = volley_alloc(shown->n, sizeof *j->kinds, "predictions");
  for (int kind = 0; kind < KINDS; kind++)
    j->scores[kind].confusion = volley_alloc(j->labels * (j->labels + 1), sizeof(uint64_t), "predictions");
  for (uint64_t i = 0; i < j->size; i++) j->label_of[i] = j->labels;
  for (uint64_t i = 0; i < j->taught->n; i++)
    if (j->taught->ids[i] < j->size) j->label_of[j->taught->ids[i]] = j->taught->labels[i];
}

static void release(classification *j) {
  free(j->label_of);
  free(j->spikes);
  free(j->traces);
  free(j->predicted);
  free(j->kinds);
  for (int kind = 0; kind < KINDS; kind++) free(j->scores[kind].confusion);
}

static void print_text(const classification *j, int kind, bool is_first) {
  static const char *const words[KINDS] = {[UNTAUGHT] = "no", [TAUGHT] = "yes", [UNKNOWN] = "-"};
  const score *s = &j->scores[kind];
  if (is_first) printf("\n%-16s %-16s %7s %8s %8s %9s\n", "images", "told by", "taught", "shown", "right", "accuracy");
  printf("%-16s %-16s %7s %8" PRIu64 " %8" PRIu64 " %7.1f %%\n", j->shown->stimulus, j->taught->population, words[kind],
         s->all, s->right, 100 * (double)s->right / (double)s->all);
}

static void print_confusion(const classification *j, int kind, bool is_first) {
  static const char *const words[KINDS] = {[UNTAUGHT] = ", without a teacher", [TAUGHT] = ", while taught"};
  const score *s = &j->scores[kind];
  (void)is_first;
  printf("\n%s%s: images of a label (rows) by what they were taken for\n%5s", j->shown->stimulus,
         words[kind] ? words[kind] : "", "");
  for (uint64_t predicted = 0; predicted < j->labels; predicted++) printf(" %5" PRIu64, predicted);
  printf("  none\n");
  for (uint64_t label = 0; label < j->labels; label++) {
    printf("%5" PRIu64, label);
    for (uint64_t predicted = 0; predicted <= j->labels; predicted++)
      printf(" %5" PRIu64, s->confusion[label * (j->labels + 1) + predicted]);
    printf("\n");
  }
}

static void print_json_row(const uint64_t *values, uint64_t n, const char *before) {
  printf("%s", before);
  for (uint64_t i = 0; i < n; i++) printf("%s%" PRIu64, i ? ", " : "[", values[i]);
  printf("]");
}

/* values of the images of a kind; null where there is none. */
static void print_json_images(const classification *j, int kind, const char *name, const uint64_t *values,
                              uint64_t none) {
  const char *before = "[";
  volley_json_member(name, ",\n     ");
  for (uint64_t k = j->first; k < j->end; k++) {
    if (j->kinds[k] != kind) continue;
    if (values[k] == none)
      printf("%snull", before);
    else
      printf("%s%" PRIu64, before, values[k]);
    before = ", ";
  }
  printf("]");
}

static void print_json(const classification *j, int kind, bool is_first) {
  const score *s = &j->scores[kind];
  volley_json_member_text("images", j->shown->stimulus, is_first ? ",\n  \"classifications\": [\n    {" : ",\n    {");
  volley_json_member_text("population", j->taught->population, ", ");
  if (kind != UNKNOWN) {
    volley_json_member("taught", ", ");
    printf(kind == TAUGHT ? "true" : "false");
  }
  volley_json_member_count("shown", s->all, ", ");
  volley_json_member_count("right", s->right, ", ");
  volley_json_member_number("accuracy", (double)s->right / (double)s->all, ", ");
  volley_json_member("confusion", ",\n     ");
  for (uint64_t label = 0; label < j->labels; label++)
    print_json_row(s->confusion + label * (j->labels + 1), j->labels + 1, label ? ", " : "[");
  printf("]");
  print_json_images(j, kind, "rows", j->shown->rows, UINT64_MAX);
  print_json_images(j, kind, "labels", j->shown->labels, UINT64_MAX);
  print_json_images(j, kind, "predictions", j->predicted, j->labels);
  printf("}");
}

/* Calls `print` for each kind of images that every classification has. */
static void print_all(const classification *all, int n,
                      void (*print)(const classification *j, int kind, bool is_first)) {
  bool is_first = true;
  for (int k = 0; k < n; k++) {
    for (int kind = KINDS - 1; kind >= 0; kind--) { /* taught ones first, as in most runs */
      if (all[k].scores[kind].all == 0) continue;
      print(&all[k], kind, is_first);
      is_first = false;
    }
  }
}

/* The recorder of all neurons of the population that covers most time; -1: none. */
static int find_recorder(const volley_output_info *info, const char *population, uint64_t *size) {
  int best = -1;
  for (int r = 0; r < info->n_recorders; r++) {
    const volley_recorder_info *recorder = &info->recorders[r];
    if (recorder->population_number < 0 || strcmp(recorder->population, population) != 0) continue;
    *size = info->populations[recorder->population_number].size;
    if (recorder->neurons < *size) continue;
    if (best >= 0 &&
        recorder->stop_ms - recorder->start_ms <= info->recorders[best].stop_ms - info->recorders[best].start_ms)
      continue;
    best = r;
  }
  return best;
}

volley_status volley_info_labels(volley_output_file *file, const char *path, double start, double stop, bool json) {
  const volley_output_info *info = volley_output_file_info(file);
  volley_arena *arena = volley_arena_create();
  volley_images_shown showings;
  volley_status status = volley_images_shown_read(path, info, arena, &showings);
  const int most = showings.n_images * showings.n_taught;
  classification *all = volley_alloc((size_t)most, sizeof *all, "predictions");
  int n = 0;
  for (int k = 0; k < most && status == VOLLEY_OK; k++) {
    classification *j = &all[n];
    *j = (classification){.shown = &showings.images[k / showings.n_taught],
                          .taught = &showings.taught[k % showings.n_taught]};
    const int recorder = find_recorder(info, j->taught->population, &j->size);
    if (recorder < 0) continue;
    prepare(j, &info->recorders[recorder], start, stop);
    n++;
    status = volley_output_file_spikes(file, recorder, -INFINITY, take_spikes, j);
    compare(j);
    if (j->scores[UNTAUGHT].all + j->scores[TAUGHT].all + j->scores[UNKNOWN].all == 0) release(&all[--n]);
  }
  if (status == VOLLEY_OK) print_all(all, n, json ? print_json : print_text);
  if (status == VOLLEY_OK && !json) print_all(all, n, print_confusion);
  if (n > 0 && status == VOLLEY_OK && json) printf("\n  ]");
  for (int k = 0; k < n; k++) release(&all[k]);
  free(all);
  volley_arena_destroy(arena);
  return status;
}
