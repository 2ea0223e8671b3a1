/// A message for the operator.
package enum ConsoleMessage: Equatable {
    /// A line of the command's result, for standard output.
    case output(String)
    /// A complaint, for standard error, where it is put on one line.
    case error(String)
    /// The state of the work, for a line that changes in place on a terminal: `done` of `total` steps, and a text.
    case progress(done: Int, total: Int, text: String)
}
