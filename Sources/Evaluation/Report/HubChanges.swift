internal import IncrementalBias
internal import ShardFormats
internal import WireAPI

extension HubsSince {
    /// The same moment for the corpus.
    var moment: ReferenceMoment {
        switch self {
        case .generation(let generation): .generation(generation)
        case .time(let time): .time(time)
        }
    }
}

/// Finds the images whose biases new references have changed most.
struct HubChanges {
    let snapshot: CorpusSnapshot
    let alpha: Float
    /// The number of references that are listed for an image.
    let listedReferences: Int

    /// Compares the means with those that the references without the snapshot's new ones give.
    ///
    /// - Parameters:
    ///   - since: the moment that the snapshot was taken with.
    ///   - means: the mean of each row.
    ///   - rows: the rows of the images.
    ///   - limit: the number of images to list.
    ///   - idOfRow: returns the id of a row.
    func changes(
        since: HubsSince, means: [Float], rows: [Int], limit: Int, idOfRow: (VectorRole, UInt32) throws -> String,
        progress: Evaluator.Progress
    ) throws -> HubsReport.Changes {
        let new = RowSet(snapshot.newReferences)
        var images: [HubsReport.Changes.Image] = []
        if new.count > 0 {
            let old = snapshot.referenceRows.filter { !new.contains($0) }
            let before = try snapshot.means(
                ks: [snapshot.state.k], over: [ReferenceSubset(rows: old, sizes: [old.count])]
            ) { progress("changes", $0) }[0]
            // Rounding errors of sums in another order are no changes.
            let changed = rows.filter { abs(means[$0] - before[$0]) > 1e-6 }
            // Of equal changes the lower row comes first.
            let largest = changed.sorted { (abs(means[$0] - before[$0]), $1) > (abs(means[$1] - before[$1]), $0) }
            images = try largest.prefix(limit).map { try image($0, means[$0], before[$0], new, idOfRow) }
        }
        var changes = HubsReport.Changes(generation: nil, time: nil, newReferences: new.count, images: images)
        switch since {
        case .generation(let generation): changes.generation = generation
        case .time(let time): changes.time = time
        }
        return changes
    }

    private func image(
        _ row: Int, _ mean: Float, _ before: Float, _ new: RowSet, _ idOfRow: (VectorRole, UInt32) throws -> String
    ) throws -> HubsReport.Changes.Image {
        let used = snapshot.heap(of: UInt32(row)).prefix(snapshot.state.k).filter { new.contains($0.row) }
        return HubsReport.Changes.Image(
            id: try idOfRow(.images, UInt32(row)), mean: mean, meanBefore: before, biasChange: alpha * (mean - before),
            newReferences: used.count,
            references: try used.prefix(listedReferences).map {
                .init(id: try idOfRow(.references, $0.row), similarity: $0.similarity)
            })
    }
}
