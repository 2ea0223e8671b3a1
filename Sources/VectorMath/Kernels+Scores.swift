internal import CKernels

extension Kernels {
    /// For each of some weights, counts the rows whose score exceeds a threshold.
    ///
    /// A score is similarity - weight * mean, the float that this expression gives. A row whose score is NaN is not
    /// counted.
    ///
    /// - Parameters:
    ///   - similarities: one for each row.
    ///   - means: one for each row.
    ///   - weights: the weights.
    ///   - thresholds: one for each weight.
    ///   - counts: receives the numbers: each is added to a counter.
    ///   - start: the index in `counts` of the counter of the first weight.
    package static func countAbove(
        _ similarities: Span<Float>, means: Span<Float>, weights: Span<Float>, thresholds: Span<Float>,
        into counts: inout [UInt32], at start: Int
    ) {
        precondition(means.count == similarities.count)
        precondition(thresholds.count == weights.count)
        precondition(start >= 0 && start + weights.count <= counts.count)
        unsafe similarities.withUnsafeBufferPointer { similarities in
            unsafe means.withUnsafeBufferPointer { means in
                unsafe weights.withUnsafeBufferPointer { weights in
                    unsafe thresholds.withUnsafeBufferPointer { thresholds in
                        unsafe counts.withUnsafeMutableBufferPointer { counts in
                            guard let s = similarities.baseAddress, let m = means.baseAddress,
                                let w = weights.baseAddress, let t = thresholds.baseAddress,
                                let c = counts.baseAddress
                            else { return }
                            unsafe ck_count_above(s, m, similarities.count, w, t, weights.count, c + start)
                        }
                    }
                }
            }
        }
    }

    /// Finds the rows whose score exceeds `threshold`.
    ///
    /// The scores are those of ``countAbove(_:means:weights:thresholds:into:at:)``.
    ///
    /// - Parameters:
    ///   - similarities: one for each row.
    ///   - means: one for each row.
    ///   - weight: the weight of the mean.
    ///   - threshold: the score to exceed.
    ///   - positions: receives the positions of the rows found, ascending; at least as long as `similarities`.
    ///   - scores: receives their scores; at least as long as `similarities`.
    /// - Returns: the number of rows found.
    package static func scoresAbove(
        _ similarities: Span<Float>, means: Span<Float>, weight: Float, threshold: Float,
        positions: inout [UInt32], scores: inout [Float]
    ) -> Int {
        precondition(means.count == similarities.count)
        precondition(positions.count >= similarities.count && scores.count >= similarities.count)
        return unsafe similarities.withUnsafeBufferPointer { similarities in
            unsafe means.withUnsafeBufferPointer { means in
                guard let s = similarities.baseAddress, let m = means.baseAddress else { return 0 }
                return unsafe ck_scores_above(s, m, similarities.count, weight, threshold, &positions, &scores)
            }
        }
    }
}
