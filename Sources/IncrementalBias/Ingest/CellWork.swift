internal import Foundation

/// The training of cells that the writer waits for, and cells that it need not look at again.
final class CellWork: @unchecked Sendable {
    // Sendable: all variables are accessed under the condition's lock only.
    private let condition = NSCondition()
    private var isWanted = false
    private var trained: (cells: TrainedCells, images: Int)?
    private var unsplittable: (training: UInt32, cells: Set<Int>) = (0, [])
    private var isClosed = false

    /// Asks for a training, unless one has been asked for.
    func request() {
        condition.withLock {
            guard !isWanted, trained == nil else { return }
            isWanted = true
            condition.signal()
        }
    }

    /// Waits until a training is asked for.
    ///
    /// - Returns: false after ``close()``.
    func waitForRequest() -> Bool {
        condition.withLock {
            while !isWanted, !isClosed { condition.wait() }
            return !isClosed
        }
    }

    /// Whether a training has been asked for and not been finished.
    var isRequested: Bool { condition.withLock { isWanted } }

    /// Ends the training that was asked for.
    ///
    /// - Parameter cells: the trained cells, and the number of images; `nil` if it failed.
    func finish(_ cells: (cells: TrainedCells, images: Int)?) {
        condition.withLock { (isWanted, trained) = (false, cells) }
    }

    /// Trained cells that the store does not have yet; they are returned once.
    func takeTrained() -> (cells: TrainedCells, images: Int)? {
        condition.withLock {
            defer { trained = nil }
            return trained
        }
    }

    /// Records a cell whose images are so much alike that it can't be split.
    func markUnsplittable(_ cell: Int, training: UInt32) {
        condition.withLock {
            if unsplittable.training != training { unsplittable = (training, []) }
            unsplittable.cells.insert(cell)
        }
    }

    /// Whether a cell can be split, as far as is known.
    func canSplit(_ cell: Int, training: UInt32) -> Bool {
        condition.withLock { unsplittable.training != training || !unsplittable.cells.contains(cell) }
    }

    /// Ends ``waitForRequest()``.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}
