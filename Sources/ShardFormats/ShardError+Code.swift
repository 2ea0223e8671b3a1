extension ShardError {
    /// The reasons for a rejection.
    ///
    /// The raw values are part of the API.
    package enum Code: String, Sendable, CaseIterable, Codable {
        /// The extension or the first bytes are not those of a shard's format.
        case notAShard = "not_a_shard"
        /// The version of the format is unknown.
        case unsupportedVersion = "unsupported_version"
        /// The header is malformed or contradicts itself.
        case badHeader = "bad_header"
        /// The file is shorter than its header states.
        case truncated
        /// The file is longer than its header states.
        case trailingBytes = "trailing_bytes"
        /// The array has neither one nor two dimensions, or has impossible sizes.
        case badShape = "bad_shape"
        /// The numbers are not float16, bfloat16, float32 or float64.
        case unsupportedDtype = "unsupported_dtype"
        /// The array has no rows.
        case noRows = "no_rows"
        /// The rows have no numbers.
        case noDimension = "no_dimension"
        /// A vector has a number that is NaN, infinite, or beyond the range of float32.
        case notFinite = "not_finite"
        /// The shard has more bytes or rows than allowed.
        case tooLarge = "too_large"
        /// The file can't be read.
        case unreadable
        /// The file is a link, a folder, a pipe or a device.
        case notRegularFile = "not_regular_file"
        /// The zip archive is damaged.
        case badArchive = "bad_archive"
        /// A member of the zip archive is encrypted, or compressed with a method other than deflate.
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
        /// An id has more than ``IDList/maximumByteCount`` bytes of UTF-8.
        case idTooLong = "id_too_long"
        /// An id is not valid Unicode text.
        case idsNotUTF8 = "ids_not_utf8"
        /// The ids are neither integers nor text, or their array has several rows and columns.
        case idsBadType = "ids_bad_type"
        /// The `.ids` file came after its shard.
        case idsLate = "ids_late"
        /// The file of heaps has not the arrays that it must have, or numbers in them are impossible.
        case heapsMalformed = "heaps_malformed"
        /// The heaps are those of another number of images.
        case heapsOtherImages = "heaps_other_images"
        /// The heaps were computed from other references than the corpus has.
        case heapsStale = "heaps_stale"
        /// The heaps have too few references for the means.
        case heapsTooShort = "heaps_too_short"
        /// The heaps are not those that the vectors give.
        case heapsWrong = "heaps_wrong"
        /// The vectors have another dimension than those of the corpus.
        case wrongDimension = "wrong_dimension"
        /// A vector has only zeros, so its cosine similarity is undefined.
        case zeroVector = "zero_vector"
        /// The norm of a vector, or a number in it, is too large for the metric or the precision of the store.
        case normTooLarge = "norm_too_large"
    }
}
