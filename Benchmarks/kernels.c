// Times nnnd's kernels on one thread, at every level that this CPU has.
//
//     kernels DIMENSION CACHED COLD
//
// CACHED and COLD are bytes of rows: few enough to stay in the second-level cache, and far more than all caches. Prints
// a line for each measurement: level, kernel, data, queries, seconds a call over all rows, bytes read, operations.
// COLD data is walked a block of CACHED bytes at a time, as a scan does, so the output of a kernel stays in the cache.
#include <CKernels.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIN_SECONDS 0.15  // of a measurement
#define REPETITIONS 3
#define QUERIES 512

static const char *const level_names[] = {"portable", "avx2", "avx512", "avx512vnni"};

#define BLOCK_ROWS 128  // rows of a block of codes

typedef struct setting {
  size_t dimension, rows, block, queries;
  const char *data;
} setting;

static float *floats, *float_queries, *float_products, *means, *thresholds;
static ck_layout layout;
static size_t code_block_bytes;
static uint8_t *codes, *scratch;
static int8_t *code_queries;
static ck_query queries[QUERIES];
static ck_candidates candidates;
static volatile size_t sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *memory(size_t bytes) {
  void *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!p) exit(1);
  memset(p, 0, bytes);
  return p;
}

static uint32_t noise(void) {
  static uint32_t state = 1;
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

static void products(const setting *s) {
  for (size_t r = 0; r < s->rows; r += s->block)
    ck_products(floats + r * s->dimension, s->block, s->dimension, float_queries, s->queries, float_products);
}

// No row reaches the thresholds, so that nothing but products and bounds is measured.
static void scan_codes(const setting *s, ck_scan_counts (*scan)(const uint8_t *, const uint8_t *, ck_layout,
                                                                const float *, const ck_query *, const int8_t *, size_t,
                                                                const float *, uint32_t, ck_candidates, uint8_t *)) {
  size_t found = 0;
  for (size_t r = 0; r < s->rows; r += BLOCK_ROWS) {
    const uint8_t *block = codes + r / BLOCK_ROWS * code_block_bytes;
    const uint8_t *next = r + BLOCK_ROWS < s->rows ? block + code_block_bytes : codes;
    found += scan(block, next, layout, means, queries, code_queries, s->queries, thresholds, 0, candidates,
                  scratch).low;
  }
  sink = found;
}

static void halves_of_codes(const setting *s) { scan_codes(s, ck_scan); }
static void whole_codes(const setting *s) { scan_codes(s, ck_scan_whole); }

static void encode_queries(size_t dimension, size_t steps) {
  for (size_t i = 0; i < QUERIES; i++)
    ck_encode_query(float_queries + i * dimension, layout.leading, dimension - layout.leading, layout, steps,
                    code_queries + i * ck_query_stride(layout), queries + i);
}

static void measure(const char *kernel, void (*call)(const setting *), setting s, size_t bytes, size_t operations) {
  double best = 1e9;
  call(&s);
  for (int i = 0; i < REPETITIONS; i++) {
    long calls = 0;
    double begin = now(), seconds;
    do {
      call(&s);
      calls++;
    } while ((seconds = now() - begin) < MIN_SECONDS);
    if (seconds / (double)calls < best) best = seconds / (double)calls;
  }
  printf("%s\t%s\t%s\t%zu\t%.9f\t%zu\t%zu\n", level_names[ck_current_level()], kernel, s.data, s.queries, best, bytes,
         operations);
  fflush(stdout);
}

static void measure_all(const char *data, size_t dimension, size_t bytes, size_t block_bytes) {
  const size_t batches[] = {1, 32, QUERIES};
  const size_t high_bytes = ck_columns * sizeof(float) + layout.leading + layout.rest / 2;
  for (size_t b = 0; b < 3; b++) {
    setting s = {.dimension = dimension, .queries = batches[b], .data = data};
    int compute_bound = batches[b] == QUERIES;  // the same for cached and for cold data
    if (compute_bound && bytes > block_bytes) continue;
    s.rows = bytes / code_block_bytes * BLOCK_ROWS;
    const size_t operations = 2 * s.rows * dimension * s.queries;
    encode_queries(dimension, 0);
    measure("ck_scan", halves_of_codes, s, s.rows * high_bytes, operations);
    encode_queries(dimension, ck_whole_steps());
    measure("ck_scan_whole", whole_codes, s, s.rows * (high_bytes + layout.low_stride), operations);
    s.block = block_bytes / (dimension * sizeof(float));
    s.rows = bytes / block_bytes * s.block;
    measure("ck_products", products, s, s.rows * dimension * sizeof(float), 2 * s.rows * dimension * s.queries);
  }
}

// Fills a block of codes with those of random vectors.
static void fill_codes(size_t dimension, size_t bytes) {
  float values[65536], columns[ck_columns] = {0};
  uint8_t leading[CK_LEADING_MAX], rest[65536 + 8];
  for (size_t row = 0; row < bytes / code_block_bytes * BLOCK_ROWS; row++) {
    for (size_t i = 0; i < dimension; i++) values[i] = (float)(int32_t)noise() * 1e-10f;
    const ck_code first = ck_encode(values, layout.leading, layout.leading, 127, leading);
    const ck_code second = ck_encode(values + layout.leading, dimension - layout.leading, layout.rest, 127, rest);
    columns[ck_leading_scale] = first.scale, columns[ck_rest_scale] = second.scale;
    columns[ck_leading_residual] = first.residual, columns[ck_high_residual] = second.high_residual;
    columns[ck_rest_residual] = second.residual;
    columns[ck_leading_norm] = first.norm, columns[ck_rest_norm] = second.norm;
    ck_store_code(codes + row / BLOCK_ROWS * code_block_bytes, layout, row % BLOCK_ROWS, leading, rest, columns);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  size_t dimension = strtoull(argv[1], NULL, 10), cached = strtoull(argv[2], NULL, 10);
  if (dimension < 16 || dimension > 65536 || cached == 0) return 2;
  size_t cold = strtoull(argv[3], NULL, 10) / cached * cached;
  const size_t leading = dimension / 16 * 4 < CK_LEADING_MAX ? dimension / 16 * 4 : CK_LEADING_MAX;
  const size_t rest = (dimension - leading + 7) / 8 * 8;
  layout = (ck_layout){BLOCK_ROWS, leading, rest, (rest / 2 + CK_LOW_STEP - 1) / CK_LOW_STEP * CK_LOW_STEP};
  code_block_bytes = BLOCK_ROWS * (ck_columns * sizeof(float) + leading + rest / 2 + layout.low_stride);
  if (cached < code_block_bytes || cold == 0) return 2;
  floats = memory(cold);
  codes = memory(cold);
  float_queries = memory(QUERIES * dimension * sizeof(float));
  code_queries = memory(QUERIES * ck_query_stride(layout));
  float_products = memory(QUERIES * (cached / (dimension * sizeof(float)) + 1) * sizeof(float));
  means = memory(BLOCK_ROWS * sizeof(float));
  thresholds = memory(QUERIES * sizeof(float));
  scratch = memory(ck_scan_scratch(layout));
  const size_t places = QUERIES * BLOCK_ROWS * sizeof(float);
  candidates = (ck_candidates){{memory(places), memory(places), memory(places)}, BLOCK_ROWS,
                               memory(QUERIES * sizeof(uint32_t))};
  for (size_t i = 0; i < QUERIES; i++) thresholds[i] = 1e9f;
  for (size_t i = 0; i < cold / sizeof(float); i++) floats[i] = (float)(int32_t)noise() * 1e-10f;
  for (size_t i = 0; i < QUERIES * dimension; i++) float_queries[i] = (float)(int32_t)noise() * 1e-10f;
  fill_codes(dimension, cold);

  for (int level = ck_level_portable; level <= (int)ck_level_avx512vnni; level++) {
    ck_limit_level((ck_level)level);
    if ((int)ck_current_level() != level) continue;
    measure_all("cached", dimension, cached, cached);
    measure_all("cold", dimension, cold, cached);
  }
  return 0;
}
