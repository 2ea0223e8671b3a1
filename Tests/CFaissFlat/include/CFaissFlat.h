// Faiss's exact search by its public interface, faiss::IndexFlatIP, as plain C.
//
// It shares no code with nnnd's kernels: BLAS multiplies (above 20 queries), Faiss selects. Tests and benchmarks compare
// nnnd's searches with it. No function throws.
#ifndef CFAISSFLAT_H
#define CFAISSFLAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// A faiss::IndexFlatIP.
typedef struct cff_index cff_index;

/// Makes an index with a copy of some vectors; NULL where that fails. The calling thread uses one OpenMP thread from then
/// on.
///
/// @param vectors count x dimension
cff_index *_Nullable cff_index_create(const float *vectors, size_t count, size_t dimension);

/// Releases an index.
void cff_index_free(cff_index *_Nullable index);

/// Finds the vectors with the largest inner products.
///
/// @param queries query_count x dimension
/// @param products receives query_count x capacity products, descending
/// @param found receives query_count x capacity positions of vectors; -1 where there are fewer vectors
/// @return whether it succeeded
int cff_index_search(const cff_index *index, const float *queries, size_t query_count, size_t capacity, float *products,
                     int64_t *found);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
