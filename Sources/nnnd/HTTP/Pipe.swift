import Glibc

/// The two ends of a pipe(2); whoever holds them closes them.
struct Pipe {
    let input: Int32
    let output: Int32

    init() throws(SystemError) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SystemError("make a pipe") }
        input = ends[0]
        output = ends[1]
    }

    func closeInput() { close(input) }
    func closeOutput() { close(output) }
}
