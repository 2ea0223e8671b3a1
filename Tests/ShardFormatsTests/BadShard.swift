import ShardFormats
import Testing

/// A shard that must be rejected, and the code and rows of the expected error.
struct BadShard: Sendable, CustomTestStringConvertible {
    /// The name of the test case.
    let name: String
    /// The expected code.
    let code: ShardError.Code
    var fileName = "a.npy"
    let bytes: [UInt8]
    /// The sidecar.
    var ids: [UInt8]?
    /// The rows that the error must list.
    var rows: [Int] = []
    var maximumBytes = 1 << 16

    var testDescription: String { name }

    static func npy(_ name: String, _ code: ShardError.Code, _ bytes: [UInt8], rows: [Int] = []) -> BadShard {
        BadShard(name: name, code: code, bytes: bytes, rows: rows)
    }

    /// An .npy file with this header and eight zero bytes of data.
    static func header(_ name: String, _ code: ShardError.Code, _ header: String) -> BadShard {
        BadShard(name: name, code: code, bytes: Bytes.npy(header: header, data: Bytes.zeros(8)))
    }

    /// An .npy file with a 1 x 2 array of this type.
    static func type(_ name: String, _ descr: String) -> BadShard {
        let bytes = Bytes.npy(descr: descr, shape: "(1, 2)", data: Bytes.zeros(64))
        return BadShard(name: "elements: \(name)", code: .unsupportedDtype, bytes: bytes)
    }

    /// An .npy file with this shape and eight zero bytes of data.
    static func shape(_ shape: String, _ code: ShardError.Code) -> BadShard {
        BadShard(name: "shape \(shape)", code: code, bytes: Bytes.npy(shape: shape, data: Bytes.zeros(8)))
    }

    static func npz(_ name: String, _ code: ShardError.Code, _ bytes: [UInt8], rows: [Int] = []) -> BadShard {
        BadShard(name: "archive: \(name)", code: code, fileName: "a.npz", bytes: bytes, rows: rows)
    }

    /// An archive with a valid 2 x 1 matrix and these ids.
    static func idArray(
        _ name: String, _ code: ShardError.Code, descr: String, shape: String = "(2,)", data: [UInt8], rows: [Int] = []
    ) -> BadShard {
        let members = [
            ZipBuilder.Member(name: "embeddings.npy", data: goodMatrix),
            ZipBuilder.Member(name: "ids.npy", data: Bytes.npy(descr: descr, shape: shape, data: data)),
        ]
        return npz("ids \(name)", code, ZipBuilder(members: members).build(), rows: rows)
    }

    static func tensors(_ name: String, _ code: ShardError.Code, _ bytes: [UInt8], rows: [Int] = []) -> BadShard {
        BadShard(name: "tensors: \(name)", code: code, fileName: "a.safetensors", bytes: bytes, rows: rows)
    }

    /// A valid 2 x 1 matrix with this sidecar.
    static func ids(_ name: String, _ code: ShardError.Code, _ ids: [UInt8], rows: [Int] = []) -> BadShard {
        BadShard(name: "ids file: \(name)", code: code, bytes: goodMatrix, ids: ids, rows: rows)
    }

    /// A valid .npy file with a 2 x 1 matrix.
    static let goodMatrix = Bytes.npy(shape: "(2, 1)", data: Bytes.floats([1, 2]))
}
