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

extension JSONWriter {
    fileprivate mutating func write(_ recall: SearchResponse.Recall) {
        write(",\"recall\":{")
        if let calibration = recall.calibration { write("\"calibration\":\(calibration),") }
        write("\"exact\":\(recall.exact)")
        if let reason = recall.reason {
            write(",\"reason\":")
            writeQuoted(reason)
        }
        if let cells = recall.probedCells { write(",\"probed_cells\":\(cells)") }
        if let rows = recall.rescoredRows { write(",\"rescored_rows\":\(rows)") }
        write(",\"scanned_rows\":\(recall.scannedRows),\"target\":")
        write(recall.target.jsonDescription)
        write("}")
    }
}
