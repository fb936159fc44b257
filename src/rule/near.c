#include "rule/near.h"

#include "rule/gaps.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  PIECE = VOLLEY_GAPS /* candidates whose words are drawn together */,
  ATTEMPTS = 200,
  MEMBERS = 64,
  SMALL = 128 /* neurons of a box */,
  KNOWN_BITS = 13 /* boxes whose places are known, about */,
  CELLS = 1024 /* of squares of distance, in each of which the probability is known well enough for most candidates */,
  BEYOND = CELLS,
  ANYWHERE
};

#define NOWHERE SIZE_MAX

/* A box is halved no more where so many of those that its bound draws are not kept, at most. */
static const double waste = 1;

/* Longest a neuron can be on the axis of a list: no exponential number is longer. */
static const double longest = 40;

/* A box in a list. Its neurons lie one after the other on an axis, each as long as is its weight in what is drawn: the
 * greatest probability there is in the box, or for pairs -log(1 - that), so that points at random, one for each unit of
 * length, hit it with this probability. */
typedef struct seen_box {
  double begin, length;   /* on the axis; of one neuron */
  double inverse;         /* 1 / length, about */
  double least, greatest; /* probabilities */
  size_t places;          /* where its neurons are in the list of places, or NOWHERE */
  volley_box box;
} seen_box;

/* Bounds of the probability at some distances. */
typedef struct bounds {
  float least, greatest;
} bounds;

struct volley_near {
  const volley_projection *projection;
  const volley_space *from, *of;
  const char *name; /* of the population `of` */
  bool pairs;       /* whether lengths are for pairs */
  bool told;        /* a fault was added */
  double scale;     /* that probabilities are measured by: 1 for pairs, else the greatest */
  int64_t leaf;     /* that the list is of, or -1 */
  seen_box *seen;   /* [n] */
  double *ends;     /* [n] where each ends on the axis */
  size_t n, capacity;
  uint32_t *guide; /* [n] first box that ends beyond the k-th part of the axis, of as many as there are boxes */
  int dimensions;
  float here[VOLLEY_DIMENSIONS]; /* where the present neuron is, about, as are the places */
  float extent[VOLLEY_DIMENSIONS], inverse[VOLLEY_DIMENSIONS]; /* of rings, and 1 / that; 0 where there is none */
  float *places; /* [n_places] `dimensions` a neuron, of boxes that were looked into, also from other leaves */
  size_t n_places, room;
  struct {
    uint64_t box; /* 1 + its level and number; 0: none */
    size_t places;
  } known[1 << KNOWN_BITS]; /* by hash */
  uint32_t n_known;
  double *exact; /* VOLLEY_DIMENSIONS a neuron of the present box */
  size_t n_exact;
  double unit; /* of places that are known about: their distances are of the order of 1, whatever unit they have */
  float cells; /* in a unit of squares of distance */
  bounds cell[CELLS + 2]; /* the last two of all that is farther, and of what may be anywhere */
};

/* Candidates that are judged together: the box and the number in it of each, and whether it is kept. */
typedef struct candidates {
  uint32_t boxes[PIECE], numbers[PIECE];
  bool kept[PIECE];
} candidates;

/* Bounds by distance, up to where next to nothing is left: those of a cell hold for distances that are rounded. */
static void make_cells(volley_near *near, double peak) {
  const volley_position_plan *plan = volley_space_plan(near->of);
  const volley_box root = volley_space_root(near->of);
  const volley_profile *profile = near->projection->profile;
  double nearest, reach, least, greatest, slack = 0;
  volley_box_distances(near->of, &root, &root, &nearest, &reach);
  const double shortest = 1e-6 * reach;
  near->dimensions = plan->dimensions;
  near->unit = reach > 0 ? exp2(-round(log2(reach))) : 1;
  for (int d = 0; d < plan->dimensions; d++) {
    near->extent[d] = plan->periodic[d] ? (float)(near->unit * plan->extent[d]) : 0;
    near->inverse[d] = plan->periodic[d] ? (float)(1 / (near->unit * plan->extent[d])) : 0;
    slack += 1e-6 * (fabs(plan->centre[d]) + plan->extent[d]);
  }
  while (0.9 * reach > shortest) {
    volley_profile_range(profile, 0.9 * reach, INFINITY, &least, &greatest);
    if (greatest > 1e-4 * peak) break;
    reach *= 0.9;
  }
  near->cells = (float)(CELLS / (near->unit * reach * near->unit * reach));
  for (int c = 0; c < CELLS; c++) {
    const double begin = reach * sqrt((double)c / CELLS), end = reach * sqrt((c + 1.0) / CELLS);
    volley_profile_range(profile, fmax(0, begin - slack), end + slack, &least, &greatest);
    near->cell[c] = (bounds){(float)(least * (1 - 1e-6)), (float)(greatest * (1 + 1e-6))};
  }
  volley_profile_range(profile, fmax(0, reach - slack), INFINITY, &least, &greatest);
  near->cell[BEYOND] = (bounds){(float)(least * (1 - 1e-6)), (float)(greatest * (1 + 1e-6))};
  near->cell[ANYWHERE] = (bounds){0, INFINITY};
}

