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

typedef struct setting {
  size_t dimension, stride, rows, block, queries;
  const char *data;
} setting;

static float *floats, *float_queries, *columns[5], *float_products;
static int8_t *codes, *code_queries;
static int32_t *code_products;
static ck_bounds bounds;
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

static void products_of_codes(const setting *s) {
  for (size_t r = 0; r < s->rows; r += s->block)
    ck_code_products(codes + r * s->stride, s->block, s->stride, code_queries, s->queries, code_products);
}

static void bounds_of_rows(const setting *s) {
  ck_query query = {.scale = 1e-3f, .norm = 1, .residual = 0.01f, .alpha = 0.75f};
  size_t found = 0;
  for (size_t r = 0; r < s->rows; r += s->block)
    found += ck_collect((const int32_t *)columns[4] + r, columns[0] + r, columns[1] + r, columns[2] + r,
                            columns[3] + r, s->block, query, 1e9f, bounds);
  sink = found;
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
  size_t stride = (dimension + CK_CODE_STEP - 1) / CK_CODE_STEP * CK_CODE_STEP;
  const size_t batches[] = {1, 32, QUERIES};
  for (size_t b = 0; b < 3; b++) {
    setting s = {.dimension = dimension, .stride = stride, .queries = batches[b], .data = data};
    int compute_bound = batches[b] == QUERIES;  // the same for cached and for cold data
    if (compute_bound && bytes > block_bytes) continue;
    s.block = block_bytes / stride;
    s.rows = bytes / block_bytes * s.block;
    measure("ck_code_products", products_of_codes, s, s.rows * stride, 2 * s.rows * dimension * s.queries);
    s.block = block_bytes / (dimension * sizeof(float));
    s.rows = bytes / block_bytes * s.block;
    measure("ck_products", products, s, s.rows * dimension * sizeof(float), 2 * s.rows * dimension * s.queries);
  }
  setting s = {.dimension = dimension, .stride = stride, .queries = 1, .data = data, .block = 512};
  size_t row = 4 * sizeof(float) + sizeof(int32_t);
  s.rows = bytes / row / s.block * s.block;
  if (s.rows == 0) s.rows = s.block;
  measure("ck_collect", bounds_of_rows, s, s.rows * row, 0);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  size_t dimension = strtoull(argv[1], NULL, 10), cached = strtoull(argv[2], NULL, 10);
  size_t cold = strtoull(argv[3], NULL, 10) / cached * cached;
  if (dimension == 0 || dimension > 65536 || cached < 64 * dimension || cold == 0) return 2;
  size_t stride = (dimension + CK_CODE_STEP - 1) / CK_CODE_STEP * CK_CODE_STEP, largest = cached / stride;
  floats = memory(cold);
  codes = memory(cold);
  float_queries = memory(QUERIES * dimension * sizeof(float));
  code_queries = memory(QUERIES * stride);
  float_products = memory(QUERIES * largest * sizeof(float));
  code_products = memory(QUERIES * largest * sizeof(int32_t));
  const size_t capacity = (largest > 512 ? largest : 512) * sizeof(float);
  bounds = (ck_bounds){memory(capacity), memory(capacity), memory(capacity)};
  for (size_t i = 0; i < cold / sizeof(float); i++) floats[i] = (float)(int32_t)noise() * 1e-10f;
  for (size_t i = 0; i < cold; i += 4) memcpy(codes + i, &(uint32_t){noise() & 0x7f7f7f7f}, 4);
  for (size_t i = 0; i < QUERIES * dimension; i++) float_queries[i] = (float)(int32_t)noise() * 1e-10f;
  for (size_t i = 0; i < QUERIES * stride; i++) code_queries[i] = (int8_t)(noise() & 0x7f);
  // The columns are parts of the floats: any finite numbers do.
  for (size_t i = 0; i < 5; i++) columns[i] = floats + i * (cold / sizeof(float) / 5);

  for (int level = ck_level_portable; level <= (int)ck_level_avx512vnni; level++) {
    ck_limit_level((ck_level)level);
    if ((int)ck_current_level() != level) continue;
    measure_all("cached", dimension, cached, cached);
    measure_all("cold", dimension, cold, cached);
  }
  return 0;
}
