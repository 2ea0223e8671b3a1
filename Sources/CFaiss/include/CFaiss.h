// What nnnd uses of Faiss, as plain C. No function throws; a call that can fail returns a cf_status and copies a
// message into the caller's buffer.
#ifndef CFAISS_H
#define CFAISS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef enum cf_status {
  cf_ok = 0,
  cf_out_of_memory = 1,
  cf_failed = 2,
} cf_status;

/// An exhaustive inner-product search under way: for each of some rows, the best products with all the columns seen
/// so far. Used by one thread at a time.
///
/// It is Faiss's blocked search (exhaustive_inner_product_blas over a ReservoirTopN a row) with the loop over blocks
/// turned outside, so that the vectors can stay where they are, block by block; with thresholds, so that a product that
/// is not above its row's is not kept; and with products by CKernels instead of BLAS.
typedef struct cf_search cf_search;

/// Makes a search for up to `rows` rows that keeps the `capacity` best products of each.
cf_status cf_search_create(size_t rows, size_t capacity, cf_search *_Nullable *_Nonnull out, char *message,
                           size_t message_size);

void cf_search_free(cf_search *_Nullable search);

/// Starts over with `rows` rows, at most as many as the search was made for.
///
/// @param thresholds one a row: only greater products count; NULL for no threshold
void cf_search_begin(cf_search *search, size_t rows, const float *_Nullable thresholds);

/// Multiplies rows (rows x dimension) with columns (columns x dimension) and keeps what is best of each row. Column j
/// is called first_column + j. Products that are not a number are not kept.
cf_status cf_search_add(cf_search *search, const float *matrix, const float *columns, size_t dimension,
                        size_t column_count, uint32_t first_column, char *message, size_t message_size);

/// Writes the best products of `row`, falling, and their columns.
///
/// @param products room for `capacity` values, as are `columns`
/// @return how many there are
size_t cf_search_result(cf_search *search, size_t row, float *products, uint32_t *columns);

/// Writes the `capacity` largest of `count` products, falling, equal ones by rising name, and their names.
///
/// @param scratch room for `count` numbers
/// @return how many there are
size_t cf_rank(const float *values, const uint32_t *names, size_t count, uint64_t *scratch, size_t capacity,
               float *products, uint32_t *columns);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
