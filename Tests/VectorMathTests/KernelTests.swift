import Testing

/// All tests that set the instruction set of the kernels, or compare products that depend on it.
///
/// They run one after another, because the whole process uses one instruction set.
@Suite(.serialized) enum KernelTests {}
