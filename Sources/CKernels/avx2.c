#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define LANES 8
#define TILE 3
#define TABLE kernels_avx2

// Codes are widened to 16 bits, then multiplied and added in pairs to 32 bits: no step overflows.
#define CODE_WIDTH 16
#define CODE_TILE 3
#define CODE_ZERO _mm256_setzero_si256()
typedef __m256i code_lanes, code_row, code_query;

static inline code_row load_code_row(const int8_t *p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static inline code_query load_code_query(const int8_t *p) { return load_code_row(p); }

static inline code_lanes code_step(code_lanes sum, code_row row, code_query query) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(row, query));
}

static inline int32_t code_sum(code_lanes v) {
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
  return _mm_cvtsi128_si32(half);
}

#include "body.inc"
#pragma clang attribute pop
#endif
