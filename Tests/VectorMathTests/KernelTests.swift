import Testing

/// What uses the kernels, one test after the other: some choose the level, which is the same for the whole process.
@Suite(.serialized) enum KernelTests {}
