// The inner loops of nnnd, in C. Each is compiled for several instruction sets; the best one is chosen at run time.
//
// Matrices are row-major and dense. Pointers need the alignment of a byte only, unless said otherwise. No function
// allocates, blocks or keeps state. Input and output must not overlap, unless said otherwise.
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

/// The level in use: the best that this CPU has, or a lower one that ck_limit_level or the environment variable
/// NNND_KERNELS (portable, avx2, avx512, avx512vnni) has chosen.
ck_level ck_current_level(void);

/// Uses no level above `level` from now on. For tests and measurements; call it before other threads call kernels.
void ck_limit_level(ck_level level);

/// Inner products of every row with every query: out[q * rows + r] of matrix[r, :] and queries[q, :].
///
/// A product is added up in an order that depends on the dimension alone: a pair has the same float, whatever the numbers
/// of rows and queries. Its error is at most (dimension + 16) 2^-24 times the product of the two lengths.
///
/// @param matrix rows x dimension
/// @param queries query_count x dimension
/// @param out query_count x rows
void ck_products(const float *matrix, size_t rows, size_t dimension, const float *queries, size_t query_count,
                 float *out);

/// The quantities that bound products of a coded vector. `residual` and `norm` are rounded up.
typedef struct ck_code {
  float scale;     ///< the decoded vector is scale * code
  float residual;  ///< at least the length of the vector minus the decoded vector
  float norm;      ///< at least the length of the vector
} ck_code;

/// The length of a stored code in bytes is a multiple of this.
#define CK_CODE_STEP 64

/// Encodes a vector: one signed byte per number, the largest magnitude as 127, rounded half away from zero.
///
/// A vector that can't be scaled (zero, not finite, or so small that 127 / largest overflows) has the code 0 and the scale
/// 0; its residual is its length.
///
/// @param values dimension floats
/// @param stride bytes of the code, at least dimension; bytes from dimension on become zero
/// @param codes receives stride bytes
ck_code ck_encode(const float *values, size_t dimension, size_t stride, int8_t *codes);

/// Inner products of codes, exact: out[q * rows + r] of row r and query q.
///
/// @param codes rows x stride
/// @param stride a multiple of CK_CODE_STEP, at most 65,536
/// @param queries query_count x stride
/// @param out query_count x rows
void ck_code_products(const int8_t *codes, size_t rows, size_t stride, const int8_t *queries, size_t query_count,
                      int32_t *out);

/// A coded query, and the weight of the means in its scores.
typedef struct ck_query {
  float scale;     ///< the decoded query is scale * code
  float norm;      ///< at least the length of the decoded query
  float residual;  ///< at least the query's residual, plus the error of a float product per unit of a row's length
  float alpha;     ///< the weight of the means
} ck_query;

/// Rows with an interval that holds each one's score, as three columns of equal length.
typedef struct ck_bounds {
  float *uppers;   ///< upper bounds
  float *lowers;   ///< lower bounds; equal to the upper bound where the score is exact
  uint32_t *rows;  ///< numbers of rows
} ck_bounds;

/// Bounds the score of each row, similarity - alpha * mean, by the product of the codes:
///
///     |q.x - q'.x'| <= |q'| |x - x'| + |q - q'| |x|
///
/// The bounds include all rounding errors, those of a product by ck_products too. Writes the rows whose upper bound is at
/// least `threshold`, in ascending order. A row whose bounds are NaN is not written: for example, any with the mean
/// +infinity.
///
/// @param products of the codes, count numbers, as are scales, residuals, norms and means
/// @param found capacity for count rows
/// @return the number of rows written
size_t ck_collect(const int32_t *products, const float *scales, const float *residuals, const float *norms,
                  const float *means, size_t count, ck_query query, float threshold, ck_bounds found);

/// Raises the threshold to a value that at least `wanted` of the lower bounds reach, then drops rows as ck_drop does.
///
/// At most wanted / 32 more bounds reach the value, unless some are equal. The threshold stays where fewer than `wanted`
/// bounds reach it.
///
/// @return the number of rows left
size_t ck_prune(ck_bounds bounds, size_t count, size_t wanted, float *threshold);

/// Drops the rows whose upper bound is below `threshold`, in place; the order stays.
///
/// @return the number of rows left
size_t ck_drop(ck_bounds bounds, size_t count, float threshold);

/// A value that at least `wanted` of the midpoints of the bounds reach, and at most wanted / 32 more, unless some are
/// equal; -infinity where there are fewer than `wanted` rows.
float ck_midpoint_reached(ck_bounds bounds, size_t count, size_t wanted);

/// Finds the rows without an exact score, whose bounds differ, and with a midpoint of at least `threshold`.
///
/// @param first the position of the first row of `bounds`, which is added to all positions
/// @param places receives the positions in ascending order; capacity for count
/// @return the number of positions written
size_t ck_inexact(ck_bounds bounds, size_t count, float threshold, uint32_t first, uint32_t *places);

/// Sorts positions by the row at each position; a counting sort, stable.
///
/// @param places count positions
/// @param rows the row at each position, all below row_count
/// @param ends row_count zeros; receives where the group of each row ends in `grouped`
/// @param grouped receives count positions
void ck_group(const uint32_t *places, size_t count, const uint32_t *rows, uint32_t *ends, size_t row_count,
              uint32_t *grouped);

/// Sets both bounds at each of `count` positions to the score of the same index.
void ck_set_exact(ck_bounds bounds, const uint32_t *places, const float *scores, size_t count);

/// Inner products of one query with some rows of a matrix: out[i] of matrix[places[i] / places_per_row, :] and the query,
/// the same float that ck_products gives.
///
/// @param query dimension floats
/// @param out count floats
void ck_gathered_products(const float *matrix, size_t dimension, const float *query, const uint32_t *places,
                          size_t count, uint32_t places_per_row, float *out);

/// Prefetches `count` floats into the cache.
void ck_prefetch(const float *values, size_t count);

/// Finds the values above `threshold`; NaN is not above any.
///
/// @param positions receives their positions in ascending order; capacity for count
/// @return the number of positions written
size_t ck_above(const float *values, size_t count, float threshold, uint32_t *positions);

/// The largest number of keys that ck_sort takes.
#define CK_SORT_MAX 320

/// Sorts keys, no two of them equal, in ascending order; each key's position is the number of smaller keys.
///
/// @param keys count keys, at most CK_SORT_MAX
/// @param sorted receives count keys
void ck_sort(const uint64_t *keys, size_t count, uint64_t *sorted);

/// Moves the `wanted` smallest of `count` keys to the front and sorts them in ascending order.
///
/// @param keys no two of them equal; those behind the front are in any order afterwards
/// @param scratch capacity for CK_SORT_MAX keys
void ck_smallest(uint64_t *keys, size_t count, size_t wanted, uint64_t *scratch);

/// Converts `count` IEEE 754 half-precision numbers to floats; exact.
void ck_float_from_half(const uint16_t *half, size_t count, float *out);

/// Converts `count` floats to the nearest half-precision numbers; ties to even, overflow to infinity.
void ck_half_from_float(const float *values, size_t count, uint16_t *out);

/// The sum of the squares of `count` values, added up in double precision; infinity or NaN if a value is.
double ck_sum_of_squares(const float *values, size_t count);

/// out[i] = values[i] * factor, for `count` values; `out` can be `values`.
void ck_scale(const float *values, size_t count, float factor, float *out);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
