#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c"))), \
                             apply_to = function)

#define LANES 16
#define TILE 4
#define TABLE kernels_avx512vnni

// VPDPBUSD multiplies unsigned by signed bytes. Adding 128 makes the bytes of rows unsigned.
#define CODE_WIDTH 64
#define CODE_TILE 4
#define CODE_OFFSET 128
#define CODE_ZERO _mm512_setzero_si512()
typedef __m512i code_lanes, code_row, code_query;

static inline code_row load_code_row(const int8_t *p) {
  return _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8((char)0x80));
}

static inline code_query load_code_query(const int8_t *p) { return _mm512_loadu_si512(p); }

static inline code_lanes code_step(code_lanes sum, code_row row, code_query query) {
  return _mm512_dpbusd_epi32(sum, row, query);
}

static inline int32_t code_sum(code_lanes v) { return _mm512_reduce_add_epi32(v); }

#include "avx512.inc"
#include "body.inc"
#pragma clang attribute pop
#endif
