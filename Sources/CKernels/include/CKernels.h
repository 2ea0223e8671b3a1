// The inner loops of nnnd, in C. Each is compiled for several instruction sets; the best one is chosen at run time.
//
// Matrices are row-major and dense. Unless a comment says otherwise, pointers need no alignment, and input and output
// must not overlap. No function allocates memory or blocks. The only state is the chosen instruction set.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "CKCodes.h"
#include "CKSigns.h"

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

/// The level in use: the best one of this CPU, or a lower one that was chosen by ck_limit_level or by the environment
/// variable NNND_KERNELS (portable, avx2, avx512, avx512vnni).
ck_level ck_current_level(void);

/// Uses no level above `level` in all later calls. For tests and measurements: no other thread may call kernels
/// meanwhile.
void ck_limit_level(ck_level level);

/// Inner products of every row with every query: out[q * rows + r] is the product of row r and query q.
///
/// The order of the additions depends only on the dimension and the level. The product of a pair is therefore the same
/// float, whatever the numbers of rows and queries. Its error is at most (dimension + 16) 2^-24 times the product of
/// the two lengths.
///
/// @param matrix rows x dimension
/// @param queries query_count x dimension
/// @param out query_count x rows
void ck_products(const float *matrix, size_t rows, size_t dimension, const float *queries, size_t query_count,
                 float *out);

/// A table of rows with bounds of their scores, stored as three arrays of equal length.
typedef struct ck_bounds {
  float *uppers;   ///< upper bounds
  float *lowers;   ///< lower bounds; equal to the upper bounds of rows with exact scores
  uint32_t *rows;  ///< the rows
} ck_bounds;

/// The candidates of some queries. Query q has counts[q] of them in the table, from position q * capacity on.
typedef struct ck_candidates {
  ck_bounds bounds;
  size_t capacity;   ///< the number of positions of a query
  uint32_t *counts;  ///< for each query its number of candidates
} ck_candidates;

/// How many pairs of a query and a row the bounds of a scan did not exclude.
typedef struct ck_scan_counts {
  uint64_t high;  ///< pairs that the high halves did not exclude; after ck_scan_whole the same as `low`
  uint64_t low;   ///< pairs that whole codes did not exclude: new candidates
} ck_scan_counts;

/// Bounds the scores of all rows of a block for some queries, and appends the rows whose upper bound is at least the
/// query's threshold to the query's candidates, in ascending order.
///
/// A score is similarity - alpha * mean. docs/search.md derives the bounds. They also cover all rounding errors,
/// including those of the exact product by ck_products. A row whose bounds are NaN is not appended; a row with the mean
/// +infinity is one.
///
/// @param block the codes of a block, from its first group of rows on (see ck_layout); aligned to 4 bytes
/// @param next the block that will probably be scanned next; it is prefetched, and not read
/// @param means the mean of each row
/// @param queries query_count queries
/// @param codes their packed codes, query_count x ck_query_stride(layout)
/// @param thresholds one for each query
/// @param first_row is added to the index of a row in the block
/// @param candidates each query has space for layout.rows more
/// @param scratch working memory of ck_scan_scratch(layout) bytes
ck_scan_counts ck_scan(const uint8_t *block, const uint8_t *next, ck_layout layout, const float *means,
                       const ck_query *queries, const int8_t *codes, size_t query_count, const float *thresholds,
                       uint32_t first_row, ck_candidates candidates, uint8_t *scratch);

/// Does the same as ck_scan, but multiplies the whole codes of all rows. This is faster for several queries if the high
/// halves would exclude few rows.
///
/// @param queries queries that were encoded with ck_whole_steps()
ck_scan_counts ck_scan_whole(const uint8_t *block, const uint8_t *next, ck_layout layout, const float *means,
                             const ck_query *queries, const int8_t *codes, size_t query_count, const float *thresholds,
                             uint32_t first_row, ck_candidates candidates, uint8_t *scratch);

