/// The value of a Python literal, of the kinds that the headers of .npy files use.
enum PythonLiteral: Equatable {
    case string(String)
    /// An integer; `nil` if it does not fit in an `Int`.
    case integer(Int?)
    case boolean(Bool)
    case none
    case list([PythonLiteral])
    case tuple([PythonLiteral])
    case dictionary([Entry])

    /// A key of a dictionary with its value.
    struct Entry: Equatable {
        let key: PythonLiteral
        let value: PythonLiteral
    }

    /// The error for text that is not a literal.
    struct SyntaxError: Error {
        /// The offset of the first wrong byte.
        let offset: Int
    }
}
