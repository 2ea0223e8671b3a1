/// A message for the user, to be shown by ``Console``.
package enum ConsoleMessage: Equatable {
    /// A line of the command's result, for standard output.
    case output(String)
    /// An error or warning, for standard error; line ends in it become spaces.
    case error(String)
    /// The progress, for a line that changes in place on a terminal: `done` of `total` steps (or bytes), and a text.
    case progress(done: Int, total: Int, text: String)
}
