#include "CFaissFlat.h"

#include <faiss/IndexFlat.h>

#include <memory>

// A function of OpenMP, declared here because clang has no OpenMP header.
extern "C" void omp_set_num_threads(int);

struct cff_index {
  faiss::IndexFlatIP flat;
};

cff_index *cff_index_create(const float *vectors, size_t count, size_t dimension) {
  omp_set_num_threads(1);
  try {
    auto index = std::make_unique<cff_index>(cff_index{faiss::IndexFlatIP(static_cast<int64_t>(dimension))});
    index->flat.add(static_cast<int64_t>(count), vectors);
    return index.release();
  } catch (...) {
    return nullptr;
  }
}

void cff_index_free(cff_index *index) { delete index; }

int cff_index_search(const cff_index *index, const float *queries, size_t query_count, size_t capacity, float *products,
                     int64_t *found) {
  try {
    index->flat.search(static_cast<int64_t>(query_count), queries, static_cast<int64_t>(capacity), products, found);
    return 1;
  } catch (...) {
    return 0;
  }
}