volley_near *volley_near_create(const volley_experiment *experiment, const volley_projection *projection, int from,
                                int of, bool pairs) {
  volley_near *near = volley_alloc(1, sizeof *near, "the neurons near a neuron");
  *near = (volley_near){.projection = projection,
                        .from = experiment->populations[from].space,
                        .of = experiment->populations[of].space,
                        .name = experiment->populations[of].name,
                        .pairs = pairs,
                        .scale = 1,
                        .leaf = -1};
  double least, peak;
  volley_profile_range(projection->profile, 0, INFINITY, &least, &peak);
  if (!near->pairs) near->scale = peak;
  make_cells(near, peak);
  return near;
}

void volley_near_destroy(volley_near *near) {
  if (!near) return;
  free(near->seen);
  free(near->ends);
  free(near->guide);
  free(near->places);
  free(near->exact);
  free(near);
}

static void append(volley_near *near, const volley_box *box, double least, double greatest) {
  if (near->n == near->capacity) {
    near->capacity = near->n > 0 ? 2 * near->n : 64;
    near->seen = volley_grow(near->seen, near->capacity, sizeof *near->seen, "the neurons near a neuron");
    near->ends = volley_grow(near->ends, near->capacity, sizeof *near->ends, "the neurons near a neuron");
    near->guide = volley_grow(near->guide, near->capacity, sizeof *near->guide, "the neurons near a neuron");
  }
  const double begin = near->n > 0 ? near->ends[near->n - 1] : 0;
  const double length = near->pairs ? fmin(-log1p(-fmin(greatest, 1)), longest) : greatest;
  near->ends[near->n] = begin + length * box->count;
  near->seen[near->n++] = (seen_box){begin, length, 1 / length, least, greatest, NOWHERE, *box};
}

/* Lists a box as seen from a leaf, or its halves. */
static void list(volley_near *near, const volley_box *leaf, const volley_box *box) {
  double nearest, farthest, least, greatest;
  if (box->count == 0) return;
  volley_box_distances(near->of, leaf, box, &nearest, &farthest);
  volley_profile_range(near->projection->profile, nearest, farthest, &least, &greatest);
  if (greatest <= 0) return;
  if (box->level == volley_space_levels(near->of) || (greatest - least) / near->scale * box->count <= waste) {
    append(near, box, least, greatest);
    return;
  }
  for (int upper = 0; upper < 2; upper++) {
    volley_box half = *box;
    volley_box_halve(near->of, &half, upper);
    list(near, leaf, &half);
  }
}

/* The part of the axis in which a place lies. */
static size_t part_of(const volley_near *near, double at) {
  const size_t part = (size_t)(at / near->ends[near->n - 1] * (double)near->n);
  return part < near->n ? part : near->n - 1;
}

/* A box is found from that on where its part of the axis begins. */
static void make_guide(volley_near *near) {
  size_t part = 0;
  for (uint32_t b = 0; b < near->n && near->ends[near->n - 1] > 0; b++)
    for (const size_t last = part_of(near, near->ends[b]); part <= last; part++) near->guide[part] = b;
}

/* The box at a place: the first that ends beyond it. */
static size_t box_at(const volley_near *near, double at) {
  size_t b = near->guide[part_of(near, at)];
  while (b < near->n - 1 && near->ends[b] <= at) b++;
  return b;
}

