// The level for CPUs with AVX-512: sixteen floats per register.
#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c"))), \
                             apply_to = function)

// body.inc explains the macros.
#define LANES 16
#define TILE 4
#define TABLE kernels_avx512

#define TILE_ROWS 4
#define TILE_QUERIES 4
typedef __m512i partial_sums;

#include "avx512.inc"
#include "lanes.inc"

static inline __m512i add_products(__m512i sums, uint8_t __attribute__((vector_size(64))) row,
                                   uint8_t __attribute__((vector_size(64))) query) {
  return _mm512_add_epi16(sums, _mm512_maddubs_epi16((__m512i)row, (__m512i)query));
}

static inline numbers whole_sums(__m512i sums) { return (numbers)_mm512_madd_epi16(sums, _mm512_set1_epi16(1)); }

#include "body.inc"
#pragma clang attribute pop
#endif
