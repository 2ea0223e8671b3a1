// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 language mode, warnings are errors, and each unsafe use says so.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Tests follow the same rules.
let testing = strict

let package = Package(
    name: "nnnd",
    products: [
        .executable(name: "nnnd", targets: ["nnnd"]),
        .executable(name: "nnnctl", targets: ["nnnctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", "4.5.2"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The bottom: C and C++, nothing of Swift.
        .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "CFaiss", dependencies: ["CKernels"],
            linkerSettings: [.linkedLibrary("faiss")]
        ),
        .target(name: "CKernels"),

        // The rooms. Arrows point down only; `make test` checks the imports.
        .target(name: "LMDB", dependencies: ["CLMDB"], swiftSettings: strict),
        .target(name: "Similarity", dependencies: ["CFaiss", "CKernels", "CZlib"], swiftSettings: strict),
        .target(name: "Shards", dependencies: ["CZlib"], swiftSettings: strict),
        .target(
            name: "IncrementalBias",
            dependencies: ["LMDB", "Similarity", .product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: strict
        ),
        .target(name: "Wire", swiftSettings: strict),
        .target(
            name: "Prometheus", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict
        ),

        // The programs.
        .executableTarget(
            name: "nnnd",
            dependencies: [
                "IncrementalBias", "Prometheus", "Shards", "Similarity", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "nnnctl",
            dependencies: [
                "Shards", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        // The guards, one target for each room.
        .testTarget(name: "LMDBTests", dependencies: ["LMDB"], swiftSettings: testing),
        .testTarget(name: "SimilarityTests", dependencies: ["Similarity"], swiftSettings: testing),
        .testTarget(
            name: "ShardsTests", dependencies: ["Shards"], exclude: ["Fixtures"], swiftSettings: testing),
        .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: testing),
        .testTarget(
            name: "IncrementalBiasTests", dependencies: ["IncrementalBias", "Shards", "Similarity"],
            swiftSettings: testing),
        .testTarget(
            name: "PrometheusTests",
            dependencies: ["Prometheus", .product(name: "Metrics", package: "swift-metrics")], swiftSettings: testing),
        .testTarget(
            name: "nnndTests",
            dependencies: [
                "nnnd", .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: testing),
    ],
    cxxLanguageStandard: .cxx17
)