/* Lists what the neuron `own` sees. Returns its place. */
static void look_from(volley_near *near, uint32_t own, double place[VOLLEY_DIMENSIONS]) {
  const uint32_t leaf = volley_space_leaf(near->from, own);
  volley_space_position(near->from, own, place);
  for (int d = 0; d < near->dimensions; d++) near->here[d] = (float)(near->unit * place[d]);
  if (near->leaf == leaf) return;
  const volley_box box = volley_space_box(near->from, volley_space_levels(near->from), leaf);
  near->leaf = leaf;
  near->n = 0;
  if (near->n_known > 1 << (KNOWN_BITS - 1)) {
    near->n_places = near->n_known = 0;
    memset(near->known, 0, sizeof near->known);
  }
  const volley_box root = volley_space_root(near->of);
  list(near, &box, &root);
  if (!near->pairs && near->n > 0) make_guide(near);
}

static double probability_at(const volley_near *near, const double *place, const double *there) {
  return volley_profile_at(near->projection->profile, volley_space_distance(near->of, place, there));
}

/* Probability of neuron number k of a box. */
static double probability_of(const volley_near *near, const seen_box *seen, uint32_t k, const double *place) {
  double there[VOLLEY_DIMENSIONS];
  volley_box_position(near->of, &seen->box, volley_box_neuron(near->of, &seen->box, k), there);
  return probability_at(near, place, there);
}

/* Places of all neurons of a box, VOLLEY_DIMENSIONS numbers each, until the next is asked for. */
static const double *find_places(volley_near *near, const volley_box *box) {
  if (near->n_exact < VOLLEY_DIMENSIONS * (size_t)box->count) {
    near->n_exact = 2 * VOLLEY_DIMENSIONS * (size_t)box->count;
    near->exact = volley_grow(near->exact, near->n_exact, sizeof *near->exact, "the neurons near a neuron");
  }
  volley_box_places(near->of, box, near->exact);
  return near->exact;
}

/* Keeps where the neurons of a small box are, about; leaves near each other look into the same boxes. */
static void keep_places(volley_near *near, seen_box *seen) {
  const size_t dimensions = (size_t)near->dimensions, mask = (1 << KNOWN_BITS) - 1;
  const uint64_t box = ((uint64_t)seen->box.level << 32 | seen->box.number) + 1;
  size_t at = (size_t)volley_scramble(box) & mask;
  while (near->known[at].box != 0 && near->known[at].box != box) at = (at + 1) & mask;
  if (near->known[at].box == 0) {
    const double *places = find_places(near, &seen->box);
    if (near->n_places + dimensions * seen->box.count > near->room) {
      near->room = 2 * (near->n_places + dimensions * seen->box.count);
      near->places = volley_grow(near->places, near->room, sizeof *near->places, "the neurons near a neuron");
    }
    seen->places = near->n_places;
    for (uint32_t k = 0; k < seen->box.count; k++)
      for (size_t d = 0; d < dimensions; d++)
        near->places[near->n_places++] = (float)(near->unit * places[VOLLEY_DIMENSIONS * (size_t)k + d]);
    if (near->n_known > mask / 4 * 3) return; /* full enough for this leaf */
    near->known[at].box = box;
    near->known[at].places = seen->places;
    near->n_known++;
  }
  seen->places = near->known[at].places;
}

