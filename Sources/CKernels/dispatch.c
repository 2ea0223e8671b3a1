// Chooses the instruction set, and forwards each call to the functions compiled for it.

#include "kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static ck_level cpu_level(void) {
#if defined(__x86_64__)
  // Every level is compiled with all of these; a virtual machine can hide single ones.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c"))
    return ck_level_portable;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return __builtin_cpu_supports("avx512vnni") ? ck_level_avx512vnni : ck_level_avx512;
  return ck_level_avx2;
#else
  return ck_level_portable;
#endif
}

static ck_level best_level(void) {
  static const char *const names[] = {"portable", "avx2", "avx512", "avx512vnni"};
  const ck_level best = cpu_level();
  const char *wanted = getenv("NNND_KERNELS");
  for (int level = ck_level_portable; wanted && level < (int)best; level++)
    if (strcmp(wanted, names[level]) == 0) return (ck_level)level;
  return best;
}

static const kernel_table *table_of(ck_level level) {
  switch (level) {
#if defined(__x86_64__)
    case ck_level_avx512vnni: return &kernels_avx512vnni;
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
  if (table == &kernels_avx512vnni) return ck_level_avx512vnni;
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

ck_code ck_encode(const float *values, size_t count, size_t padded, int32_t limit, uint8_t *codes) {
  return kernels()->encode(values, count, padded, limit, codes);
}

ck_scan_counts ck_scan(const uint8_t *block, const uint8_t *next, ck_layout layout, const float *means,
                       const ck_query *queries, const int8_t *codes, size_t query_count, const float *thresholds,
                       uint32_t first_row, ck_candidates candidates, uint8_t *scratch) {
  return kernels()->scan(block, next, layout, means, queries, codes, query_count, thresholds, first_row, candidates,
                         scratch);
}

ck_scan_counts ck_scan_whole(const uint8_t *block, const uint8_t *next, ck_layout layout, const float *means,
                             const ck_query *queries, const int8_t *codes, size_t query_count, const float *thresholds,
                             uint32_t first_row, ck_candidates candidates, uint8_t *scratch) {
  return kernels()->scan_whole(block, next, layout, means, queries, codes, query_count, thresholds, first_row,
                               candidates, scratch);
}

size_t ck_scan_signs(const uint8_t *block, ck_layout layout, const float *means, const ck_sign_query *queries,
                     const int8_t *codes, size_t query_count, const float *thresholds, uint32_t first_row,
                     ck_candidates candidates) {
  return kernels()->scan_signs(block, layout, means, queries, codes, query_count, thresholds, first_row, candidates);
}

size_t ck_whole_steps(void) { return kernels()->whole_steps; }

size_t ck_prune(ck_bounds bounds, size_t count, size_t wanted, float *threshold) {
  return kernels()->prune(bounds, count, wanted, threshold);
}

size_t ck_drop(ck_bounds bounds, size_t count, float threshold) { return kernels()->drop(bounds, count, threshold); }

float ck_midpoint_reached(ck_bounds bounds, size_t count, size_t wanted) {
  return kernels()->midpoint_reached(bounds, count, wanted);
}

void ck_gathered_products(const float *queries, size_t dimension, const float *vector, const uint32_t *positions,
                          size_t count, uint32_t positions_per_query, float *out) {
  kernels()->gathered_products(queries, dimension, vector, positions, count, positions_per_query, out);
}

void ck_prefetch(const float *values, size_t count) {
  for (size_t i = 0; i < count; i += 16) __builtin_prefetch(values + i);
}

size_t ck_above(const float *values, size_t count, float threshold, uint32_t *positions) {
  return kernels()->above(values, count, threshold, positions);
}

void ck_count_above(const float *similarities, const float *means, size_t count, const float *weights,
                    const float *thresholds, size_t weight_count, uint32_t *counts) {
  kernels()->count_above(similarities, means, count, weights, thresholds, weight_count, counts);
}

size_t ck_scores_above(const float *similarities, const float *means, size_t count, float weight, float threshold,
                       uint32_t *positions, float *scores) {
  return kernels()->scores_above(similarities, means, count, weight, threshold, positions, scores);
}

void ck_sort(const uint64_t *keys, size_t count, uint64_t *sorted) { kernels()->sort(keys, count, sorted); }

void ck_float_from_half(const uint16_t *half, size_t count, float *out) {
  kernels()->float_from_half(half, count, out);
}

void ck_half_from_float(const float *values, size_t count, uint16_t *out) {
  kernels()->half_from_float(values, count, out);
}

double ck_double_product(const float *a, const float *b, size_t count) {
  return kernels()->double_product(a, b, count);
}

double ck_sum_of_squares(const float *values, size_t count) { return kernels()->sum_of_squares(values, count); }

void ck_scale(const float *values, size_t count, float factor, float *out) {
  kernels()->scale(values, count, factor, out);
}

void ck_rotate(const float *values, size_t count, ck_rotation rotation, const float *center, float *out) {
  kernels()->rotate(values, count, rotation, center, out);
}
