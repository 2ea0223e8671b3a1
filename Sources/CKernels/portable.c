// The level for every CPU: four floats per register, SSE2 on x86-64, Neon on arm64.
#include "kernels.h"

#include <string.h>

#define LANES 4
#define TILE 2
#define TABLE kernels_portable

#define CODE_WIDTH 8
#define CODE_TILE 2
#define CODE_ZERO ((code_lanes){0})
typedef int32_t code_lanes __attribute__((vector_size(16)));
typedef int16_t code_row __attribute__((vector_size(16)));
typedef code_row code_query;

static inline code_row load_code_row(const int8_t *p) {
  int8_t bytes __attribute__((vector_size(8)));
  memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, code_row);
}

static inline code_query load_code_query(const int8_t *p) { return load_code_row(p); }

static inline code_lanes code_step(code_lanes sum, code_row row, code_query query) {
  typedef int32_t wide __attribute__((vector_size(32)));
  wide products = __builtin_convertvector(row, wide) * __builtin_convertvector(query, wide);
  return sum + __builtin_shufflevector(products, products, 0, 2, 4, 6)
         + __builtin_shufflevector(products, products, 1, 3, 5, 7);
}

static inline int32_t code_sum(code_lanes v) { return v[0] + v[1] + v[2] + v[3]; }

#include "body.inc"
