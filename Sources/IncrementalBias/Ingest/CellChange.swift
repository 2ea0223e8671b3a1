/// A step towards cells that fit the images, which a commit has taken.
package enum CellChange: Equatable, Sendable {
    /// Cells have been removed: they are off, or there are too few images, or the tables were damaged.
    case removed
    /// New cells have been stored, which are being built from now on.
    case trained(cells: Int)
    /// Images of new cells have been assigned, or lists have been written.
    case built
    /// All cells are ready for searches.
    case ready(cells: Int)
    /// Images of the tail have been assigned.
    case assigned(images: Int)
    /// Large cells have been split.
    case split(cells: Int)
}
