internal import LMDB
internal import VectorMath

extension CorpusWriter {
    /// Assigns images of the tail, which have no cells, to cells.
    ///
    /// Does nothing unless more than 1 / `tailShare` of all blocks can have images of the tail.
    func assignTail(
        _ cells: CellSnapshot, _ directory: CellDirectory, in snapshot: borrowing ReadTransaction
    ) throws -> CellChange? {
        let layout = cells.layout
        let blocks = try snapshot.count(tables.cells.tail)
        guard blocks * cells.limits.tailShare > layout.blocks(for: cells.state.images.end) else { return nil }
        let groups = try tables.cells.tailGroups(
            layout, limit: max(1, cells.limits.imagesPerStep / layout.rowsPerBlock), in: snapshot)
        let rows = groups.flatMap { group in
            cells.images(among: group.rows(layout).filter { cells.pair(of: $0) == .none })
        }
        let pairs = try pairs(of: rows, cells, directory, in: snapshot)
        let lists = try self.lists(adding: rows, pairs, cells, directory, in: snapshot)
        var changed = directory
        for list in lists {
            changed.entries[list.cell] = UInt32(list.rows.count)
            changed.means[list.cell] = cells.meanOfMeans(list.rows)
        }
        try write { transaction in
            for list in lists {
                try cells.lists.write(
                    list.rows, of: list.cell, replacing: directory.entries[list.cell], kept: list.kept,
                    signs: cells.signs, version: cells.codeVersion, in: transaction)
            }
            try tables.cells.write(pairs, rows: rows, layout, in: transaction)
            for block in Set(groups.map(\.block)) { try transaction.remove(tables.cells.tail, block) }
            try tables.cells.write(changed, in: transaction)
        }
        return .assigned(images: rows.count)
    }

    /// A list that is to be stored.
    private struct ChangedList {
        let cell: Int
        let rows: [UInt32]
        /// The number of first rows that are the same in the stored list.
        let kept: Int
    }

    /// The lists of the cells that images are added to.
    ///
    /// An entry counts only while its image is assigned to the cell. Entries that do not count are left out.
    ///
    /// Added images can have old entries in the same list. These would count again after the images are assigned.
    ///
    /// - Parameters:
    ///   - rows: the rows of the images.
    ///   - pairs: for each of them its cells.
    private func lists(
        adding rows: [UInt32], _ pairs: [CellPair], _ cells: CellSnapshot, _ directory: CellDirectory,
        in snapshot: borrowing ReadTransaction
    ) throws -> [ChangedList] {
        var added: [Int: [UInt32]] = [:]
        for (row, pair) in zip(rows, pairs) {
            for cell in [pair.first, pair.second] where cell != CellPair.noCell {
                added[Int(cell), default: []].append(row)
            }
        }
        return try added.sorted { $0.key < $1.key }.map { cell, rows in
            let stored = try cells.lists.rows(of: cell, entries: directory.entries[cell], in: snapshot)
            // In the snapshot the images of the tail have no cells. This filter therefore drops their old entries.
            let counting = stored.filter { cells.pair(of: $0).contains(cell) }
            let kept = zip(stored, counting).prefix { $0 == $1 }.count
            return ChangedList(cell: cell, rows: counting + rows, kept: kept)
        }
    }

    /// Splits cells that are much larger than the mean; their images become a part of the tail.
    func split(
        _ cells: CellSnapshot, _ directory: CellDirectory, in snapshot: borrowing ReadTransaction
    ) throws -> CellChange? {
        let limits = cells.limits
        let largest = max(limits.minimumSplit, limits.splitFactor * directory.totalEntries / directory.count)
        // After many deletions there can already be more cells than this maximum. Then none is split.
        let space = max(0, 2 * limits.cells(for: cells.state.images.count) - directory.count)
        let candidates = directory.entries.indices.filter {
            Int(directory.entries[$0]) > largest && cellWork.canSplit($0, training: directory.training)
        }
        var trained = try tables.cells.trained(directory, dimension: cells.layout.dimension, in: snapshot)
        var changed = directory
        var (numbers, moved): ([Int], [[UInt32]]) = ([], [])
        for cell in candidates.prefix(min(space, Self.cellsPerSplit)) {
            let rows = try cells.lists.rows(of: cell, entries: directory.entries[cell], in: snapshot)
                .filter { cells.pair(of: $0).contains(cell) }
            guard let halves = try halves(rows, trained.space, cells, in: snapshot) else {
                cellWork.markUnsplittable(cell, training: directory.training)
                continue
            }
            trained.replace(cell, centroid: halves.centroid(0), center: halves.center(0))
            trained.append(centroid: halves.centroid(1), center: halves.center(1))
            changed.split(cell)
            numbers += [cell, changed.count - 1]
            moved.append(rows)
        }
        guard !numbers.isEmpty else { return nil }
        changed.revision += 1
        try write { transaction in
            try tables.cells.write(trained, changed: numbers, in: transaction)
            for (position, rows) in moved.enumerated() {
                let cell = numbers[2 * position]
                try tables.cells.release(rows, inTail: true, cells.layout, in: transaction)
                try cells.lists.write(
                    [], of: cell, replacing: directory.entries[cell], signs: cells.signs,
                    version: cells.codeVersion, in: transaction)
            }
            try tables.cells.write(changed, in: transaction)
        }
        return .split(cells: moved.count)
    }

    /// The number of cells that one commit splits.
    private static let cellsPerSplit = 8
    /// The largest number of images in the sample from which the two halves of a cell are trained.
    private static let imagesPerSplit = 1024

    /// Trains two cells in place of one; `nil` if one of them would get fewer than 1/16 of the sample.
    private func halves(
        _ rows: [UInt32], _ space: CellSpace, _ cells: CellSnapshot, in snapshot: borrowing ReadTransaction
    ) throws -> TrainedCells? {
        guard rows.count > 1 else { return nil }
        let count = min(rows.count, Self.imagesPerSplit)
        let sample = try cells.vectors(of: (0..<count).map { rows[$0 * rows.count / count] }, in: snapshot)
        let halves = try CellTraining(space: space, sample: sample, pool: pool).run(count: 2)
        let first = try CellAssigner(cells: halves, pool: pool).pairs(of: sample).count { $0.first == 0 }
        return min(first, count - first) * 16 >= count ? halves : nil
    }
}