/// The number of steps that ck_scan_whole adds up in 16 bits, for ck_encode_query; 0 if it adds up all in 32 bits.
size_t ck_whole_steps(void);

/// The size of the working memory of ck_scan and ck_scan_whole, in bytes.
size_t ck_scan_scratch(ck_layout layout);

/// Estimates the scores of all rows of a block for some queries by sign codes, and appends the rows whose estimate
/// exceeds the query's threshold to the query's candidates, in ascending order. Both bounds of such a row are the
/// estimate. A row with the mean +infinity, or without finite numbers, is not appended.
///
/// @param block a block of sign codes, from its first group of rows on; aligned to 4 bytes
/// @param means the mean of each row
/// @param queries query_count queries
/// @param codes their codes, query_count x ck_sign_query_stride(layout)
/// @param thresholds one for each query
/// @param first_row is added to the index of a row in the block
/// @param candidates each query has space for layout.rows more
/// @return the number of rows appended
size_t ck_scan_signs(const uint8_t *block, ck_layout layout, const float *means, const ck_sign_query *queries,
                     const int8_t *codes, size_t query_count, const float *thresholds, uint32_t first_row,
                     ck_candidates candidates);

/// Raises the threshold to a value that at least `wanted` lower bounds reach, then drops rows as ck_drop does.
///
/// At most wanted + wanted / 32 lower bounds reach the new threshold, unless some are equal. If fewer than `wanted`
/// reach the old threshold, it stays.
///
/// @return the number of rows left
size_t ck_prune(ck_bounds bounds, size_t count, size_t wanted, float *threshold);

/// Drops the rows whose upper bound is below `threshold`, in place. The order of the others stays.
///
/// @return the number of rows left
size_t ck_drop(ck_bounds bounds, size_t count, float threshold);

/// Returns a value that the midpoints of at least `wanted` rows' bounds reach; -infinity if there are fewer rows.
///
/// At most wanted + wanted / 32 midpoints reach the value, unless some are equal.
float ck_midpoint_reached(ck_bounds bounds, size_t count, size_t wanted);

/// Finds the rows whose two bounds differ and have a midpoint of at least `threshold`.
///
/// @param first a number that is added to all positions
/// @param positions receives the positions of the rows in `bounds`, in ascending order; has space for count positions
/// @return the number of positions written
size_t ck_inexact(ck_bounds bounds, size_t count, float threshold, uint32_t first, uint32_t *positions);

/// Sorts positions by the row at each position. The sort is stable (a counting sort).
///
/// @param positions count positions in `rows`
/// @param rows rows below row_count
/// @param ends row_count zeros; receives for each row the index in `grouped` at which its positions end
/// @param grouped receives the count positions, those of one row next to each other
void ck_group(const uint32_t *positions, size_t count, const uint32_t *rows, uint32_t *ends, size_t row_count,
              uint32_t *grouped);

/// Sets both bounds at positions[i] to scores[i], for `count` positions.
void ck_set_exact(ck_bounds bounds, const uint32_t *positions, const float *scores, size_t count);

/// Inner products of one vector with some queries: out[i] is the product of the vector and the query number
/// positions[i] / positions_per_query. The products are the floats that ck_products gives.
///
/// @param queries rows of `dimension` floats
/// @param vector dimension floats
/// @param out receives count products
void ck_gathered_products(const float *queries, size_t dimension, const float *vector, const uint32_t *positions,
                          size_t count, uint32_t positions_per_query, float *out);

/// Prefetches `count` floats into the cache.
void ck_prefetch(const float *values, size_t count);

/// Finds the values above `threshold`. NaN is never found.
///
/// @param positions receives the positions of the values in ascending order; has space for count positions
/// @return the number of positions written
size_t ck_above(const float *values, size_t count, float threshold, uint32_t *positions);

