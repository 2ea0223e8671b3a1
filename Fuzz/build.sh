#!/bin/bash
# Builds the fuzzer: the rooms Shards and Wire with it, all of them watched by libFuzzer and AddressSanitizer.
#
#     Fuzz/build.sh .build-fuzz
#
# Not by SwiftPM: it renames the main function of a program, and libFuzzer brings that itself.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
mkdir -p "$out"

flags=(-O -g -wmo -swift-version 6 -parse-as-library -package-name nnnd -sanitize=fuzzer,address -I "$out"
  -Xcc "-fmodule-map-file=$PWD/Sources/CZlib/module.modulemap" -enable-upcoming-feature InternalImportsByDefault
  -suppress-warnings)
for room in Shards Wire; do
  find "Sources/$room" -name '*.swift' -print0 | sort -z | xargs -0 swiftc "${flags[@]}" -module-name "$room" \
    -emit-module -emit-module-path "$out/$room.swiftmodule" -c -o "$out/$room.o"
done
# The makers of archives and arrays that the unit tests have.
swiftc "${flags[@]}" -module-name Fuzz Fuzz/Sources/*.swift Sources/nnnd/HTTP/JSONFault.swift \
  Tests/ShardsTests/ZipBuilder.swift Tests/ShardsTests/Bytes.swift "$out/Shards.o" "$out/Wire.o" -lz -o "$out/fuzz"
