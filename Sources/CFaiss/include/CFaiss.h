// The parts of Faiss that nnnd uses, as plain C. No function throws: a call that can fail returns a cf_status and copies
// a message into the caller's buffer.
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

/// An exhaustive inner-product search: for each of some rows, the largest products with the columns added so far.
///
/// It is Faiss's blocked search (exhaustive_inner_product_blas with a ReservoirTopN for each row) with three changes. The
/// loop over blocks of columns is the caller's, so vectors can stay where they are stored. Products not above a row's
/// threshold are not kept. Products are computed by CKernels instead of BLAS, so that a pair has the same product in
/// every search. One thread at a time can use a search.
typedef struct cf_search cf_search;

/// Makes a search for up to `rows` rows that keeps at least the `capacity` largest products of each.
///
/// @param message receives the error's description, cut to message_size bytes with its zero
/// @return cf_ok, or cf_out_of_memory
cf_status cf_search_create(size_t rows, size_t capacity, cf_search *_Nullable *_Nonnull out, char *message,
                           size_t message_size);

/// Releases a search.
void cf_search_free(cf_search *_Nullable search);

/// Starts a search for `rows` rows, at most as many as it was made for.
///
/// @param thresholds one for each row: only larger products are kept; NULL for no thresholds
void cf_search_begin(cf_search *search, size_t rows, const float *_Nullable thresholds);

/// Multiplies all rows with more columns and keeps the largest products. Column j has the number first_column + j. NaN is
/// never kept.
///
/// @param matrix rows x dimension, the same in every call since cf_search_begin
/// @param columns column_count x dimension
/// @return cf_ok, or cf_out_of_memory
cf_status cf_search_add(cf_search *search, const float *matrix, const float *columns, size_t dimension,
                        size_t column_count, uint32_t first_column, char *message, size_t message_size);

/// The largest number of products that a search of this capacity keeps for a row: about twice the capacity.
size_t cf_kept_max(size_t capacity);

/// Writes the products kept for `row` in any order, and their columns. The `capacity` largest are among them.
///
/// @param products capacity for cf_kept_max values, as is `columns`
/// @return the number of products written
size_t cf_search_kept(const cf_search *search, size_t row, float *products, uint32_t *columns);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
