extension SearchResponse {
    /// The response as JSON: the same bytes as those of `WireJSON.encode(_:pretty:)`, but computed faster.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.write("{\"generation\":")
        writer.write(String(generation))
        if let recall { writer.write(recall) }
        writer.write(",\"results\":[")
        for (query, hits) in results.enumerated() {
            writer.write(query == 0 ? "[" : ",[")
            for (index, hit) in hits.enumerated() {
                writer.write(index == 0 ? "{\"bias\":" : ",{\"bias\":")
                writer.write(hit.bias.jsonDescription)
                writer.write(",\"id\":")
                writer.writeQuoted(hit.id)
                writer.write(",\"score\":")
                writer.write(hit.score.jsonDescription)
                writer.write(",\"similarity\":")
                writer.write(hit.similarity.jsonDescription)
                writer.write("}")
            }
            writer.write("]")
        }
        writer.write("],\"took_ms\":")
        writer.write(tookMs.jsonDescription)
        writer.write("}")
        return writer.bytes
    }
}

extension BinaryFloatingPoint where Self: CustomStringConvertible {
    /// The shortest decimal text that parses to the same number, without `.0` if the number is whole.
    fileprivate var jsonDescription: String {
        let text = description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

/// A buffer for JSON text.
private struct JSONWriter {
    var bytes: [UInt8] = []

    mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ recall: SearchResponse.Recall) {
        write(",\"recall\":{")
        if let calibration = recall.calibration { write("\"calibration\":\(calibration),") }
        write("\"exact\":\(recall.exact)")
        if let reason = recall.reason {
            write(",\"reason\":")
            writeQuoted(reason)
        }
        if let rows = recall.rescoredRows { write(",\"rescored_rows\":\(rows)") }
        write(",\"scanned_rows\":\(recall.scannedRows),\"target\":")
        write(recall.target.jsonDescription)
        write("}")
    }

    /// Writes a string in quotes, with only the escapes that JSON requires.
    mutating func writeQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): write("\\\"")
            case UInt8(ascii: "\\"): write("\\\\")
            case 0x08: write("\\b")
            case 0x0C: write("\\f")
            case 0x0A: write("\\n")
            case 0x0D: write("\\r")
            case 0x09: write("\\t")
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                write("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
