internal import Glibc

/// A pipe(2).
///
/// Its creator must close both ends.
package struct Pipe {
    /// The descriptor to read from.
    package let readEnd: Int32
    /// The descriptor to write to.
    package let writeEnd: Int32

    /// Creates a pipe.
    package init() throws(SystemError) {
        var ends: [Int32] = [0, 0]
        try systemCall("make a pipe") { unsafe pipe(&ends) }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    package func closeReadEnd() { close(readEnd) }
    package func closeWriteEnd() { close(writeEnd) }
}
