/// A value written as a Python literal: as much of Python as the header of an .npy file uses.
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

    /// Text that is no literal, and where it stops being one.
    struct SyntaxError: Error {
        let offset: Int
    }
}
