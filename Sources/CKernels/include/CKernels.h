// The inner loops of nnnd, in C: each compiled for several instruction sets, the best one picked when the program
// runs. Matrices are row-major and dense. No function allocates, blocks or keeps state.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// The instruction sets that the kernels are compiled for.
typedef enum ck_level {
  ck_level_portable = 0, ///< what every CPU of the architecture has
  ck_level_avx2 = 1,     ///< AVX2, FMA and F16C
  ck_level_avx512 = 2,   ///< AVX-512 F, BW, DQ and VL
} ck_level;

/// The level in use: the best that this CPU has, or a lower one that ck_limit_level chose.
ck_level ck_current_level(void);

/// Uses no level above `level` from now on. For tests and measurements; call it before other threads call kernels.
void ck_limit_level(ck_level level);

/// out[q * rows + r] = inner product of matrix[r, :] and queries[q, :], for every row r and query q.
///
/// Each product adds up in an order that depends on the dimension alone: a pair gives the same float whatever the
/// number of rows and queries around it.
void ck_products(const float *matrix, size_t rows, size_t dimension, const float *queries, size_t query_count,
                 float *out);

/// scores[r] = similarities[r] - alpha * means[r] for each r; then writes the positions of the scores above `threshold`
/// to `positions`, rising, and returns how many.
///
/// A score that is not a number is above nothing: a row without an image (mean +infinity) is never written.
size_t ck_scores_above(const float *similarities, const float *means, size_t count, float alpha, float threshold,
                       float *scores, uint32_t *positions);

/// Writes the positions of the values above `threshold` to `positions`, rising, and returns how many.
size_t ck_above(const float *values, size_t count, float threshold, uint32_t *positions);

/// Converts `count` IEEE 754 half-precision numbers to float; exact.
void ck_float_from_half(const uint16_t *half, size_t count, float *out);

/// Converts `count` floats to the nearest half-precision numbers, ties to even, overflow to infinity.
void ck_half_from_float(const float *values, size_t count, uint16_t *out);

/// The sum of the squares of `count` values, accumulated in double; infinite or not a number if any value is.
double ck_sum_of_squares(const float *values, size_t count);

/// out[i] = values[i] * factor.
void ck_scale(const float *values, size_t count, float factor, float *out);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
