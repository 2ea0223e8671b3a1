import Testing

/// All tests that set the instruction set of the kernels.
///
/// They run one after another, because the whole process uses it.
@Suite(.serialized) enum KernelTests {}
