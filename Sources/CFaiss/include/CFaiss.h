// The parts of Faiss that nnnd uses, as plain C. No function throws a C++ exception. A function that can fail returns a
// cf_status and copies a message into the caller's buffer.
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
  cf_failed = 2,  ///< any other C++ exception
} cf_status;

/// An exhaustive inner-product search. For each query it keeps the largest products with the vectors added so far.
///
/// It is Faiss's blocked search (exhaustive_inner_product_blas with a ReservoirTopN for each query) with three changes:
///
/// - The caller loops over the blocks of vectors, so that no copy of all vectors is needed.
/// - Products that do not exceed a query's threshold are not kept.
/// - CKernels computes the products instead of BLAS, so that a pair has the same product in every search.
///
/// One thread at a time can use a search.
typedef struct cf_search cf_search;

/// Makes a search.
///
/// @param queries the maximum number of queries
/// @param capacity the number of products to find for each query
/// @param out receives the search
/// @param message receives the description of an error, at most message_size bytes with the final zero
/// @return cf_ok, cf_out_of_memory or cf_failed
cf_status cf_search_create(size_t queries, size_t capacity, cf_search *_Nullable *_Nonnull out, char *message,
                           size_t message_size);

/// Releases a search.
void cf_search_free(cf_search *_Nullable search);

/// Starts a search for `query_count` queries, at most the maximum of cf_search_create.
///
/// @param thresholds one for each query: only larger products are kept; NULL for no thresholds
void cf_search_begin(cf_search *search, size_t query_count, const float *_Nullable thresholds);

/// Multiplies all queries with more vectors and keeps the largest products. Vector i has the row first_row + i. NaN is
/// never kept.
///
/// @param queries query_count x dimension, the same in every call since cf_search_begin
/// @param vectors vector_count x dimension
/// @return cf_ok, cf_out_of_memory or cf_failed
cf_status cf_search_add(cf_search *search, const float *queries, const float *vectors, size_t dimension,
                        size_t vector_count, uint32_t first_row, char *message, size_t message_size);

/// The maximum number of products that a search of this capacity keeps for a query: about twice the capacity.
size_t cf_kept_max(size_t capacity);

/// Writes the products kept for a query, in any order, and the rows of their vectors. The `capacity` largest products
/// are among them.
///
/// @param query the index of the query
/// @param products has space for cf_kept_max values, as has `rows`
/// @return the number of products written
size_t cf_search_kept(const cf_search *search, size_t query, float *products, uint32_t *rows);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
