import Foundation
import Testing
import WireAPI

/// The fast reader and writer of searches must agree with Foundation's, but for numbers too small for a float.
@Suite struct SearchJSONTests {
    private static let fields = [
        "queries", "image_ids", "reference_ids", "top_k", "alpha", "min_score", "recall", "rescore", "probes", "sample",
    ]

    private static func decoded(_ text: String) -> SearchRequest? {
        try? WireJSON.decodeRequest(SearchRequest.self, from: Data(text.utf8))
    }

    private static func expectSame(_ text: String) {
        let fast = try? SearchRequest(json: Array(text.utf8))
        let slow = decoded(text)
        #expect(fast?.queries == slow?.queries, "\(text)")
        #expect(fast?.topK == slow?.topK, "\(text)")
        #expect(fast?.alpha == slow?.alpha, "\(text)")
        #expect(fast?.minScore == slow?.minScore, "\(text)")
        #expect(fast?.recall == slow?.recall && fast?.rescore == slow?.rescore, "\(text)")
        #expect(fast?.sample == slow?.sample, "\(text)")
        #expect(fast?.imageIDs == slow?.imageIDs && fast?.referenceIDs == slow?.referenceIDs, "\(text)")
    }

    @Test(arguments: [
        #"{"queries":[[1,2.5,-3e-2]],"top_k":3,"alpha":0.75}"#, #" { "alpha" : 1 , "queries" : [ ] } "#,
        #"{"queries":[[],[0],[-0.0]]}"#, #"{"queries":[[01]]}"#, #"{"queries":[[1.]]}"#, #"{"queries":[[.5]]}"#,
        #"{"queries":[[1e]]}"#, #"{"queries":[[1e5,1E+5,1e-5]]}"#, #"{"queries":[[+1]]}"#, #"{"queries":[[1e400]]}"#,
        #"{"queries":[[3.4028235e38,3.4028236e38]]}"#, #"{"queries":[[NaN]]}"#, #"{"queries":[[3.4028235e38]]}"#,
        #"{"queries":[[1]],"top_k":2.0}"#, #"{"queries":[[1]],"top_k":2.5}"#, #"{"queries":[[1]],"top_k":-1}"#,
        #"{"queries":[[1]],"top_k":02}"#, #"{"queries":[[1]],"top_k":16777217}"#, #"{"queries":[[1]],"top_k":1e2}"#,
        #"{"queries":[[1]],"top_k":null}"#, #"{"queries":[[1]],"other":{"a":[1]}}"#, #"{"top_k":1}"#,
        #"{"queries":[["1"]]}"#, #"{"queries":[[1]]"#, #"{"queries":[[1]]}}"#, #"[]"#, "", #"{"queries":[[1] [2]]}"#,
        #"{"queries":[[1]],"top_k":null,"alpha":null}"#, #"{"queries":[[1]],"recall":0.99}"#,
        #"{"queries":[[1]],"rescore":20}"#, #"{"queries":[[1]],"rescore":null}"#, #"{"queries":[[1]],"rescore":1.5}"#,
        #"{"queries":[[1]],"recall":null}"#, #"{"queries":[[1]],"recall":0.999999999999,"recall":1}"#,
        #"{"queries":[[1]],"alpha":1,"alpha":2}"#,
        #"{"queries":[[1]],"top_k":null,"top_k":2}"#, #"{"queries":[[1]],"queries":[[2]],"top_k":4,"top_k":null}"#,
        #"{"queries":[[1]],"topK":3}"#, #"{"queries":[[1]],"\u0061lpha":3,"top\u005fk":4}"#, #"{"queries\"#,
        #"{"queries":[[1]],"top_k":-0}"#, #"{"queries":[[1]],"top_k":9007199254740993}"#, #"{"queries":[[1e5000]]}"#,
        #"{"queries":[[1]],"top_k":1e30}"#, #"{"queries":[[1]],"top_k":n}"#, #"{"queries":[[1]],"alpha":nul"#,
        #"{"queries":[[0.1234567890123456789012345]]}"#, #"{"queries":[[123456789012345678901]]}"#,
        #"{"queries":[[0.0000000000000000000000000000001]]}"#, #"{"qu\u0065ries":[[1]]}"#, #"{"queries":[[1,]]}"#,
        #"{"queries":[[1]],"min_score":-0.5}"#, #"{"queries":[[1]],"min_score":null,"min_score":2}"#,
        #"{"queries":[[1]],"sample":false}"#, #"{"sample": true ,"queries":[[1]],"sample":false}"#,
        #"{"queries":[[1]],"sample":null}"#, #"{"queries":[[1]],"sample":0}"#, #"{"queries":[[1]],"sample":falsey}"#,
        #"{"queries":[[1]],"min_score":"0.5"}"#, #"{"image_ids":["a","\u0062"],"min_score":1}"#,
        #"{"reference_ids":[],"top_k":3}"#, #"{"reference_ids":null,"image_ids":["a"]}"#,
    ]) func readsAsFoundationDoes(text: String) {
        Self.expectSame(text)
    }

