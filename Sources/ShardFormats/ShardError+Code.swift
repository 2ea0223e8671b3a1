extension ShardError {
    /// The rules a shard can break; the raw values are part of the interface of receipts and answers.
    package enum Code: String, Sendable, CaseIterable, Codable {
        /// The extension or the first bytes are not those of a shard.
        case notAShard = "not_a_shard"
        /// The format is known, this version of it is not.
        case unsupportedVersion = "unsupported_version"
        /// The header can't be understood or contradicts itself.
        case badHeader = "bad_header"
        /// The file ends before its header says so.
        case truncated
        /// The file goes on after its header says it ends.
        case trailingBytes = "trailing_bytes"
        /// The array has not two dimensions, or sizes that no array can have.
        case badShape = "bad_shape"
        /// The numbers are not float16, float32 or float64.
        case unsupportedDtype = "unsupported_dtype"
        /// The array has no rows.
        case noRows = "no_rows"
        /// The rows have no numbers.
        case noDimension = "no_dimension"
        /// Rows hold a number that is not a number, infinite, or too large for float32.
        case notFinite = "not_finite"
        /// The shard is larger than the limit.
        case tooLarge = "too_large"
        /// The file can't be read.
        case unreadable
        /// The file is a link, a folder, a pipe or a device.
        case notRegularFile = "not_regular_file"
        /// The zip archive is damaged.
        case badArchive = "bad_archive"
        /// A member of the zip archive is encrypted, or neither stored nor deflated.
        case unsupportedCompression = "unsupported_compression"
        /// The file holds no array of vectors.
        case missingArray = "missing_array"
        /// The file holds several arrays, and none of them is named `embeddings`.
        case ambiguousArray = "ambiguous_array"
        /// There are fewer ids than rows.
        case idsTooFew = "ids_too_few"
        /// There are more ids than rows.
        case idsTooMany = "ids_too_many"
        /// An id occurs twice in the shard.
        case idsDuplicate = "ids_duplicate"
        /// An id is empty.
        case idEmpty = "id_empty"
        /// An id is over ``IDList/maximumByteCount`` bytes of UTF-8 long.
        case idTooLong = "id_too_long"
        /// An id is not valid Unicode text.
        case idsNotUTF8 = "ids_not_utf8"
        /// The ids are neither integers nor text, or not one a row.
        case idsBadType = "ids_bad_type"
        /// The vectors have another length than those of the corpus.
        case wrongDimension = "wrong_dimension"
        /// A vector has no direction, so its cosine similarity is undefined.
        case zeroVector = "zero_vector"
        /// A vector is too long to be computed with in float32.
        case normTooLarge = "norm_too_large"
    }
}
