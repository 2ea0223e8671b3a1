#include <lmdb.h>
// malloc_trim(3): LMDB's pages of a large commit are freed one by one, and the allocator would keep them.
#include <malloc.h>
