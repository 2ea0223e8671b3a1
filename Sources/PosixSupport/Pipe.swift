internal import Glibc

/// The two ends of a pipe(2); whoever holds them closes them.
package struct Pipe {
    package let input: Int32
    package let output: Int32

    package init() throws(SystemError) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SystemError("make a pipe") }
        input = ends[0]
        output = ends[1]
    }

    package func closeInput() { close(input) }
    package func closeOutput() { close(output) }
}
