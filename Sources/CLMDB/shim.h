#include <lmdb.h>
// malloc_trim(3), mallopt(3): LMDB's pages of a large commit are freed one by one; when the system gets them back is ours
// to say.
#include <malloc.h>
