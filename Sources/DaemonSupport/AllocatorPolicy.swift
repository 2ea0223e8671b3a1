internal import CMalloc

/// When the memory that large commits have used goes back to the system.
///
/// LMDB frees the pages of a commit one by one. The allocator would return parts of that memory in the middle of a
/// large commit, and the system would have to clear them again for the next one.
package enum AllocatorPolicy {
    /// Freed bytes that the allocator keeps at any time.
    private static let keptBytes = 64 << 20

    /// Has the allocator keep memory that is freed, until ``returnFreedMemory()``.
    ///
    /// Call it before the process has threads: each would get an arena of its own, and those are always returned.
    package static func keepFreedMemory() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_TRIM_THRESHOLD, .max)
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
    }

    /// Returns freed memory to the system, if it is more than 64 MiB.
    ///
    /// For times without work: without it the allocator keeps the memory of a large commit as long as the process runs.
    package static func returnFreedMemory() {
        if mallinfo2().fordblks > keptBytes { malloc_trim(0) }
    }
}
