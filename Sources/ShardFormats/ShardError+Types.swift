/// Errors about the type of the elements of an array.
///
/// If numpy can convert the array, the advice has a line of Python in backticks that does so. The name of the array in
/// it is `vectors` or `ids`.
extension ShardError {
    /// The error of an .npy array of vectors with elements of this type.
    static func unsupportedDtype(_ element: NPYElementType) -> ShardError {
        let conversion: Conversion =
            switch element {
            case .float8: .float8
            case .longDouble: .longDouble
            case .complex: .complex
            case .integer: .integers
            case .void(byteCount: 1, _): .typeless1
            case .void(byteCount: 2, _): .typeless2
            case .void: .typeless
            case .objects: .objects
            case .structure: .structure
            case .float, .boolean, .text, .bytes, .other: .numbers
            }
        return unsupportedDtype(element.name, conversion)
    }

    /// The error of a tensor of vectors with elements of the type `dtype` of the .safetensors format.
    static func unsupportedDtype(tensor dtype: String) -> ShardError {
        let conversion: Conversion =
            switch dtype {
            case "C64": .complex
            case _ where dtype.hasPrefix("F8_"): .float8
            case "I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64": .integers
            default: .numbers
            }
        return unsupportedDtype("elements of type \(Excerpt.quote(dtype))", conversion)
    }

    private static func unsupportedDtype(_ type: String, _ conversion: Conversion) -> ShardError {
        ShardError(
            code: .unsupportedDtype,
            message: "The array holds \(type), and vectors must be float16, bfloat16, float32 or float64.",
            advice: conversion.advice)
    }

    /// The error of ids in an .npy array with elements of this type.
    static func badIDType(_ element: NPYElementType) -> ShardError {
        let line =
            switch element {
            case .float, .float8, .longDouble: "ids = ids.astype(numpy.int64)"
            default: "ids = numpy.array(ids.tolist(), dtype=str)"
            }
        return badIDType(
            element.name, advice: "Convert them before saving: `\(line)`; or write them into a .ids file.")
    }

    /// The error of a tensor of ids with elements of the type `dtype` of the .safetensors format.
    static func badIDType(tensor dtype: String) -> ShardError {
        badIDType(
            "elements of type \(Excerpt.quote(dtype))",
            advice: "Convert them before saving: `ids = ids.astype(numpy.int64)`; or write them into a .ids file.")
    }

    /// The error of ids in an array with several rows and several columns.
    static func badIDShape(_ sizes: [Int]) -> ShardError {
        badIDType(
            "an array of \(sizes.map(String.init).joined(separator: " x ")) elements",
            advice: "Save one id for each row, in an array of one dimension, or write them into a .ids file.")
    }

    private static func badIDType(_ found: String, advice: String) -> ShardError {
        ShardError(
            code: .idsBadType, message: "The ids are \(found), and must be a list of integers or fixed-width text.",
            advice: advice)
    }

    /// How numpy converts an array of vectors to a type that can be read.
    private enum Conversion {
        case numbers
        case integers
        case float8
        case longDouble
        case complex
        /// Elements of one byte without a type.
        case typeless1
        /// Elements of two bytes without a type.
        case typeless2
        /// Larger elements without a type.
        case typeless
        case objects
        case structure

        var advice: String {
            switch self {
            case .numbers: "Convert them before saving: `vectors = vectors.astype(numpy.float32)`."
            case .integers:
                "Convert them before saving: `vectors = vectors.astype(numpy.float32) * scale + offset`, with the scale "
                    + "and offset of each column that their quantiser used (1 and 0 if they are not quantised)."
            case .float8:
                "Convert them before saving: `vectors = vectors.astype(numpy.float32) * scale`, with the scale that "
                    + "their quantiser used (1 if they are not quantised)."
            case .longDouble: "Convert them before saving: `vectors = vectors.astype(numpy.float64)`."
            case .complex:
                "Save the real and imaginary parts as columns: "
                    + "`vectors = numpy.hstack([vectors.real, vectors.imag]).astype(numpy.float64)`."
            case .typeless1:
                "Convert them before saving: "
                    + "`vectors = vectors.view(ml_dtypes.float8_e4m3fn).astype(numpy.float32) * scale`, with their type "
                    + "if it is another, and the scale that their quantiser used (1 if they are not quantised)."
            case .typeless2:
                "Convert bfloat16 before saving: `vectors = vectors.view(ml_dtypes.bfloat16).astype(numpy.float32)`; or "
                    + "save a .safetensors file; or, if all such files in the spool and all such bodies of searches "
                    + "hold bfloat16, change the setting npy-v2."
            case .typeless:
                "Convert them before saving, for example if their bytes are float32: "
                    + "`vectors = numpy.frombuffer(vectors.tobytes(), numpy.float32).reshape(len(vectors), -1)`."
            case .objects: "Convert them before saving: `vectors = numpy.array(vectors.tolist(), dtype=numpy.float32)`."
            case .structure:
                "Convert them before saving: `from numpy.lib.recfunctions import structured_to_unstructured; "
                    + "vectors = structured_to_unstructured(vectors).astype(numpy.float32)`."
            }
        }
    }
}
