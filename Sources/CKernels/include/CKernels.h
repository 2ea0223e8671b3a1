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
  ck_level_portable = 0,    ///< what every CPU of the architecture has
  ck_level_avx2 = 1,        ///< AVX2, FMA and F16C
  ck_level_avx512 = 2,      ///< AVX-512 F, BW, DQ and VL
  ck_level_avx512vnni = 3,  ///< the same and VNNI
} ck_level;

/// The level in use: the best that this CPU has, or a lower one that ck_limit_level chose, or the environment variable
/// NNND_KERNELS (portable, avx2, avx512, avx512vnni).
ck_level ck_current_level(void);

/// Uses no level above `level` from now on. For tests and measurements; call it before other threads call kernels.
void ck_limit_level(ck_level level);

/// out[q * rows + r] = inner product of matrix[r, :] and queries[q, :], for every row r and query q.
///
/// Each product adds up in an order that depends on the dimension alone: a pair gives the same float whatever the
/// number of rows and queries around it.
void ck_products(const float *matrix, size_t rows, size_t dimension, const float *queries, size_t query_count,
                 float *out);

/// What a vector loses as a code, and its length. All bounds are rounded up.
typedef struct ck_code {
  float scale;     ///< value = scale * code + what is lost
  float residual;  ///< the length of what is lost
  float norm;      ///< the length of the vector
} ck_code;

/// Codes take whole steps of this many bytes.
#define CK_CODE_STEP 64

/// Writes the code of a vector: one signed byte per number, the largest magnitude as 127; zeros up to `stride`.
///
/// The code of a vector that isn't finite is zeros with a scale of 0.
ck_code ck_encode(const float *values, size_t dimension, size_t stride, int8_t *codes);

/// out[q * rows + r] = inner product of the codes of row r and query q, exactly. `stride` is a multiple of
/// CK_CODE_STEP, at most 65,536.
void ck_code_products(const int8_t *codes, size_t rows, size_t stride, const int8_t *queries, size_t query_count,
                      int32_t *out);

/// A query as codes, and what its scores subtract.
typedef struct ck_query {
  float scale;     ///< of its code
  float norm;      ///< the length of its code's vector, scale * code
  float residual;  ///< of its code, and what a float product of it can be off, per length of a row
  float alpha;     ///< the weight of the means
} ck_query;

/// Columns of rows and of the bounds between which their scores lie.
typedef struct ck_bounds {
  float *uppers;
  float *lowers;
  uint32_t *rows;
} ck_bounds;

/// Bounds the score of each row, similarity - alpha * mean, given the product of the codes:
///
///     |q.x - q'.x'| <= |q'| |x - x'| + |q - q'| |x|
///
/// with everything that rounding can add. For the rows whose score can be `threshold` or more writes the bounds and
/// the row to `found`, rows rising, and returns how many there are; `found` has room for `count`. A bound that is
/// not a number is not written: none of a row without an image (mean +infinity).
size_t ck_collect(const int32_t *products, const float *scales, const float *residuals, const float *norms,
                  const float *means, size_t count, ck_query query, float threshold, ck_bounds found);

/// Raises the threshold to a value that at least `wanted` of the lower bounds reach, and hardly more (at most a 32nd, but
/// for equal ones), and drops the rows whose upper bounds don't reach it, keeping the order. Leaves the threshold where
/// fewer reach it. Returns how many rows are left.
size_t ck_prune(ck_bounds bounds, size_t count, size_t wanted, float *threshold);

/// Drops the rows whose upper bounds don't reach `threshold`, keeping the order. Returns how many rows are left.
size_t ck_drop(ck_bounds bounds, size_t count, float threshold);

/// A value that at least `wanted` of the middles between the bounds reach, and hardly more (at most a 32nd, but for equal
/// ones); -infinity where there are fewer.
float ck_midpoint_reached(ck_bounds bounds, size_t count, size_t wanted);

/// Writes `first` + the positions of the rows whose bounds differ and have a middle of `least` or more, rising, and returns
/// how many there are; `places` has room for `count`.
size_t ck_undecided(ck_bounds bounds, size_t count, float least, uint32_t first, uint32_t *places);

/// Puts places in the order of the rows that stand there, by counting.
///
/// `next` has a zero for each number of a row; it receives where the places of the row after that one begin.
void ck_group(const uint32_t *places, size_t count, const uint32_t *rows, uint32_t *next, size_t next_count,
              uint32_t *grouped);

/// Replaces the bounds at some places by exact scores.
void ck_decide(ck_bounds bounds, const uint32_t *places, const float *scores, size_t count);

/// out[i] = inner product of matrix[places[i] / places_per_row, :] and the query, the same float that ck_products gives.
void ck_gathered_products(const float *matrix, size_t dimension, const float *query, const uint32_t *places,
                          size_t count, uint32_t places_per_row, float *out);

/// Asks for `count` floats to be brought near, for use soon.
void ck_prefetch(const float *values, size_t count);

/// Writes the positions of the values above `threshold` to `positions`, rising, and returns how many.
size_t ck_above(const float *values, size_t count, float threshold, uint32_t *positions);

/// What ck_sort takes at most: beyond, sorts that compare fewer pairs are faster.
#define CK_SORT_MOST 320

/// Sorts numbers, no two the same, rising; `count` is at most CK_SORT_MOST.
void ck_sort(const uint64_t *keys, size_t count, uint64_t *sorted);

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
