#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c"))), apply_to = function)

#define LANES 16
#define TILE 4
#define TABLE kernels_avx512

// Codes are widened to 16 bits, then multiplied and added in pairs to 32 bits: no step overflows.
#define CODE_WIDTH 32
#define CODE_TILE 4
#define CODE_ZERO _mm512_setzero_si512()
typedef __m512i code_lanes, code_row, code_query;

static inline code_row load_code_row(const int8_t *p) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p));
}

static inline code_query load_code_query(const int8_t *p) { return load_code_row(p); }

static inline code_lanes code_step(code_lanes sum, code_row row, code_query query) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(row, query));
}

static inline int32_t code_sum(code_lanes v) { return _mm512_reduce_add_epi32(v); }

#include "avx512.inc"
#include "body.inc"
#pragma clang attribute pop
#endif