    @Test(
        arguments: [
            ("1e-46", 0), ("1e-400", 0), ("1e-5000", 0), ("7e-46", 0), ("0e5", 0), ("0.0e-99999999999999999999", 0),
            ("7.1e-46", 1), ("1e-45", 1), ("1e-44", 7), ("1.1754942e-38", 0x7F_FFFF), ("1234567890123456789012e-90", 0),
            ("1234567890123456789012e-63", 881), ("0." + String(repeating: "0", count: 5000) + "1", 0),
        ] as [(String, UInt32)])
    func readsNumbersTooSmallForAFloat(text: String, bits: UInt32) throws {
        for (sign, signBit) in [("", 0), ("-", 1 << 31)] as [(String, UInt32)] {
            let number = sign + text
            let request = try SearchRequest(json: Array("{\"queries\":[[\(number)]],\"alpha\":\(number)}".utf8))
            #expect(request.queries[0][0].bitPattern == bits | signBit)
            #expect(request.alpha?.bitPattern == bits | signBit)
        }
    }

    @Test(arguments: ["1e39", "-1e400", "1e5000", "3.4028236e38", String(repeating: "1", count: 5000)])
    func numbersTooLargeForAFloatAreErrors(text: String) {
        #expect(throws: DecodingError.self) {
            try SearchRequest(json: Array("{\"queries\":[[\(text)]]}".utf8))
        }
    }

    @Test(arguments: [
        #"{"queries":[[1]],"image_ids":["a"]}"#, #"{"reference_ids":["a"],"image_ids":["a"]}"#,
        #"{"queries":[],"reference_ids":[]}"#, #"{"image_ids":"a"}"#, #"{"image_ids":[1]}"#, #"{"image_ids":null}"#,
    ]) func queriesComeFromOneFieldOnly(text: String) {
        #expect(throws: DecodingError.self) { try SearchRequest(json: Array(text.utf8)) }
    }

    @Test func idsAreEncodedWithoutQueries() throws {
        let request = SearchRequest(referenceIDs: ["a"], topK: 2, minScore: 0.5, recall: 0.75)
        let document = try WireJSON.encode(request)
        #expect(
            String(decoding: document, as: UTF8.self)
                == #"{"min_score":0.5,"recall":0.75,"reference_ids":["a"],"top_k":2}"#)
        let read = try SearchRequest(json: Array(document))
        #expect(read.referenceIDs == ["a"] && read.recall == 0.75)
    }

    @Test func unknownFieldsAreNamed() {
        let error = #expect(throws: UnknownFields.self) {
            try SearchRequest(json: Array(#"{"topk":1,"queries":[[1]],"top_k":2,"limit":[{}]}"#.utf8))
        }
        #expect(error?.names == ["limit", "topk"] && error?.known == Self.fields)
    }

    @Test func readsEveryFloatAsWritten() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let floats = (0..<64).map { _ in
                let float = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
                return float.isFinite ? float : 1
            }
            // As a program writes single precision, as one writes double precision, and with too many digits.
            for text in [
                floats.map(\.description), floats.map { Double($0).description },
                floats.map { String(format: "%.24e", Double($0)) },
            ] {
                let body = "{\"queries\":[[\(text.joined(separator: ", "))]]}"
                let read = try SearchRequest(json: Array(body.utf8)).queries[0]
                #expect(read == floats)
            }
        }
    }

    @Test func readsHalfwayDecimalsAsFoundationDoes() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            // The middle between two floats, as a decimal number, and its neighbours.
            let float = Float.random(in: 0.001...1, using: &random)
            let middle = (Double(float) + Double(float.nextUp)) / 2
            for value in [middle, middle.nextUp, middle.nextDown] { Self.expectSame("{\"queries\":[[\(value)]]}") }
        }
    }

    @Test func writesAsFoundationDoes() throws {
        let ids = [
            "a", "quote \" and \\", "line\nfeed\r\t\u{08}\u{0C}\u{01}\u{1F}\u{7F}", "größer/日本 👍", "", "\u{2028}",
        ]
        let numbers: [Float] = [0, -0.0, 1, -1.5, 1e-7, 3.4e38, 0.1, 16_777_216, 123_456.79, 1e10]
        let hits = ids.enumerated().flatMap { place, id in
            numbers.map {
                SearchResponse.Hit(id: id, score: $0, similarity: numbers[place], bias: -$0)
            }
        }
        let recalls: [SearchResponse.Recall?] = [
            nil, .init(target: 0.99, exact: false, calibration: 1 << 60, scannedRows: 50_000, rescoredRows: 36),
            .init(target: 0.5, exact: true, reason: "few_images", scannedRows: 0),
        ]
        for (recall, results) in zip(recalls, [[], [[]], [hits, [], hits]]) {
            for took in [0, 1, 0.125, 12_345.678] {
                let response = SearchResponse(generation: 1 << 60, results: results, recall: recall, tookMs: took)
                let fast = String(decoding: response.json, as: UTF8.self)
                let slow = String(decoding: try WireJSON.encode(response), as: UTF8.self)
                #expect(fast == slow)
            }
        }
    }
}
