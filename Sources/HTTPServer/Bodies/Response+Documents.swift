internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import WireAPI

extension Response {
    static let jsonMediaType = "application/json"

    /// A response with a JSON document.
    ///
    /// - Throws: `EncodingError` for a number that JSON can't represent; only a damaged store has such numbers.
    init(json: some Encodable) throws {
        self.init(body: ByteBuffer(bytes: try WireJSON.encode(json)), mediaType: Self.jsonMediaType)
    }

    /// A response with a document.
    init(body: ByteBuffer, mediaType: String) {
        self.init(
            status: .ok, headers: [.contentType: mediaType, .contentLength: String(body.readableBytes)],
            body: ResponseBody(byteBuffer: body))
    }

    /// This response's status and headers, for HEAD: neither a body nor a further `Content-Length` is sent.
    var withoutBody: Response {
        Response(status: status, headers: headers, body: ResponseBody { try await $0.finish(nil) })
    }

    /// A response with a document that can be large.
    ///
    /// It is sent in slices: each one when the client has taken the one before. `reservation` holds the memory of the
    /// response, and is kept until all slices are sent.
    init(body: ByteBuffer, mediaType: String, holding reservation: MemoryBudget.Reservation) {
        self.init(
            status: .ok, headers: [.contentType: mediaType, .contentLength: String(body.readableBytes)],
            body: ResponseBody(contentLength: body.readableBytes) { writer in
                var rest = body
                while let slice = rest.readSlice(length: min(rest.readableBytes, RequestLimits.sliceBytes)),
                    slice.readableBytes > 0
                {
                    try await writer.write(slice)
                }
                try await writer.finish(nil)
                withExtendedLifetime(reservation) {}
            })
    }
}
