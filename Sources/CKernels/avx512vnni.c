// The level for CPUs with AVX-512 and its instructions for products of bytes (VNNI).
#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c"))), \
                             apply_to = function)

// body.inc explains the macros.
#define LANES 16
#define TILE 4
#define TABLE kernels_avx512vnni

#define TILE_ROWS 4
#define TILE_QUERIES 6
#define WIDE_STEP

#include "avx512.inc"
#include "lanes.inc"

typedef numbers partial_sums;

// VPDPBUSD multiplies unsigned by signed bytes, and adds up four products in 32 bits.
static inline numbers add_products(numbers sums, uint8_t __attribute__((vector_size(64))) row,
                                   uint8_t __attribute__((vector_size(64))) query) {
  return (numbers)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)row, (__m512i)query);
}

static inline numbers whole_sums(numbers sums) { return sums; }

#include "body.inc"
#pragma clang attribute pop
#endif
