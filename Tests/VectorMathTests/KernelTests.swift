import Testing

/// All tests of the kernels, run one after the other: some set the level, which is shared by the process.
@Suite(.serialized) enum KernelTests {}
