/// The centroids of cells.
struct TrainedCells: Sendable {
    /// The space of the centroids.
    let space: CellSpace
    /// The centroids in the stretched space, each of length 1, count x dimension: an image belongs to the nearest one.
    private(set) var centroids: [Float] = []
    /// For each cell the mean of its images' vectors, count x dimension: it tells how well queries match a cell.
    private(set) var centers: [Float] = []

    /// The number of cells.
    var count: Int { centroids.count / space.dimension }

    /// Makes cells without centroids.
    init(space: CellSpace) {
        self.space = space
    }

    func centroid(_ cell: Int) -> ArraySlice<Float> { centroids[range(of: cell)] }
    func center(_ cell: Int) -> ArraySlice<Float> { centers[range(of: cell)] }

    /// Adds a cell.
    mutating func append(centroid: ArraySlice<Float>, center: ArraySlice<Float>) {
        centroids += centroid
        centers += center
    }

    /// Replaces the centroid and the center of a cell.
    mutating func replace(_ cell: Int, centroid: ArraySlice<Float>, center: ArraySlice<Float>) {
        centroids.replaceSubrange(range(of: cell), with: centroid)
        centers.replaceSubrange(range(of: cell), with: center)
    }

    private func range(of cell: Int) -> Range<Int> { cell * space.dimension..<(cell + 1) * space.dimension }
}
