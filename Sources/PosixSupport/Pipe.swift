internal import Glibc

/// The two ends of a pipe(2), which the caller must close.
package struct Pipe {
    /// The descriptor to read from.
    package let input: Int32
    /// The descriptor to write to.
    package let output: Int32

    /// Makes a pipe.
    package init() throws(SystemError) {
        var ends: [Int32] = [0, 0]
        try systemCall("make a pipe") { unsafe pipe(&ends) }
        input = ends[0]
        output = ends[1]
    }

    /// Closes the end to read from.
    package func closeInput() { close(input) }
    /// Closes the end to write to.
    package func closeOutput() { close(output) }
}
