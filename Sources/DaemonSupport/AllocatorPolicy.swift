internal import CMalloc

/// Decides when glibc's allocator returns freed memory to the system: only on request, not during commits.
///
/// LMDB frees the pages of a commit one by one. By default the allocator would return parts of this memory in the
/// middle of a large commit, and the system would have to provide zeroed pages again soon after.
/// `docs/decisions/0017-keep-freed-memory.md` has the measurement.
package enum AllocatorPolicy {
    /// ``returnFreedMemory()`` does nothing if the allocator holds at most this many freed bytes.
    private static let keptBytes = 64 << 20

    /// Makes the allocator keep freed memory until ``returnFreedMemory()`` is called.
    ///
    /// Call it before the first thread starts. A thread that already has its own arena (a heap of the allocator) keeps
    /// it, and the allocator always returns freed memory of such arenas.
    package static func keepFreedMemory() {
        // All threads use the main arena, because the next option has little effect on other arenas.
        mallopt(M_ARENA_MAX, 1)
        // Free memory at the end of the arena is kept, up to 2 GiB.
        mallopt(M_TRIM_THRESHOLD, .max)
        // Memory of at least 32 MiB, the maximum of glibc, is mapped on its own and returned when it is freed.
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
    }

    /// Returns freed memory to the system, if it is more than 64 MiB.
    ///
    /// The daemon calls it when it has had no shard for ten seconds. Without this call the memory of a large commit
    /// would stay with the process until it ends.
    package static func returnFreedMemory() {
        if mallinfo2().fordblks > keptBytes { malloc_trim(0) }
    }
}
