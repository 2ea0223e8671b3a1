import Foundation
import Testing
import WireAPI

@Suite struct WireJSONTests {
    private struct Document: Codable, Equatable {
        var aTime: Date
        var path = "/a/b"
    }

    private func text(_ document: Document, pretty: Bool = false) throws -> String {
        String(decoding: try WireJSON.encode(document, pretty: pretty), as: UTF8.self)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_700_000_000.125, "2023-11-14T22:13:20.125Z"),
        (4_102_444_799.999, "2099-12-31T23:59:59.999Z"),
    ]) func timesHaveMilliseconds(seconds: Double, time: String) throws {
        let document = Document(aTime: Date(timeIntervalSince1970: seconds))
        #expect(try text(document) == #"{"a_time":"\#(time)","path":"/a/b"}"#)
        let read = try WireJSON.decode(Document.self, from: Data(try text(document).utf8))
        #expect(abs(read.aTime.timeIntervalSince1970 - seconds) < 0.0011)
    }

    /// A `Date` is often slightly below its decimal value: 0.849 s as 0.8489999 s.
    @Test func timesSurviveReadingAndWriting() throws {
        for milliseconds in 0..<1000 {
            let digits = "000\(milliseconds)".suffix(3)
            let written = #"{"a_time":"2026-11-28T06:15:03.\#(digits)Z","path":"/a/b"}"#
            #expect(try text(WireJSON.decode(Document.self, from: Data(written.utf8))) == written)
        }
    }

    @Test(arguments: ["2023-11-14", "yesterday", "", "1700000000"])
    func otherTimesAreErrors(time: String) {
        let document = Data(#"{"a_time":"\#(time)","path":""}"#.utf8)
        #expect(throws: DecodingError.self) { try WireJSON.decode(Document.self, from: document) }
    }

    @Test func prettyDocumentsHaveALineForEachKey() throws {
        let lines = try text(Document(aTime: Date(timeIntervalSince1970: 0)), pretty: true).split(separator: "\n")
        #expect(lines.count == 4 && lines[1].contains("a_time") && lines[2].contains("/a/b"))
    }

    @Test func aTopKThatIsNotWholeIsNamed() {
        let error = #expect(throws: DecodingError.self) {
            try WireJSON.decodeRequest(SearchRequest.self, from: Data(#"{"queries":[],"top_k":2.5}"#.utf8))
        }
        #expect("\(String(describing: error))".contains("2.5 is not a whole number"))
    }

    @Test(arguments: [#"{"samples":1}"#, #"{"sample":1,"Sample":2}"#])
    func anUnknownFieldOfAVerificationIsAnError(text: String) {
        #expect(throws: UnknownFields.self) {
            try WireJSON.decodeRequest(VerifyRequest.self, from: Data(text.utf8))
        }
    }

    @Test(arguments: ["1.25e-51", "1e-46", "1e-400", "0." + String(repeating: "0", count: 60) + "1", "10E-5000"])
    func numbersTooSmallForAFloatAreZero(number: String) throws {
        let numbers = #""queries":[[\#(number),-\#(number),9.18354961579912e-41,0.5]],"alphas":[\#(number),1]"#
        let text = #"{\#(numbers),"answers":[["1e-400 \"1e-400"]]}"#
        let request = try WireJSON.decodeRequest(EvaluationRequest.self, from: Data(text.utf8))
        guard case .arrays(let queries) = request.queries else {
            Issue.record("the queries are not arrays")
            return
        }
        #expect(queries == [[0, 0, 0x1p-133, 0.5]] && request.alphas == [0, 1])
        #expect(request.answers == [[#"1e-400 "1e-400"#]])
    }

    @Test(arguments: ["0e4", "0E400", "0.00e9", "0e-99999", "0.0"])
    func zerosCanHaveAnExponent(number: String) throws {
        let text = #"{"queries":[[\#(number),-\#(number),2]]}"#
        let request = try WireJSON.decodeRequest(EvaluationRequest.self, from: Data(text.utf8))
        guard case .arrays(let queries) = request.queries else {
            Issue.record("the queries are not arrays")
            return
        }
        #expect(queries == [[0, 0, 2]])
    }

    @Test(arguments: [
        "01e-400", "1.e-400", ".1e-400", "1e-", "1e-400x", "1e-4.5", "+1e-400", "1e-400 2", "1..0e-400", "0e", "00e4",
    ])
    func whatIsNoNumberStaysAnError(number: String) {
        let text = #"{"queries":[[\#(number)]]}"#
        #expect(throws: DecodingError.self) {
            try WireJSON.decodeRequest(EvaluationRequest.self, from: Data(text.utf8))
        }
    }
}
