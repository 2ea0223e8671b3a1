/// The value of a Python literal: the part of Python that the headers of .npy files use.
enum PythonLiteral: Equatable {
    case string(String)
    /// `nil` stands for an integer that does not fit.
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

    /// The error of text that is not a literal, with the place of the fault.
    struct SyntaxError: Error {
        let offset: Int
    }
}
