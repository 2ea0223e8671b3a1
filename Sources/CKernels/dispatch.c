// Which of the compiled kernels a call goes to.

#include "kernels.h"

#include <stdatomic.h>

static ck_level best_level(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return ck_level_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ck_level_avx2;
#endif
  return ck_level_portable;
}

static const kernel_table *table_of(ck_level level) {
  switch (level) {
#if defined(__x86_64__)
    case ck_level_avx512: return &kernels_avx512;
    case ck_level_avx2: return &kernels_avx2;
#endif
    default: return &kernels_portable;
  }
}

static _Atomic(const kernel_table *) chosen;

static const kernel_table *kernels(void) {
  const kernel_table *table = atomic_load_explicit(&chosen, memory_order_acquire);
  if (table) return table;
  table = table_of(best_level());
  atomic_store_explicit(&chosen, table, memory_order_release);
  return table;
}

ck_level ck_current_level(void) {
  const kernel_table *table = kernels();
#if defined(__x86_64__)
  if (table == &kernels_avx512) return ck_level_avx512;
  if (table == &kernels_avx2) return ck_level_avx2;
#endif
  (void)table;
  return ck_level_portable;
}

void ck_limit_level(ck_level level) {
  ck_level best = best_level();
  atomic_store_explicit(&chosen, table_of(level < best ? level : best), memory_order_release);
}

void ck_products(const float *matrix, size_t rows, size_t dimension, const float *queries, size_t query_count,
                 float *out) {
  kernels()->products(matrix, rows, dimension, queries, query_count, out);
}

size_t ck_scores_above(const float *similarities, const float *means, size_t count, float alpha, float threshold,
                       float *scores, uint32_t *positions) {
  return kernels()->scores_above(similarities, means, count, alpha, threshold, scores, positions);
}

size_t ck_above(const float *values, size_t count, float threshold, uint32_t *positions) {
  return kernels()->above(values, count, threshold, positions);
}

void ck_float_from_half(const uint16_t *half, size_t count, float *out) {
  kernels()->float_from_half(half, count, out);
}

void ck_half_from_float(const float *values, size_t count, uint16_t *out) {
  kernels()->half_from_float(values, count, out);
}

double ck_sum_of_squares(const float *values, size_t count) { return kernels()->sum_of_squares(values, count); }

void ck_scale(const float *values, size_t count, float factor, float *out) {
  kernels()->scale(values, count, factor, out);
}