/* Which of n candidates are kept. Most need not be looked at, and of others it mostly suffices to know about where they are. */
static void judge(volley_near *near, uint32_t n, const double *place, const uint32_t *words, candidates *of) {
  double levels[PIECE], least[PIECE];
  float squares[PIECE] = {0};
  size_t places[PIECE] = {0};
  int cells[PIECE]; /* first what they are if they are none of the near ones */
  for (uint32_t c = 0; c < n; c++) {
    seen_box *seen = &near->seen[of->boxes[c]];
    levels[c] = ((words[2 * c + 1] & 0xFFFFFF) + 0.5) * 0x1p-24 * seen->greatest;
    least[c] = seen->least;
    cells[c] = seen->box.count > SMALL ? ANYWHERE : BEYOND;
    if (seen->box.count > SMALL) squares[c] = INFINITY;
    if (seen->box.count > SMALL) continue;
    if (seen->places == NOWHERE) keep_places(near, seen);
    places[c] = seen->places + (size_t)near->dimensions * of->numbers[c];
  }
  for (int d = 0; d < near->dimensions && near->places; d++)
    for (uint32_t c = 0; c < n; c++) {
      float step = near->here[d] - near->places[places[c] + (size_t)d];
      step -= near->extent[d] * rintf(step * near->inverse[d]);
      squares[c] += step * step;
    }
  for (uint32_t c = 0; c < n; c++) {
    const float cell = squares[c] * near->cells;
    cells[c] = cell < CELLS ? (int)cell : cells[c];
  }
  for (uint32_t c = 0; c < n; c++) {
    const bounds *known = &near->cell[cells[c]];
    const bool is_sure = (levels[c] < least[c]) | (levels[c] < (double)known->least);
    of->kept[c] = is_sure;
    if ((!is_sure) & (levels[c] < (double)known->greatest)) /* seldom */
      of->kept[c] = levels[c] < probability_of(near, &near->seen[of->boxes[c]], of->numbers[c], place);
  }
}

/* Number within a box of the neuron at a place of the axis. */
static uint32_t number_at(const seen_box *seen, double at) {
  const double number = (at - seen->begin) / seen->length;
  return number < seen->box.count ? (uint32_t)number : seen->box.count - 1;
}

/* Where on the axis a draw has come to. */
typedef struct progress {
  double at, first; /* first: number within the box that may come next */
  size_t box;
} progress;

/* Goes on by the gaps. Returns how many candidates there are: fewer than gaps at the end of the axis. */
static uint32_t hit(const volley_near *near, const double gaps[PIECE], progress *now, candidates *out) {
  double at = now->at, first = now->first;
  size_t b = now->box;
  uint32_t c = 0;
  for (; c < PIECE; c++) {
    at += gaps[c];
    for (; b < near->n && (at >= near->ends[b] || first == near->seen[b].box.count); first = 0) b++;
    if (b == near->n) break;
    const seen_box *seen = &near->seen[b];
    double number = (at - seen->begin) * seen->inverse;
    if (fabs(number - rint(number)) < 1e-5) number = (at - seen->begin) / seen->length; /* which counts */
    number = number < seen->box.count ? trunc(number) : seen->box.count - 1.0;
    if (number < first) number = first; /* but for rounding it is not */
    first = number + 1;
    at = seen->begin + first * seen->length; /* hit once is hit */
    out->boxes[c] = (uint32_t)b;
    out->numbers[c] = (uint32_t)number;
  }
  *now = (progress){at, first, b};
  return c;
}

void volley_near_draw(volley_near *near, volley_drawing *drawing, uint32_t own, volley_key key, volley_gid id) {
  double place[VOLLEY_DIMENSIONS], gaps[PIECE];
  uint32_t words[2 * PIECE], n = PIECE;
  progress now = {0};
  candidates of;
  look_from(near, own, place);
  drawing->n = 0;
  for (uint32_t first = 0; n == PIECE; first += PIECE) {
    volley_random_words(key, id, 2 * first, 0, 2 * PIECE, words);
    volley_draw_gaps(words, gaps);
    n = hit(near, gaps, &now, &of);
    judge(near, n, place, words, &of);
    volley_drawing_reserve(drawing, drawing->n + n);
    for (uint32_t c = 0; c < n; c++) {
      const uint32_t index = volley_box_neuron(near->of, &near->seen[of.boxes[c]].box, of.numbers[c]);
      drawing->sources[drawing->n] = index; /* to be written over if it is not kept: no branch that nobody foresees */
      drawing->n += of.kept[c] & !(drawing->excludes_self & (index == own));
    }
  }
}

/* One draw among all neurons that may be drawn, by looking at each of them: of exponential numbers divided by the weights the
 * least (Efraimidis & Spirakis 2006). False where there is none. */
