// Faiss's exact search through its public interface, faiss::IndexFlatIP, as plain C.
//
// Tests and benchmarks compare nnnd's searches with it. It shares no code with nnnd's kernels: Faiss selects, and BLAS
// multiplies if there are more than 20 queries. No function throws a C++ exception.
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

/// Makes an index with a copy of some vectors. It also limits later OpenMP computations of the calling thread to one
/// thread.
///
/// @param vectors count x dimension
/// @return the index; NULL if it could not be made
cff_index *_Nullable cff_index_create(const float *vectors, size_t count, size_t dimension);

/// Releases an index.
void cff_index_free(cff_index *_Nullable index);

/// Finds the vectors with the largest inner products.
///
/// @param queries query_count x dimension
/// @param products receives query_count x capacity products, in descending order for each query
/// @param found receives query_count x capacity positions of vectors; -1 if there are fewer than `capacity` vectors
/// @return 1, or 0 after a failure
int cff_index_search(const cff_index *index, const float *queries, size_t query_count, size_t capacity, float *products,
                     int64_t *found);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
