// The level for CPUs with AVX2: eight floats per register.
#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

// body.inc explains the macros.
#define LANES 8
#define TILE 3
#define TABLE kernels_avx2

#define TILE_ROWS 2
#define TILE_QUERIES 3
typedef __m256i partial_sums;

// Replaces `bits_of` of lanes.inc.
#define BITS

static inline uint32_t bits_of(int32_t __attribute__((vector_size(32))) m) {
  return (uint32_t)_mm256_movemask_ps((__m256)m);
}

#include "lanes.inc"

static inline __m256i add_products(__m256i sums, uint8_t __attribute__((vector_size(32))) row,
                                   uint8_t __attribute__((vector_size(32))) query) {
  return _mm256_add_epi16(sums, _mm256_maddubs_epi16((__m256i)row, (__m256i)query));
}

static inline numbers whole_sums(__m256i sums) { return (numbers)_mm256_madd_epi16(sums, _mm256_set1_epi16(1)); }

static inline uint8_t __attribute__((vector_size(32))) lookup(const uint8_t *table,
                                                              uint8_t __attribute__((vector_size(32))) index) {
  const __m256i all = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
  return (uint8_t __attribute__((vector_size(32))))_mm256_shuffle_epi8(all, (__m256i)index);
}

#include "body.inc"
#pragma clang attribute pop
#endif