/// For each of some weights, counts the rows whose score exceeds a threshold, and adds the number to a counter.
///
/// A score is similarity - weight * mean, with a rounding after each of the two operations. It is the float that the
/// same expression gives in Swift. A row whose score is NaN is not counted.
///
/// @param similarities one for each of `count` rows
/// @param means one for each of `count` rows
/// @param weights weight_count weights
/// @param thresholds one for each weight
/// @param counts one counter for each weight
void ck_count_above(const float *similarities, const float *means, size_t count, const float *weights,
                    const float *thresholds, size_t weight_count, uint32_t *counts);

/// Finds the rows whose score exceeds `threshold`. The scores are those of ck_count_above.
///
/// @param positions receives the positions of the rows in ascending order; has space for count positions
/// @param scores receives the scores of these rows; has space for count scores
/// @return the number of rows found
size_t ck_scores_above(const float *similarities, const float *means, size_t count, float weight, float threshold,
                       uint32_t *positions, float *scores);

/// The maximum number of keys for ck_sort.
#define CK_SORT_MAX 320

/// Sorts keys in ascending order, by counting for each key how many are smaller.
///
/// @param keys count keys, at most CK_SORT_MAX; no two are equal
/// @param sorted receives count keys
void ck_sort(const uint64_t *keys, size_t count, uint64_t *sorted);

/// Moves the `wanted` smallest of `count` keys to the front, in ascending order. The others follow in any order.
///
/// @param keys no two are equal
/// @param scratch working memory for CK_SORT_MAX keys
void ck_smallest(uint64_t *keys, size_t count, size_t wanted, uint64_t *scratch);

/// Converts `count` IEEE 754 half-precision numbers to floats; exact.
void ck_float_from_half(const uint16_t *half, size_t count, float *out);

/// Converts `count` floats to the nearest half-precision numbers. Ties go to the even number, overflow to infinity.
void ck_half_from_float(const float *values, size_t count, uint16_t *out);

/// The inner product of two vectors of `count` floats in double precision.
double ck_double_product(const float *a, const float *b, size_t count);

/// The sum of the squares of `count` values in double precision; infinity or NaN if a value is infinite or NaN.
double ck_sum_of_squares(const float *values, size_t count);

/// out[i] = values[i] * factor, for `count` values; `out` can be `values`.
void ck_scale(const float *values, size_t count, float factor, float *out);

/// The maximum number of reflectors of a rotation.
#define CK_REFLECTORS_MAX 32

/// The number of coordinates of a reflector that are stored next to each other.
#define CK_REFLECTOR_GROUP 64

/// A rotation of vectors. docs/search.md describes it.
///
/// Reflector k maps x to x - factors[k] (v_k.x) v_k. The coordinates after the first `reflectors` are then mixed.
typedef struct ck_rotation {
  size_t dimension;
  size_t reflectors;  ///< the number of reflectors, at most CK_REFLECTORS_MAX
  /// The reflectors in groups of CK_REFLECTOR_GROUP coordinates: groups x reflectors x CK_REFLECTOR_GROUP. Zeros fill
  /// the last group.
  const float *_Nullable rows;
  /// The same numbers transposed: dimension x CK_REFLECTORS_MAX. Zeros stand for missing reflectors.
  const double *_Nullable columns;
  /// v_k.v_j at [k * CK_REFLECTORS_MAX + j] for j > k, otherwise 0; reflectors x CK_REFLECTORS_MAX.
  const double *_Nullable products;
  const double *_Nullable factors;  ///< 2 / v_k.v_k of each reflector
  /// The length of a Walsh-Hadamard transform: the largest power of two that is at most dimension - reflectors.
  size_t length;
  /// The signs of each transform, 4 x length: 0 or 0x80000000. Only 2 x length if length is dimension - reflectors.
  const uint32_t *_Nullable signs;
} ck_rotation;

/// Rotates values - center, for `count` vectors.
///
/// The result for a vector is the same, whatever other vectors the call has.
///
/// @param values count x dimension
/// @param center dimension floats
/// @param out receives count x dimension floats, the coordinates of the leading directions first
void ck_rotate(const float *values, size_t count, ck_rotation rotation, const float *center, float *out);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