static bool choose_among_all(volley_near *near, const volley_drawing *drawing, uint32_t own, const double *place,
                             volley_stream *stream, uint32_t *out) {
  double least = INFINITY;
  for (const seen_box *seen = near->seen; seen < near->seen + near->n; seen++) {
    const double *there = find_places(near, &seen->box);
    for (uint32_t k = 0; k < seen->box.count; k++, there += VOLLEY_DIMENSIONS) {
      const uint32_t index = volley_box_neuron(near->of, &seen->box, k);
      if (drawing->excludes_self && index == own) continue;
      if (!near->projection->multapses && volley_drawing_has_seen(drawing, index)) continue;
      const double weight = probability_at(near, place, there);
      if (weight <= 0) continue;
      const double number = -log(volley_stream_uniform(stream)) / weight;
      if (number >= least) continue;
      least = number;
      *out = index;
    }
  }
  return isfinite(least);
}

/* Draws by the bounds: the neurons, and which are kept. */
static void try_some(volley_near *near, const double *place, const uint32_t words[2 * PIECE], candidates *of,
                     uint32_t indices[PIECE]) {
  for (uint32_t c = 0; c < PIECE; c++) {
    const double at = volley_uniform_of(words + 2 * c) * near->ends[near->n - 1];
    const size_t b = box_at(near, at);
    of->boxes[c] = (uint32_t)b;
    of->numbers[c] = number_at(&near->seen[b], at);
    indices[c] = volley_box_neuron(near->of, &near->seen[b].box, of->numbers[c]);
  }
  judge(near, PIECE, place, words, of);
}

void volley_near_choose(volley_near *near, volley_drawing *drawing, uint32_t own, uint64_t k, volley_key key,
                        volley_gid id) {
  double place[VOLLEY_DIMENSIONS];
  uint32_t words[2 * PIECE], indices[PIECE], attempt = 0;
  candidates of;
  look_from(near, own, place);
  volley_drawing_reserve(drawing, k);
  if (!near->projection->multapses) volley_drawing_forget(drawing, k);
  for (drawing->n = 0; drawing->n < k; drawing->n++) {
    uint32_t *out = &drawing->sources[drawing->n];
    bool found = false;
    for (uint32_t last = attempt + ATTEMPTS; near->n > 0 && attempt < last && !found; attempt++) {
      const uint32_t c = attempt % PIECE;
      if (c == 0) {
        volley_random_words(key, id, 2 * attempt, 0, 2 * PIECE, words);
        try_some(near, place, words, &of, indices);
      }
      *out = indices[c];
      found = of.kept[c] && !(drawing->excludes_self && *out == own) &&
              (near->projection->multapses || !volley_drawing_has_seen(drawing, *out));
    }
    if (!found) { /* where nearly nobody is left */
      volley_stream stream = volley_stream_of(key, id, (uint32_t)drawing->n + 1);
      found = choose_among_all(near, drawing, own, place, &stream, out);
    }
    if (!found) break;
    if (!near->projection->multapses) volley_drawing_see(drawing, *out);
  }
  if (drawing->n == k || near->told) return;
  near->told = true;
  if (near->projection->multapses)
    volley_fault(VOLLEY_USAGE, &near->projection->place,
                 "%s: there are neurons from which the probability reaches none of %s, but %s is %" PRIu64,
                 near->projection->name, near->name, near->projection->rule->number_key, k);
  else
    volley_fault(VOLLEY_USAGE, &near->projection->place,
                 "%s: there are neurons from which the probability reaches fewer of %s than the %" PRIu64
                 " that %s asks for, each once",
                 near->projection->name, near->name, k, near->projection->rule->number_key);
}

void volley_near_hush(volley_near *near) { near->told = true; }

double volley_near_expected(volley_near *near, uint32_t own) {
  double place[VOLLEY_DIMENSIONS], sum = 0;
  look_from(near, own, place);
  for (seen_box *seen = near->seen; seen < near->seen + near->n; seen++) {
    const uint32_t count = seen->box.count, members = count < MEMBERS ? count : MEMBERS;
    double of_members = 0;
    if ((seen->greatest - seen->least) * count <= waste) {
      sum += count * (seen->least + seen->greatest) / 2;
      continue;
    }
    for (uint32_t m = 0; m < members; m++) {
      const uint32_t k = (uint32_t)((uint64_t)count * m / members);
      of_members += fmin(probability_of(near, seen, k, place), 1);
    }
    sum += of_members * count / members;
  }
  return sum;
}
